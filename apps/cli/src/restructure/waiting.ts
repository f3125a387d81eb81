/** Waits for migrations to end and reports how far they are; a progress line where somebody looks. */
import { setTimeout as sleep } from 'node:timers/promises';
import { migrations, type OutputOf } from '@foreshard/core/operations';
import { CommandFailure } from '../failure.ts';
import { type OperationOptions, runOperation } from '../operations/run-operation.ts';
import { writeErr } from '../output.ts';

export type Migration = OutputOf<typeof migrations.show>['migration'];

const LOOK_EVERY_MS = 250;
const MEGABYTE = 1_000_000;

/** Answers how they ended. */
export async function untilEnded(ids: readonly number[], options: OperationOptions): Promise<Migration[]> {
  for (let before = ''; ; await sleep(LOOK_EVERY_MS)) {
    const shown = await Promise.all(
      ids.map((migration) => runOperation(migrations.show, { migration }, options)),
    );
    const found = shown.map(({ migration }) => migration);
    const running = found.filter((m) => m.endedAt === null);
    if (running.length === 0) return found;
    const line = `${found.length - running.length} of ${found.length} ended; ${running.map(progressOf).join('; ')}`;
    if (line !== before) printLine(line);
    before = line;
  }
}

function progressOf(move: Migration): string {
  const copied = (move.bytes / MEGABYTE).toFixed(1);
  const rate = (move.bytesPerSecond / MEGABYTE).toFixed(1);
  const held = move.obstacle === '' ? '' : `, held up: ${move.obstacle}`;
  return `move ${move.id} ${move.phase}: ${copied} MB${shareOf(move)}, ${rate} MB/s, left ${etaOf(move)}${held}`;
}

/** Of the records that are known so far. */
function shareOf({ records, lag }: Migration): string {
  const known = records + lag;
  return known === 0 ? '' : ` (${Math.floor((100 * records) / known)} %)`;
}

export function etaOf({ secondsLeft }: Migration): string {
  return secondsLeft === null ? 'unknown' : `${Math.ceil(secondsLeft)} s`;
}

/** A move that was given up did not do what was asked for. */
export function failIfAborted(ended: readonly Migration[]): void {
  const aborted = ended.filter((m) => m.result === 'aborted');
  if (aborted.length === 0) return;
  const why = aborted.map(
    (m) => `move ${m.id} of shardlet ${m.shardlet} was aborted: ${m.detail || 'it was ordered'}`,
  );
  throw new CommandFailure(why.join('\n'));
}

/** On stderr: stdout is for the result. */
export function printLine(line: string): void {
  writeErr(`${line}\n`);
}
