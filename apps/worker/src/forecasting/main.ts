/**
 * The process in which models are fitted and asked: whatever one of them does, the worker goes on. It ends when the
 * worker does.
 */
import { writeSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import { connectControl } from '@foreshard/core/adapters/control';
import { withClusters } from '@foreshard/core/external';
import { AUTO_MODELS, type Forecaster } from '@foreshard/core/forecasting';
import { TelemetryStore } from '@foreshard/core/telemetry';
import { TopologyMap } from '@foreshard/core/topology';
import { ForecastTick } from './forecast-tick.ts';
import type { ModelLine, ModelTask } from './protocol.ts';
import { trainStreams } from './train-streams.ts';
import { watched } from './watched-model.ts';

const { DATABASE_URL, REDIS_URL, TOPOLOGY_URL, WORKER_FORECAST_MODELS = '' } = process.env;
const control = connectControl({
  databaseUrl: DATABASE_URL!,
  redisUrl: REDIS_URL!,
  topologyUrl: TOPOLOGY_URL === '' ? undefined : TOPOLOGY_URL,
  actor: 'models',
});
let map = new TopologyMap({ version: 0, streams: [], hosts: [], shardlets: [], garbage: [] });
const telemetry = new TelemetryStore({ blocks: control.telemetry, map: () => map, nowMs: Date.now });
const models = (await withOwn(AUTO_MODELS)).map((model) =>
  watched(model, (name) => say({ kind: 'model', name })),
);
const ticks = new Map<string, ForecastTick>();

for await (const line of createInterface({ input: process.stdin })) {
  try {
    say({ kind: 'done', result: await run(JSON.parse(line) as ModelTask) });
  } catch (error) {
    say({ kind: 'failed', reason: error instanceof Error ? error.message : String(error) });
  }
}
process.exit(0);

async function run(task: ModelTask): Promise<object> {
  map = new TopologyMap(withClusters(await control.topology.snapshot(), await control.clusters.list()));
  const heard = models.filter(({ name }) => !task.excluded.includes(name));
  const tell = (line: string) => say({ kind: 'log', line });
  const parts = { telemetry, records: control.forecasts, registry: control.models, map: () => map, tell };
  if (task.kind === 'train') return trainStreams(task, { ...parts, models: heard, nowMs: Date.now });
  const key = task.excluded.join(',');
  const tick = ticks.get(key) ?? new ForecastTick({ ...parts, models: heard });
  ticks.clear();
  ticks.set(key, tick);
  return tick.run(Date.now());
}

/** Users may add models of their own: modules that export `forecaster`. */
async function withOwn(known: readonly Forecaster[]): Promise<Forecaster[]> {
  const own: Forecaster[] = [];
  for (const path of WORKER_FORECAST_MODELS.split(',').filter((one) => one !== '')) {
    try {
      const { forecaster } = (await import(pathToFileURL(path).href)) as { forecaster?: Forecaster };
      if (forecaster === undefined) throw new Error('it exports no "forecaster"');
      own.push(forecaster);
    } catch (error) {
      say({ kind: 'log', line: `the model in ${path} cannot be used: ${(error as Error).message}` });
    }
  }
  return [...known, ...own];
}

/** At once: a line that waited behind a model that hangs would never come. */
function say(line: ModelLine): void {
  try {
    writeSync(1, `${JSON.stringify(line)}\n`);
  } catch {
    // nobody listens any more
    process.exit(1);
  }
}
