/** What is known of a group, in words. */
import { formatCount, formatCounted } from '../../formatting/numbers.ts';
import { formatDuration } from '../../formatting/time.ts';
import type { MembersWantedView, ProgressView, StatesView, Why } from '../../server/consumers/group-views.ts';

export interface CatchUpWords {
  readonly tone: 'ok' | 'warn' | 'bad' | 'neutral';
  readonly text: string;
  /** more, for whoever asks */
  readonly tip: string;
}

const UNKNOWN = {
  lag: 'A host does not answer, so the lag is not known.',
  processing: 'Its speed is not measured yet: a worker does that every 15 s.',
  arrivals: 'Nothing is known yet of how much arrives in its stream.',
} as const;

/** `clock`: a moment as the reader wants it */
export function catchUpWords(catchUp: ProgressView['catchUp'], clock: (ms: number) => string): CatchUpWords {
  if (catchUp.kind === 'caught up')
    return { tone: 'ok', text: 'caught up', tip: 'Not more is missing than what is on its way.' };
  if (catchUp.kind === 'by')
    return {
      tone: 'neutral',
      text: `caught up by ${clock(catchUp.atMs)}`,
      tip: 'From its speed over the last minutes and what is expected to arrive.',
    };
  if (catchUp.kind === 'unknown') return { tone: 'neutral', text: 'unknown', tip: UNKNOWN[catchUp.because] };
  const then = `${formatCount(catchUp.lag)} behind in ${formatDuration(catchUp.afterMs)}.`;
  return catchUp.kind === 'later'
    ? { tone: 'warn', text: `not within ${formatDuration(catchUp.afterMs)}`, tip: `It gets nearer: ${then}` }
    : { tone: 'bad', text: 'not catching up', tip: `As much arrives as it processes, or more: ${then}` };
}

const WANTED_UNKNOWN = {
  lag: UNKNOWN.lag,
  arrivals: UNKNOWN.arrivals,
  rate: 'No member has processed anything for a minute yet, so its speed is not known.',
} as const;

/** How many members it takes, now and within half an hour. */
export function wantedWords(
  { now, atHorizon, at, why }: MembersWantedView,
  members: number,
  clock: (ms: number) => string,
): Omit<CatchUpWords, 'tone'> & { readonly tone: 'warn' | 'neutral' } {
  if (why.kind === 'unknown' || now === null || atHorizon === null)
    return {
      ...{ tone: 'neutral', text: 'unknown' },
      tip: why.kind === 'unknown' ? WANTED_UNKNOWN[why.because] : 'Not known yet.',
    };
  const more = Math.max(now, atHorizon) > members && members > 0;
  const ahead = atHorizon === now ? '' : `, ${formatCount(atHorizon)} within 30 min`;
  const from = at === null || !more ? '' : `, from ${clock(at)}`;
  const limit = why.limitedByShardlets ? ' More members would need more shardlets: split some.' : '';
  return {
    tone: more ? 'warn' : 'neutral',
    text: `${formatCount(now)}${ahead}${from}`,
    tip: `A member processes up to ${formatCount(Math.round(why.memberRate))} events a second.${limit}`,
  };
}

export function whyWords(why: Why | null): string {
  if (why === null) return 'processed to its end';
  if (why.kind === 'kept') return why.committed ? 'kept by its member' : 'new to its member';
  if (why.kind === 'revoking') {
    const { holds, share } = why.load ?? why;
    const unit = why.load ? '/s' : '';
    return `leaving to even out: its member has ${formatCount(holds)}${unit}, a fair share is ${formatCount(share)}${unit}`;
  }
  if (why.kind === 'free') return why.members === 0 ? 'no member' : 'the next member that polls takes it';
  return `waits for its ${why.parents.length === 1 ? 'parent' : 'parents'} ${why.parents.map(parentWords).join(', ')}`;
}

function parentWords({
  shardlet,
  seq,
  finalSeq,
}: {
  shardlet: number;
  seq: number;
  finalSeq: number | null;
}) {
  return `${shardlet} (${formatCount(seq)} of ${finalSeq === null ? 'an open end' : formatCount(finalSeq)})`;
}

/** What the state of one member lacks, and what its recovery takes. */
export function memberStateWords(state: StatesView | null): string {
  if (state === null) return 'its state is not judged yet';
  const { oldestCheckpointAt, withoutCheckpoint, recoveryMs, due } = state;
  const without =
    oldestCheckpointAt === null
      ? 'no checkpoint yet'
      : withoutCheckpoint === 0
        ? undefined
        : `${formatCounted(withoutCheckpoint, 'shardlet')} without one`;
  const owed = due === 0 ? undefined : `${formatCount(due)} due`;
  const recovery = `recovery up to ${formatDuration(recoveryMs)} a shardlet`;
  return [without, owed, recovery].filter((text) => text !== undefined).join(', ');
}

/** "2 dead letters, 1 discarded": of those that there are. */
export function letterCounts(counts: { dead: number; redriven: number; discarded: number }): string {
  const total = counts.dead + counts.redriven + counts.discarded;
  return `${formatCounted(total, 'letter')}: ${formatCount(counts.dead)} dead, ${formatCount(counts.redriven)} re-driven, ${formatCount(counts.discarded)} discarded`;
}
