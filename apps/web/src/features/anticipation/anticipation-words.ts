/** What the page Anticipation says of what was learned. */
import type { anticipation, OutputOf } from '@foreshard/core/operations';
import { formatCount, formatCounted, formatPercent } from '../../formatting/numbers.ts';
import { formatFromNow } from '../../formatting/time.ts';

export type LearnerStatus = OutputOf<typeof anticipation.status>;
export type ExpectedEvent = OutputOf<typeof anticipation.map>['keys'][number];
export type TypePair = OutputOf<typeof anticipation.matrix>['pairs'][number];

/** A share this much better than another is worth a word. */
const BETTER = 0.01;

/** What is missing until something can be said; undefined: nothing. */
export function missing({
  isOn,
  isLearned,
  wanted,
  learned,
  slices,
}: LearnerStatus):
  | { readonly title: string; readonly why: string; readonly cure: 'policy' | 'wait' }
  | undefined {
  if (!isOn)
    return {
      title: 'Nothing is learned yet',
      why: 'Set the sample share of anticipation in the policy. Workers then read the log once more and learn which events follow which. It is off at first because of that cost.',
      cure: 'policy',
    };
  if (!isLearned)
    return {
      title: 'This stream is not learned',
      why: 'A worker divides the keys of streams every five seconds. Streams whose keys may be split have no order to learn from, and at most 16 streams are learned.',
      cure: 'wait',
    };
  if (slices.every(({ holder }) => holder === null))
    return {
      title: 'No worker learns this stream',
      why: 'The slices have no holder. Start a worker; it goes on from the last saved state.',
      cure: 'wait',
    };
  if (wanted === 0) return undefined;
  return {
    title: `${formatCounted(wanted, 'more event')}`,
    why: `Learned so far: ${formatCount(learned)}. Before that a coefficient would be chance.`,
    cure: 'wait',
  };
}

export function hitWords(own: number, frequent: number): string {
  const gain = own - frequent;
  if (Math.abs(gain) < BETTER) return 'as good as “most frequent”';
  return `“most frequent”: ${formatPercent(frequent)}`;
}

/** What is past may come any moment: it is left out when it is overdue by a minute. */
export function dueWords(expectedAt: string | null, nowMs: number): string {
  if (expectedAt === null) return 'unknown';
  const atMs = Date.parse(expectedAt);
  return atMs > nowMs ? formatFromNow(atMs, nowMs) : 'due now';
}

/** 250 ms, 3 s, 4 min */
export function lagWords(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 90_000) return `${Math.round(ms / 1_000)} s`;
  if (ms < 5_400_000) return `${Math.round(ms / 60_000)} min`;
  if (ms < 172_800_000) return `${Math.round(ms / 3_600_000)} h`;
  return `${Math.round(ms / 86_400_000)} days`;
}

export function pairWords({ from, to, coefficient, isEnough, samples, counts }: TypePair): string {
  const base = formatPercent(counts.to / counts.all);
  const after = counts.afterFrom === 0 ? 'none' : formatPercent(samples / counts.afterFrom);
  const shares = `${after} of the ${formatCounted(counts.afterFrom, 'event')} after “${from}” are “${to}”, and ${base} of all ${formatCounted(counts.all, 'event')}.`;
  if (!isEnough) return `${shares} Too few for a statement.`;
  if (coefficient > 0) return `${shares} “${from}” announces “${to}”.`;
  return `${shares} After “${from}” there is less of “${to}”.`;
}

/** Most of the classes hold nothing; a bar is as long as its share of the fullest. */
export function lagBars(lags: TypePair['lags']): { ms: number; samples: number; share: number }[] {
  const most = Math.max(1, ...lags.map(({ samples }) => samples));
  return lags.map(({ ms, samples }) => ({ ms, samples, share: samples / most }));
}
