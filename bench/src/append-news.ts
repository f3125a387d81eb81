/** Appends on PostgreSQL beside two processes that ask for news, as heads do. */
import { appendBeside } from './append-beside.ts';
import type { BenchOptions, BenchResult } from './bench.ts';

export function run(options: BenchOptions): Promise<BenchResult> {
  return appendBeside(new URL('./clients/news-asker.ts', import.meta.url).pathname, 'news', options);
}
