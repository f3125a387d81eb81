/** foreshard cache: how much the shard caches save. */
import { cache } from '@foreshard/core/operations';
import type { Command } from 'commander';
import { type OperationOptions, operating, runOperation } from '../operations/run-operation.ts';
import { printJson } from '../output.ts';
import { printRows } from '../table.ts';

const HELP = `
Each edge and the worker keep the events that were read lately, so that hosts are asked for them once.
Set the memory for it with EDGE_CACHE_BYTES and WORKER_CACHE_BYTES; 0 switches it off.`;

const BYTES_PER_MB = 1_000_000;

export function register(program: Command): void {
  operating(program.command('cache'), cache.stats)
    .description('hits and memory of the shard cache of each edge and worker')
    .addHelpText('after', HELP)
    .action(stats);
}

async function stats(options: OperationOptions): Promise<void> {
  const { caches } = await runOperation(cache.stats, {}, options);
  if (options.json) return printJson({ caches });
  const rows = caches.map((one) => ({
    process: one.process,
    hits: one.hits,
    misses: one.misses,
    'hit rate': rateOf(one),
    memory: `${inMb(one.bytes)} of ${inMb(one.bytesMax)}`,
    evictions: one.evictions,
    voided: one.voided,
  }));
  printRows(rows, false, 'no edge or worker has reported its cache in the last 15 s');
}

function rateOf({ hits, misses }: { readonly hits: number; readonly misses: number }): string {
  return hits + misses === 0 ? 'no reads' : `${Math.round((100 * hits) / (hits + misses))} %`;
}

function inMb(bytes: number): string {
  return `${(bytes / BYTES_PER_MB).toFixed(1)} MB`;
}
