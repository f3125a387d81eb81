/**
 * What the profiler costs an edge, in two ways. Directly: the profiler's own code, alone, over the same events
 * in the same batches, as a share of what an event costs a whole edge in the same run. And by comparison: CPU
 * of whole edges, with none, some and all of the events profiled; they stand on one cluster and take the same
 * load in turn, but their spread is larger than the effect of small shares. Every event is profiled by size,
 * one number and one key, so a sampled one is parsed.
 */
import { join } from 'node:path';
import { Profiler } from '@foreshard/core/profiling';
import { freePort } from '@foreshard/local';
import type { BenchOptions, BenchResult } from './bench.ts';
import { type Child, run as runClient, start, waitUntil } from './measure/child.ts';
import { startCluster } from './measure/cluster.ts';
import { interleave, ratio, spread } from './measure/interleave.ts';
import { processorMicros } from './measure/processor-time.ts';
import { batchOf, EVENT_BYTES, zipfSampler } from './measure/random-events.ts';

const BATCH = 1_000;
const CONNECTIONS = 4;
const KEYS = 100_000;
const ZIPF_EXPONENT = 0.99;
const OWN_BATCHES = 1_000;
/** Ten seconds of an edge that takes 30,000 events a second. */
const OWN_BATCHES_PER_FLUSH = 300;
const OWN_SHARDLETS = 200;
const SHARES = ['0', '0.01', '0.02', '0.1', '1'];
const CLIENT = new URL('./clients/ingest-load.ts', import.meta.url).pathname;
const EDGE = new URL('../../apps/edge/src/main.ts', import.meta.url).pathname;
const FIELDS = { '*': { numbers: ['/data'], keys: ['/subject'] } };

interface Edge {
  readonly share: string;
  readonly url: string;
  readonly child: Child;
}

export async function run(options: BenchOptions): Promise<BenchResult> {
  const cluster = await startCluster(options);
  const edges: Edge[] = [];
  try {
    for (const share of SHARES) edges.push(await startEdge(share, cluster.environment, cluster.dir));
    const results = await interleave(
      edges.map((edge) => ({
        name: nameOf(edge.share),
        measure: () => microsPerEvent(edge, cluster.token, options.seconds),
      })),
      options.rounds,
    );
    const none = nameOf('0');
    const micros = [...results].map(([name, values]) => [`us/event ${name}`, spread(values)] as const);
    const costs = SHARES.slice(1).map(
      (share) => [`${nameOf(share)} / ${none}`, ratio(results, nameOf(share), none)] as const,
    );
    const edgeMicros = spread(results.get(none)!).median;
    return {
      mode: {
        ...ownCost(edgeMicros, options.rounds),
        'event bytes': EVENT_BYTES,
        batch: BATCH,
        fields: JSON.stringify(FIELDS),
        shardlets: options.shardlets,
      },
      ratios: Object.fromEntries([...micros, ...costs]),
    };
  } finally {
    for (const { child } of edges) await child.stop();
    await cluster.close();
  }
}

/** The code that an edge runs for a batch: choose, look at the chosen, and every ten seconds pack. */
function ownCost(edgeMicros: number, rounds: number): Record<string, number> {
  const events = batchOf(BATCH, zipfSampler(KEYS, ZIPF_EXPONENT))
    .body.toString()
    .trimEnd()
    .split('\n')
    .map((line) => Buffer.from(line));
  const cost: Record<string, number> = {};
  for (const share of SHARES.slice(1)) {
    // the first round warms the compiler up
    const micros = Array.from({ length: rounds + 1 }, () => ownMicros(Number(share), events)).slice(1);
    const { median } = spread(micros);
    cost[`own us/event, share ${share}`] = rounded(median);
    cost[`own share of the edge's CPU in percent, share ${share}`] = rounded((100 * median) / edgeMicros);
  }
  return cost;
}

function ownMicros(share: number, events: readonly Uint8Array[]): number {
  const profiler = new Profiler({ share, fields: FIELDS, random: Math.random });
  const before = process.cpuUsage();
  for (let batch = 0; batch < OWN_BATCHES; batch++) {
    if (!profiler.passes(BATCH))
      for (const i of profiler.sampled(BATCH)) profiler.add('main', i % OWN_SHARDLETS, events[i]!);
    if (batch % OWN_BATCHES_PER_FLUSH === 0) profiler.flush()?.pack();
  }
  const { user, system } = process.cpuUsage(before);
  return (user + system) / (OWN_BATCHES * BATCH);
}

function rounded(value: number): number {
  return Math.round(value * 10_000) / 10_000;
}

function nameOf(share: string): string {
  return `share ${share}`;
}

async function startEdge(
  share: string,
  environment: Readonly<Record<string, string>>,
  dir: string,
): Promise<Edge> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const child = start(EDGE, [], {
    ...environment,
    ...{ EDGE_PORT: String(port), EDGE_ID: `share-${share}`, LOG_LEVEL: 'error' },
    ...{ FORESHARD_DATA_DIR: join(dir, `share-${share}`) },
    ...{ EDGE_PROFILE_SHARE: share, EDGE_PROFILE_FIELDS: JSON.stringify(FIELDS) },
  });
  await waitUntil(`the edge with ${share} is ready`, 30_000, async () => (await fetch(`${url}/readyz`)).ok);
  return { share, url, child };
}

async function microsPerEvent({ url, child }: Edge, token: string, seconds: number): Promise<number> {
  const before = await processorMicros(child.process.pid!);
  const args = [url, token, BATCH, CONNECTIONS, seconds, KEYS].map(String);
  const { events } = await runClient<{ events: number }>(CLIENT, args);
  return ((await processorMicros(child.process.pid!)) - before) / events;
}
