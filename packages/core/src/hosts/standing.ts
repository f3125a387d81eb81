/**
 * Whether a host is as far as the topology store knows it to be (docs/architecture/protocol.md, Progress).
 *
 * A mark is `<n>.<process>-<count>`, and each is sent once. The store keeps the newest that was confirmed, and the
 * processes that may have sent one on top of it, before they do: a host that holds another went back, or somebody
 * else marks it. n tells which, the process tells two control planes apart that are equally far. No n + 1 is sent
 * before n was answered.
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
  /** who may have sent a mark on top of it that is carried out late, newest first */
  readonly writers: readonly string[];
  /** of the last confirmed mark */
  readonly generation: number;
  readonly count: number;
  readonly promise: number;
  /** promises of confirmed marks before it, newest first, fewer the older they are */
  readonly earlier: readonly number[];
}

/** Processes that were started since a mark of one of them may still be under way. */
const WRITERS_MAX = 32;

/** The proof with this process among those that mark the host. */
export function withWriter({ writers }: Pick<HostProof, 'writers'>, writer: string): readonly string[] {
  if (writers[0] === writer) return writers;
  return [writer, ...writers.filter((other) => other !== writer)].slice(0, WRITERS_MAX);
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

/**
 * The same for a host that has answered with an earlier mark only, not with its promise. Each promise that is kept is
 * of another mark, so counting back leads to one that was made before that mark, or was it.
 */
export function certainUnder({ held, promise, earlier }: HostProof, mark: string): number {
  return [promise, ...earlier][ordinalOf(held) - ordinalOf(mark) + 1] ?? 0;
}

/** A host refused a mark, as it held an earlier one than it had confirmed. */
export interface OlderMark {
  readonly mark: string;
  /** no event up to it is missing */
  readonly certainTs: number;
  readonly detail: string;
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
  const isNewest = mark === proof.held || isOnTop(proof, mark);
  if (!isNewest) return ofOtherMark(proof, mark);
  if (progress.count < proof.count)
    return regressed(`it has counted ${progress.count} changes, after ${proof.count}`);
  return WHOLE;
}

/** Sent on top of the mark that is held, by a process of this control plane. */
export function isOnTop({ held, next, writers }: HostProof, mark: string): boolean {
  if (mark === next) return true;
  const n = ordinalOf(mark);
  return n > ordinalOf(held) && n === ordinalOf(next) && writers.includes(writerOf(mark));
}

function ofOtherMark({ held, next, writers }: HostProof, mark: string): HostStanding {
  const n = ordinalOf(mark);
  // a mark of before that came late: to a host that held what it builds on again, or holds none since it lost them
  const isLate = n === ordinalOf(held) ? writers.includes(writerOf(mark)) : n < ordinalOf(next);
  if (n < ordinalOf(held) || isLate)
    return regressed(`it holds mark ${mark || 'none'} again, after ${held || 'none'}`);
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

/** The mark that follows all of these. `sending`: `<process>-<count>`, given once; without a dot. */
export function markAfter(marks: readonly string[], sending: string): string {
  return `${Math.max(0, ...marks.map(ordinalOf)) + 1}.${sending}`;
}

/** One more to send on top of what is held: with the number of the last one, if that was not answered. */
export function markOnTop(held: string, last: string, sending: string): string {
  return `${Math.max(ordinalOf(held) + 1, ordinalOf(last))}.${sending}`;
}

function writerOf(mark: string): string {
  return mark.slice(mark.indexOf('.') + 1).split('-')[0]!;
}
