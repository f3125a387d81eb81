/**
 * Single events, open loop: POST /v1/events through the edge against XADD straight to a Redis with the same
 * settings, at the same rate from the same client. Latency counts from when a request was to be sent, free
 * connection or not.
 */
import type { BenchOptions, BenchResult } from './bench.ts';
import { run as runClient } from './measure/child.ts';
import { startCluster } from './measure/cluster.ts';
import { interleave, ratio } from './measure/interleave.ts';
import { preload } from './measure/preload.ts';
import { EVENT_BYTES } from './measure/random-events.ts';

const PER_SECOND = 5_000;
const CLIENT = new URL('./clients/open-loop.ts', import.meta.url).pathname;

interface Latency {
  readonly p50: number;
  readonly p99: number;
}

export async function run(options: BenchOptions): Promise<BenchResult> {
  const cluster = await startCluster(options);
  try {
    await preload(cluster.host.url, await cluster.control.topology.snapshot(), options.ids);
    const p99s = new Map<string, number[]>([
      ['xadd', []],
      ['foreshard', []],
    ]);
    const measure = async (name: string, protocol: string, url: string, token: string) => {
      const args = [protocol, url, token, PER_SECOND, options.seconds].map(String);
      const { p50, p99 } = await runClient<Latency>(CLIENT, args);
      p99s.get(name)!.push(p99);
      return p50;
    };
    await measure('foreshard', 'http', cluster.edgeUrl, cluster.token); // a new edge compiles its code first
    p99s.set('foreshard', []);
    const p50s = await interleave(
      [
        { name: 'xadd', measure: () => measure('xadd', 'xadd', cluster.yardstick.url, '-') },
        { name: 'foreshard', measure: () => measure('foreshard', 'http', cluster.edgeUrl, cluster.token) },
      ],
      options.rounds,
    );
    return {
      mode: {
        'requests per second': PER_SECOND,
        'event bytes': EVENT_BYTES,
        shardlets: options.shardlets,
        'ids preloaded': options.ids,
        'appendfsync (both sides)': 'always',
        'fsync delay ms': options.fsyncMs,
      },
      ratios: {
        'p50 POST / p50 XADD': ratio(p50s, 'foreshard', 'xadd'),
        'p99 POST / p99 XADD': ratio(p99s, 'foreshard', 'xadd'),
      },
      marks: { 'p50 POST / p50 XADD': '<= 3.5, goal 2.5', 'p99 POST / p99 XADD': '<= 4, goal 2.5' },
    };
  } finally {
    await cluster.close();
  }
}
