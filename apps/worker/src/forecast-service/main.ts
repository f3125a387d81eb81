/**
 * The process in which models are fitted and asked: whatever one of them does, the worker goes on. It ends when the
 * worker does.
 */
import { writeSync } from 'node:fs';
import { basename } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import { connectControl } from '@foreshard/core/adapters/control';
import {
  EXPENSIVE_MODEL_NAMES,
  expensiveModel,
  MODEL_LIMIT_MS,
  ThreadedModel,
} from '@foreshard/core/adapters/models';
import { withClusters } from '@foreshard/core/external';
import { AUTO_MODELS, type Forecaster, type RemoteForecaster } from '@foreshard/core/forecast-models';
import { TelemetryStore } from '@foreshard/core/telemetry';
import { TopologyMap } from '@foreshard/core/topology';
import { ExpensiveAnswers } from './expensive-answers.ts';
import { ForecastTick } from './forecast-tick.ts';
import type { ModelLine, ModelTask } from './protocol.ts';
import { trainStreams } from './train-streams.ts';
import { watched, watchedExpensive } from './watched-model.ts';

const { DATABASE_URL, REDIS_URL, TOPOLOGY_URL, WORKER_FORECAST_MODELS = '' } = process.env;
/** half of the silence that is taken for hanging: an expensive model is cut off with its thread, not with this process */
const expensiveLimitMs = Math.min(
  MODEL_LIMIT_MS,
  Number(process.env.WORKER_FORECAST_MODEL_LIMIT_MS ?? 2 * MODEL_LIMIT_MS) / 2,
);
const control = connectControl({
  databaseUrl: DATABASE_URL!,
  redisUrl: REDIS_URL!,
  topologyUrl: TOPOLOGY_URL === '' ? undefined : TOPOLOGY_URL,
  actor: 'models',
});
/** seasons that an expensive model of the user needs */
const OWN_PERIODS = 2;
let map = new TopologyMap({ version: 0, streams: [], hosts: [], shardlets: [], garbage: [] });
const telemetry = new TelemetryStore({ blocks: control.telemetry, map: () => map, nowMs: Date.now });
const own = await ownModels();
const onStart = (name: string) => say({ kind: 'model', name });
const models = [...AUTO_MODELS, ...own.cheap].map((model) => watched(model, onStart));
const expensive = [...EXPENSIVE_MODEL_NAMES.map(expensiveModel), ...own.expensive];
const answers = new ExpensiveAnswers({ models: expensive, limitMs: expensiveLimitMs });
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
  const isHeard = ({ name }: { name: string }) => !task.excluded.includes(name);
  const heard = models.filter(isHeard);
  const report = (line: string) => say({ kind: 'log', line });
  const parts = {
    telemetry,
    records: control.forecasts,
    registry: control.models,
    map: () => map,
    report,
  };
  if (task.kind === 'train') {
    const asked = expensive.filter(isHeard).map((model) => watchedExpensive(model, onStart));
    return trainStreams(task, {
      ...parts,
      models: heard,
      expensive: asked,
      expensiveLimitMs,
      nowMs: Date.now,
    });
  }
  const key = task.excluded.join(',');
  const tick = ticks.get(key) ?? new ForecastTick({ ...parts, models: heard, expensive: answers });
  ticks.clear();
  ticks.set(key, tick);
  return tick.run(Date.now());
}

/** Users may add models of their own: modules that export `forecaster`, or an expensive one's `forecast`. */
async function ownModels(): Promise<{ cheap: Forecaster[]; expensive: RemoteForecaster[] }> {
  const cheap: Forecaster[] = [];
  const expensive: RemoteForecaster[] = [];
  for (const path of WORKER_FORECAST_MODELS.split(',').filter((one) => one !== '')) {
    try {
      const url = pathToFileURL(path);
      const module = (await import(url.href)) as { forecaster?: Forecaster; forecast?: unknown };
      if (module.forecaster !== undefined) cheap.push(module.forecaster);
      else if (typeof module.forecast === 'function')
        expensive.push(new ThreadedModel(basename(path).split('.')[0]!, url, OWN_PERIODS));
      else throw new Error('it exports neither "forecaster" nor "forecast"');
    } catch (error) {
      say({ kind: 'log', line: `the model in ${path} cannot be used: ${(error as Error).message}` });
    }
  }
  return { cheap, expensive };
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
