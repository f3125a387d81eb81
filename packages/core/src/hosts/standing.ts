/**
 * Whether a host is as far as the topology store knows it to be (docs/architecture/protocol.md, Progress).
 *
 * A mark is `<n>.<random>`. The store keeps every mark of a host before it is sent, so a host that holds none of
 * the newest went back, or somebody else marks it: n tells which, the random part tells two control planes
 * apart that are equally far. No n + 1 is sent before n was answered.
 */
import { invariant } from '../kernel/index.ts';
import type { HostIdentity } from './event-host.ts';
import { EDGE_CLOCK_TOLERANCE_MICROS } from './limits.ts';

/** What the topology store keeps of a host, outside of its versions. */
export interface HostProof {
  readonly host: number;
  /** the mark that the host has confirmed; '' before the first */
  readonly held: string;
  /** the one that is sent on top of it, once: what is sent again has another random part */
  readonly next: string;
  /** others that were sent and not confirmed, newest first: any of them may be carried out late */
  readonly unconfirmed: readonly string[];
  /** of the last confirmed mark */
  readonly generation: number;
  readonly count: number;
  readonly promise: number;
  /** promises of confirmed marks before it, newest first, fewer the older they are */
  readonly earlier: readonly number[];
}

/** More than a host can have under way. */
const UNCONFIRMED_MAX = 32;

/** The marks that may still come, once `next` was sent and another is sent in its place, or `confirmed` was. */
export function unconfirmedAfter({ next, unconfirmed }: HostProof, confirmed?: string): readonly string[] {
  const others = [next, ...unconfirmed].filter((mark) => mark !== confirmed);
  return others.slice(0, UNCONFIRMED_MAX);
}

/** Enough for hours when the gaps double. */
const EARLIER_MAX = 20;

/** The promises of `before` with its own, as the earlier ones of the proof that follows it. */
export function earlierWith({ promise, earlier }: HostProof): readonly number[] {
  const all = promise > (earlier[0] ?? 0) ? [promise, ...earlier] : earlier;
  if (all.length <= EARLIER_MAX) return all;
  // the one whose absence widens a gap least, in proportion to its age
  const newest = all[0]!;
  let least = 1;
  for (let i = 1; i < all.length - 1; i++)
    if (widening(all, i, newest) < widening(all, least, newest)) least = i;
  return all.filter((_, i) => i !== least);
}

function widening(promises: readonly number[], i: number, newest: number): number {
  return (promises[i - 1]! - promises[i + 1]!) / (newest - promises[i + 1]!);
}

/**
 * Up to where records are certain although marks were written on the host after it went back: the newest promise
 * of a mark that was confirmed before `ts`, the time of an event that was acknowledged before it went back.
 * Timestamps of events may be ahead of the host's clock by the tolerance for edges.
 */
export function certainBefore(proof: HostProof | undefined, ts: number): number {
  if (proof === undefined) return 0;
  const safe = ts - 2 * EDGE_CLOCK_TOLERANCE_MICROS;
  return [proof.promise, ...proof.earlier].find((promise) => promise <= safe) ?? 0;
}

/**
 * Up to where records are certain on a host that holds this mark: the promise kept with it, if it is one that was
 * confirmed; one that was not may have been carried out after the host went back, so only what it builds on counts.
 */
export function certainOf(
  proof: HostProof | undefined,
  found: Pick<HostIdentity, 'mark' | 'markPromise'>,
): number {
  const { mark, markPromise } = found;
  if (proof === undefined) return 0;
  if (mark === proof.held) return markPromise;
  const isNew = mark !== '' && ordinalOf(mark) > ordinalOf(proof.held);
  const known = isNew ? [proof.promise] : proof.earlier;
  return Math.min(markPromise, known.find((promise) => promise <= markPromise) ?? 0);
}

export type HostStanding =
  | { readonly kind: 'whole' }
  /** it went back to an older state */
  | { readonly kind: 'regressed'; readonly detail: string }
  /** another control plane uses it, or this one was restored from a backup */
  | { readonly kind: 'foreign'; readonly detail: string };

type Found = Pick<HostIdentity, 'progress' | 'mark'>;

const WHOLE: HostStanding = Object.freeze({ kind: 'whole' });

/** @param generation what the topology store says */
export function standingOf(generation: number, proof: HostProof | undefined, found: Found): HostStanding {
  const { progress, mark } = found;
  if (progress.generation > generation)
    return foreign(`it is in generation ${progress.generation}, the topology store says ${generation}`);
  if (progress.generation < generation)
    return regressed(`it is in generation ${progress.generation} again, after ${generation}`);
  if (proof === undefined)
    return mark === '' ? WHOLE : foreign(`it holds mark ${mark}, and this control plane gave it none`);
  // a loss was accepted since: marks of before prove nothing
  if (proof.generation < generation) return WHOLE;
  const isNewest =
    mark === proof.held ||
    mark === proof.next ||
    (proof.unconfirmed.includes(mark) && ordinalOf(mark) > ordinalOf(proof.held));
  if (!isNewest) return ofOtherMark(proof, mark);
  if (progress.count < proof.count)
    return regressed(`it has counted ${progress.count} changes, after ${proof.count}`);
  return WHOLE;
}

function ofOtherMark({ held, next, unconfirmed }: HostProof, mark: string): HostStanding {
  const n = ordinalOf(mark);
  if (unconfirmed.includes(mark)) return regressed(`mark ${mark} came late, after ${held}`);
  // between the two: a mark of before that came late, to a host that holds none since it lost them
  const isLate = n > ordinalOf(held) && n < ordinalOf(next);
  if (n < ordinalOf(held) || isLate)
    return regressed(`it holds mark ${mark || 'none'} again, after ${isLate ? next : held}`);
  return foreign(`it holds mark ${mark}, this control plane gave it ${held} and ${next}`);
}

function regressed(detail: string): HostStanding {
  return { kind: 'regressed', detail };
}

function foreign(detail: string): HostStanding {
  return { kind: 'foreign', detail };
}

/** How many marks there were before and with this one; 0 for ''. */
export function ordinalOf(mark: string): number {
  const n = Number(mark.split('.')[0]);
  invariant(Number.isSafeInteger(n) && n >= 0, `"${mark}" is no mark`);
  return n;
}

/** The mark that follows all of these. `random`: nobody else draws the same; without a dot. */
export function markAfter(marks: readonly string[], random: string): string {
  return `${Math.max(0, ...marks.map(ordinalOf)) + 1}.${random}`;
}
