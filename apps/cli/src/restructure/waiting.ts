/** Waits for moves to end and tells how far they are; a progress line where somebody looks. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Move, secondsLeft } from '@foreshard/core/migration';
import type { Control } from '../composition.ts';
import { CommandFailure } from '../failure.ts';

const LOOK_EVERY_MS = 250;
const MEGABYTE = 1_000_000;

/** Answers how they ended. */
export async function untilEnded({ moves }: Control, ids: readonly number[]): Promise<Move[]> {
  for (let before = ''; ; await sleep(LOOK_EVERY_MS)) {
    const found = (await Promise.all(ids.map((id) => moves.find(id)))).filter((m) => m !== undefined);
    const running = found.filter((m) => m.endedAtMs === null);
    if (running.length === 0) return found;
    const line = `${found.length - running.length} of ${found.length} ended; ${running.map(progressOf).join('; ')}`;
    if (line !== before) tell(line);
    before = line;
  }
}

export function progressOf(move: Move): string {
  const copied = (move.bytes / MEGABYTE).toFixed(1);
  const rate = (move.bytesPerSecond / MEGABYTE).toFixed(1);
  const held = move.obstacle === '' ? '' : `, held up: ${move.obstacle}`;
  return `move ${move.id} ${move.phase}: ${copied} MB${shareOf(move)}, ${rate} MB/s, left ${etaOf(move)}${held}`;
}

/** Of the records that are known so far; retention may have taken the first ones. */
function shareOf({ copiedSeq, sourceSeq }: Move): string {
  return sourceSeq === 0 ? '' : ` (${Math.floor((100 * Math.min(copiedSeq, sourceSeq)) / sourceSeq)} %)`;
}

export function etaOf(move: Move): string {
  const seconds = secondsLeft(move);
  return seconds === undefined ? 'unknown' : `${Math.ceil(seconds)} s`;
}

/** A move that was given up did not do what was asked for. */
export function failIfAborted(ended: readonly Move[]): void {
  const aborted = ended.filter((m) => m.result === 'aborted');
  if (aborted.length === 0) return;
  const why = aborted.map(
    (m) => `move ${m.id} of shardlet ${m.shardlet} was aborted: ${m.detail || 'it was ordered'}`,
  );
  throw new CommandFailure(why.join('\n'));
}

/** On stderr: stdout is for the result. */
export function tell(line: string): void {
  process.stderr.write(`${line}\n`);
}
