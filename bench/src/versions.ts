/**
 * Whether a change made the way of an event slower: this checkout against another one (`--against DIR`, installed and
 * built as this one), each with a cluster of its own, loaded in turn. Every ratio is this version's cost over the
 * other's: above 1 is slower. A change is taken as not slower if the 95 % interval holds 1 or ends below 1.03.
 */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { BenchOptions } from './bench.ts';
import { run as runScript } from './measure/child.ts';
import { type Compared, compared, inPairs } from './measure/paired.ts';
import { processorMicros } from './measure/processor-time.ts';

const THIS = new URL('../../', import.meta.url).pathname;
const script = (path: string) => new URL(path, import.meta.url).pathname;
const SLOWER = 1.03;

/** Figures of one run where less is better. */
type Costs = Readonly<Record<string, number>>;

interface Served {
  readonly edgeUrl: string;
  readonly edgePid: number;
  readonly hostPid: number;
  readonly token: string;
  stop(): Promise<void>;
}

export interface VersionOptions extends BenchOptions {
  readonly against: string;
  /** of append, ingest, latency; all if empty */
  readonly only: readonly string[];
}

export const VERSION_PARTS: Readonly<
  Record<string, (options: VersionOptions) => Promise<Record<string, Compared>>>
> = {
  ingest: (options) => onClusters(options, 'ingest', ingest),
  latency: (options) => onClusters(options, 'latency', latency),
  append,
};

export async function run(options: VersionOptions): Promise<Record<string, Compared>> {
  const parts = options.only.length === 0 ? Object.keys(VERSION_PARTS) : options.only;
  const results: Record<string, Compared> = {};
  for (const part of parts) Object.assign(results, await VERSION_PARTS[part]!(options));
  return results;
}

export function verdict({ low, high }: Compared): string {
  return low <= 1 || high < SLOWER ? 'not slower' : 'slower';
}

async function onClusters(
  options: VersionOptions,
  name: string,
  measure: (cluster: Served, seconds: number) => Promise<Costs>,
): Promise<Record<string, Compared>> {
  const clusters = [await serve(THIS, options), await serve(options.against, options)] as const;
  try {
    for (const cluster of clusters) await measure(cluster, 2); // a new edge compiles its code first
    const [ours, theirs] = await inPairs(
      [() => measure(clusters[0], options.seconds), () => measure(clusters[1], options.seconds)],
      options.rounds,
    );
    return ratios(name, ours, theirs);
  } finally {
    await Promise.all(clusters.map((cluster) => cluster.stop()));
  }
}

async function ingest(cluster: Served, seconds: number): Promise<Costs> {
  const used = () => Promise.all([processorMicros(cluster.edgePid), processorMicros(cluster.hostPid)]);
  const [edge, host] = await used();
  const args = [cluster.edgeUrl, cluster.token, 1_000, 50, seconds, 100_000].map(String);
  const loaded = await runScript<{ events: number; seconds: number }>(script('clients/ingest-load.ts'), args);
  const [edgeAfter, hostAfter] = await used();
  return {
    'time an event': loaded.seconds / loaded.events,
    'processor time of edge and host an event': (edgeAfter - edge + hostAfter - host) / loaded.events,
  };
}

async function latency(cluster: Served, seconds: number): Promise<Costs> {
  const args = ['http', cluster.edgeUrl, cluster.token, 5_000, seconds].map(String);
  const { p50, p99 } = await runScript<{ p50: number; p99: number }>(script('clients/open-loop.ts'), args);
  return { p50, p99 };
}

/** Each version against the yardsticks of its own run: the server's processor time on Redis, time on PostgreSQL. */
async function append(options: VersionOptions): Promise<Record<string, Compared>> {
  const measure = async (checkout: string): Promise<Costs> => {
    const own = JSON.stringify({ ...options, rounds: 3, seconds: 2 });
    const measured = await runScript<Record<string, { median: number }>>(
      script('measure/append-of-version.ts'),
      [checkout, own],
    );
    return {
      'Redis, processor time': measured['Redis CPU: append / XADD']!.median,
      'PostgreSQL, time': 1 / measured['PostgreSQL: append / insert']!.median,
    };
  };
  const [ours, theirs] = await inPairs([() => measure(THIS), () => measure(options.against)], options.rounds);
  return ratios('append', ours, theirs);
}

function ratios(name: string, ours: readonly Costs[], theirs: readonly Costs[]): Record<string, Compared> {
  return Object.fromEntries(
    Object.keys(ours[0]!).map((figure) => [
      `${name}: ${figure}`,
      compared(ours.map((costs, pair) => costs[figure]! / theirs[pair]![figure]!)),
    ]),
  );
}

async function serve(checkout: string, options: VersionOptions): Promise<Served> {
  const child = spawn(
    process.execPath,
    [script('measure/cluster-of-version.ts'), checkout, JSON.stringify(options)],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  );
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const line = await Promise.race([
    new Promise<string>((resolve) => createInterface(child.stdout!).once('line', resolve)),
    ended.then(() => {
      throw new Error(`the cluster of ${checkout} did not start`);
    }),
  ]);
  return {
    ...JSON.parse(line),
    async stop() {
      child.stdin!.end();
      await ended;
    },
  };
}
