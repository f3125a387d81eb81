/**
 * Bulk ingestion through one edge process with everything on (fences, deduplication against preloaded ids,
 * `appendfsync always`) against `redis-benchmark -P 64 XADD` and against a plain ioredis edge, all in one
 * interleaved run on hosts with the same settings.
 */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import { findRedisTool, freePort } from '@foreshard/local';
import { Redis } from 'ioredis';
import type { BenchOptions, BenchResult } from './bench.ts';
import { run as runClient, start, waitUntil } from './measure/child.ts';
import { type BenchCluster, startCluster } from './measure/cluster.ts';
import { interleave, ratio, spread } from './measure/interleave.ts';
import { preload } from './measure/preload.ts';
import { processorMicros } from './measure/processor-time.ts';
import { EVENT_BYTES } from './measure/random-events.ts';

const BATCH = 1_000;
/** as many as redis-benchmark opens below (-c 50): requests of many clients are what an edge joins to calls */
const CONNECTIONS = 50;
const KEYS = 100_000;
const CLIENT = new URL('./clients/ingest-load.ts', import.meta.url).pathname;
const PLAIN_EDGE = new URL('./clients/plain-edge.ts', import.meta.url).pathname;

interface Loaded {
  readonly events: number;
  readonly seconds: number;
}

function load(url: string, token: string, seconds: number): Promise<Loaded> {
  const args = [url, token, BATCH, CONNECTIONS, seconds, KEYS].map(String);
  return runClient<Loaded>(CLIENT, args);
}

function rateOf({ events, seconds }: Loaded): number {
  return events / seconds;
}

/** Microseconds an event, a figure a round. */
interface ProcessorTime {
  readonly edge: number[];
  readonly host: number[];
}

async function measured(cluster: BenchCluster, seconds: number, time: ProcessorTime): Promise<number> {
  const used = () => Promise.all([processorMicros(cluster.edgePid), processorMicros(cluster.host.pid)]);
  const [edge, host] = await used();
  const loaded = await load(cluster.edgeUrl, cluster.token, seconds);
  const [edgeAfter, hostAfter] = await used();
  time.edge.push((edgeAfter - edge) / loaded.events);
  time.host.push((hostAfter - host) / loaded.events);
  return rateOf(loaded);
}

/** As many XADD as take about `seconds`, judged by the last round. */
function redisBenchmark(cluster: BenchCluster, seconds: number): () => Promise<number> {
  let perSecond = 50_000;
  const value = randomBytes(EVENT_BYTES).toString('base64').slice(0, EVENT_BYTES);
  return async () => {
    const { program, env } = await findRedisTool('redis-benchmark');
    const requests = Math.round(perSecond * seconds);
    const shape = [
      '-P',
      '64',
      '-c',
      String(CONNECTIONS),
      '-d',
      String(EVENT_BYTES),
      '-n',
      String(requests),
      '--csv',
    ];
    const { stdout } = await promisify(execFile)(
      program,
      ['-p', String(cluster.yardstick.port), ...shape, 'XADD', 'bench', '*', 'f', value],
      { env },
    );
    perSecond = Number(/^"XADD[^"]*","([\d.]+)"/m.exec(stdout)?.[1]);
    if (!Number.isFinite(perSecond)) throw new Error(`redis-benchmark printed ${stdout}`);
    return perSecond;
  };
}

export async function run(options: BenchOptions): Promise<BenchResult> {
  const cluster = await startCluster(options);
  const plainPort = await freePort();
  const plain = start(PLAIN_EDGE, [String(plainPort), cluster.yardstick.url, String(options.shardlets)]);
  const yardstick = new Redis(cluster.yardstick.url, { lazyConnect: true });
  try {
    await preload(cluster.host.url, await cluster.control.topology.snapshot(), options.ids);
    await waitUntil(
      'the plain edge listens',
      10_000,
      async () => (await fetch(`http://127.0.0.1:${plainPort}/`)).ok,
    );
    const clean = async (measured: number) => {
      await yardstick.flushall();
      return measured;
    };
    const time: ProcessorTime = { edge: [], host: [] };
    const benchmark = redisBenchmark(cluster, options.seconds);
    const results = await interleave(
      [
        { name: 'redis-benchmark XADD', measure: async () => clean(await benchmark()) },
        { name: 'foreshard', measure: () => measured(cluster, options.seconds, time) },
        {
          name: 'plain ioredis edge',
          measure: async () =>
            clean(rateOf(await load(`http://127.0.0.1:${plainPort}`, '', options.seconds))),
        },
      ],
      options.rounds,
    );
    return {
      mode: {
        batch: BATCH,
        connections: CONNECTIONS,
        'event bytes': EVENT_BYTES,
        keys: `${KEYS}, Zipf 0.99`,
        shardlets: options.shardlets,
        hosts: 1,
        'ids preloaded': options.ids,
        deduplication: 'on',
        'appendfsync (both sides)': 'always',
        'fsync delay ms': options.fsyncMs,
        yardstick: `redis-benchmark -P 64 -c ${CONNECTIONS} -d ${EVENT_BYTES}, one stream`,
      },
      ratios: {
        'foreshard / redis-benchmark XADD': ratio(results, 'foreshard', 'redis-benchmark XADD'),
        'foreshard / plain ioredis edge': ratio(results, 'foreshard', 'plain ioredis edge'),
        'processor time of the edge, us/event': spread(time.edge),
        'processor time of the host, us/event': spread(time.host),
      },
      marks: {
        'foreshard / redis-benchmark XADD': '>= 0.30, goal 0.50',
        'foreshard / plain ioredis edge': '>= 2.5, goal 4',
      },
    };
  } finally {
    yardstick.disconnect();
    await plain.stop();
    await cluster.close();
  }
}
