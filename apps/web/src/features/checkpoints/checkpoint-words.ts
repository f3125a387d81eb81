/** What the console says of a checkpoint. */
import type { checkpoints, OutputOf } from '@foreshard/core/operations';
import type { Tone } from '../../components/ui/badge.tsx';

export type CheckpointRow = OutputOf<typeof checkpoints.list>['checkpoints'][number];

const REASONS: Readonly<Record<CheckpointRow['reason'], string>> = {
  due: 'the rule said that it was due',
  interval: 'the longest time between two had passed',
  revoking: 'the shardlet was going to another member',
  final: 'the shardlet had ended: it was split, merged or rolled',
  closing: 'the member was stopped',
  asked: 'the handler asked for it',
};

export function reasonWords(reason: CheckpointRow['reason']): string {
  return REASONS[reason];
}

interface Standing {
  readonly tone: Tone;
  readonly text: string;
  readonly tip: string;
}

/** Whether it can be restored, as far as is known. */
export function standingOf({ state, verifyError, verifiedAtMs }: CheckpointRow): Standing {
  if (state === 'pending')
    return { tone: 'neutral', text: 'pending', tip: 'Its content is not stored yet. Nobody restores it.' };
  if (state === 'deleting')
    return { tone: 'neutral', text: 'deleting', tip: 'Its content is being removed.' };
  if (verifyError !== null) return { tone: 'bad', text: 'damaged', tip: verifyError };
  if (verifiedAtMs === null)
    return { tone: 'accent', text: 'valid', tip: 'It was stored with its digest, and not read since.' };
  return { tone: 'ok', text: 'verified', tip: 'It was read, and is what its digest says.' };
}
