/** What the console says of a restore drill. */
import type { checkpoints, OutputOf } from '@foreshard/core/operations';
import { formatBytes, formatCount, formatCounted } from '../../formatting/numbers.ts';
import { formatDuration } from '../../formatting/time.ts';

export type Drill = OutputOf<typeof checkpoints.drill>;

interface StepWords {
  readonly text: string;
  readonly detail: string;
}

export function stepWords(step: Drill['steps'][number]): StepWords {
  if (step.kind === 'replay') {
    const { shardlet, after, through } = step;
    return {
      text: `Replay ${formatCounted(through - after, 'event')} of shardlet ${shardlet}`,
      detail: `seq ${formatCount(after + 1)} to ${formatCount(through)}; their effects are suppressed`,
    };
  }
  const { shardlet, seq, base, bytes, entries, unread, ms } = step;
  const read =
    entries === null
      ? `not unpacked: ${unread ?? ''}`
      : formatCounted(entries, base === null ? 'key' : 'change');
  return {
    text: `Restore the ${base === null ? 'checkpoint' : 'changes'} of shardlet ${shardlet} up to seq ${formatCount(seq)}`,
    detail: `${formatBytes(bytes)}, ${read}, in ${tookWords(ms)}`,
  };
}

/** "2 contents, 1.2 kB" */
export function restoreWords({ steps, bytes }: Pick<Drill, 'steps' | 'bytes'>): string {
  const read = steps.filter(({ kind }) => kind === 'restore').length;
  return read === 0 ? 'nothing to read' : `${formatCounted(read, 'content')}, ${formatBytes(bytes)}`;
}

/** What takes next to no time is not said to take none. */
export function tookWords(ms: number): string {
  return ms > 0 && ms < SHORTEST_MS ? `<${formatDuration(2 * SHORTEST_MS)}` : formatDuration(ms);
}

/** It would be rounded to 0 s. */
const SHORTEST_MS = 50;
