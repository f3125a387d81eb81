/** Appends on PostgreSQL beside two edges, each with a follower of the log and a member of a group with `order: log`. */
import { appendBeside } from './append-beside.ts';
import type { BenchOptions, BenchResult } from './bench.ts';

export function run(options: BenchOptions): Promise<BenchResult> {
  return appendBeside(new URL('./clients/promise-asker.ts', import.meta.url).pathname, 'promises', options);
}
