/**
 * What a thousand slow clients cost one edge: its resident memory with them and without, and what others
 * notice, as the p99 of single posts at a low steady rate. The same load runs in both phases of a round, so
 * the ratio shows the slow clients alone.
 */
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { BenchOptions, BenchResult } from './bench.ts';
import { run as runClient, start } from './measure/child.ts';
import { startCluster } from './measure/cluster.ts';
import { interleave, ratio, spread } from './measure/interleave.ts';

const CLIENTS = 1_000;
const BODY_BYTES = 65_536;
const RATE = 200;
const SETTLE_MS = 3_000;
const SLOW = new URL('./clients/slow-clients.ts', import.meta.url).pathname;
const LOAD = new URL('./clients/open-loop.ts', import.meta.url).pathname;

async function residentBytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)![1]) * 1_024;
}

export async function run(options: BenchOptions): Promise<BenchResult> {
  const cluster = await startCluster({ ...options, shardlets: 16 });
  const latencies = { without: [] as number[], with: [] as number[] };
  const load = async (into: number[]) => {
    const args = ['http', cluster.edgeUrl, cluster.token, String(RATE), String(options.seconds)];
    into.push((await runClient<{ p99: number }>(LOAD, args)).p99);
  };
  try {
    await load([]);
    const results = await interleave(
      [
        {
          name: 'resident MiB alone',
          measure: async () => {
            await load(latencies.without);
            return (await residentBytes(cluster.edgePid)) / 1_048_576;
          },
        },
        {
          name: 'resident MiB with slow clients',
          measure: async () => {
            const slow = start(SLOW, [cluster.edgeUrl, cluster.token, CLIENTS, BODY_BYTES].map(String));
            await sleep(SETTLE_MS);
            await load(latencies.with);
            const bytes = await residentBytes(cluster.edgePid);
            await slow.stop();
            await sleep(SETTLE_MS);
            return bytes / 1_048_576;
          },
        },
      ],
      options.rounds,
    );
    return {
      mode: {
        'slow clients': CLIENTS,
        'of them': `half in headers, half in a body with ${BODY_BYTES} bytes sent; one byte a second`,
        'posts a second beside them': RATE,
        'MiB alone': spread(results.get('resident MiB alone')!).median,
        'MiB with them': spread(results.get('resident MiB with slow clients')!).median,
        'p99 ms alone': spread(latencies.without).median,
        'p99 ms with them': spread(latencies.with).median,
      },
      ratios: {
        'memory with / without': ratio(results, 'resident MiB with slow clients', 'resident MiB alone'),
        'p99 with / without': spread(latencies.with.map((value, i) => value / latencies.without[i]!)),
      },
    };
  } finally {
    await cluster.close();
  }
}
