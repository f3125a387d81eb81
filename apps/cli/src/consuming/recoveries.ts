/** foreshard groups checkpoints recoveries: how fast state comes back, and how well that was predicted. */
import { checkpoints, type OutputOf } from '@foreshard/core/operations';
import type { Command } from 'commander';
import { type OperationOptions, operating, runOperation } from '../operations/run-operation.ts';
import { print, printJson } from '../output.ts';
import { printRows } from '../table.ts';

type Recoveries = OutputOf<typeof checkpoints.recoveries>;

interface Flags extends OperationOptions {
  readonly limit: string;
}

export function registerRecoveries(all: Command): void {
  operating(all.command('recoveries'), checkpoints.recoveries)
    .description('learned rates of restore and replay with their errors, and the last recoveries')
    .argument('<group>')
    .option('--limit <count>', 'how many recoveries at most', '20')
    .action(recoveries);
}

async function recoveries(group: string, { limit, ...options }: Flags): Promise<void> {
  const answer = await runOperation(checkpoints.recoveries, { group, limit: Number(limit) }, options);
  if (options.json) return printJson(answer);
  await print(`restore: ${restoreText(answer.restore)}\nreplay: ${replayText(answer.replay)}\n\n`);
  const rows = answer.recoveries.map(({ atMs, ...one }) => ({ at: new Date(atMs).toISOString(), ...one }));
  printRows(rows, false, `${group} has measured no recovery yet`);
}

function restoreText({ fixedMs, bytesPerSecond, ...how }: Recoveries['restore']): string {
  const bySize = bytesPerSecond === null ? '' : ` and ${(bytesPerSecond / 1e6).toPrecision(3)} MB/s`;
  return `${Math.round(fixedMs)} ms${bySize}${provenText(how)}`;
}

function replayText({ eventsPerSecond, ...how }: Recoveries['replay']): string {
  return `${Math.round(eventsPerSecond)} events/s${provenText(how)}`;
}

function provenText({ errorShare, count }: Pick<Recoveries['replay'], 'errorShare' | 'count'>): string {
  if (errorShare === null) return ' (a guess: nothing was measured yet)';
  return ` (learned from ${count}, error ${Math.round(errorShare * 100)} %)`;
}
