/**
 * Half-open ranges of positions. An empty or reversed range cannot be built. The end of the whole space
 * is 2^64, written as `END` (high half 2^32): a number, but no valid position.
 */
import { invariant } from '../kernel/index.ts';
import { comparePositions, formatPosition, type Position } from './position.ts';

export const START: Position = Object.freeze({ hi: 0, lo: 0 });
export const END: Position = Object.freeze({ hi: 0x1_0000_0000, lo: 0 });

export interface Range {
  readonly from: Position;
  /** exclusive */
  readonly to: Position;
}

/** @throws InvariantViolation for an empty or reversed range */
export function range(from: Position, to: Position): Range {
  invariant(comparePositions(from, to) < 0, `empty range [${formatPosition(from)}, ${formatPosition(to)})`);
  return Object.freeze({ from, to });
}

export const WHOLE: Range = range(START, END);

export function contains(r: Range, p: Position): boolean {
  return comparePositions(r.from, p) <= 0 && comparePositions(p, r.to) < 0;
}

export function overlaps(a: Range, b: Range): boolean {
  return comparePositions(a.from, b.to) < 0 && comparePositions(b.from, a.to) < 0;
}

export function sameRange(a: Range, b: Range): boolean {
  return comparePositions(a.from, b.from) === 0 && comparePositions(a.to, b.to) === 0;
}

/** True when both ends fall between keys, never inside one. */
export function splitsNoKey(r: Range): boolean {
  return r.from.lo === 0 && r.to.lo === 0;
}

/** Cuts a range into `parts` slices of whole keys, as equal as they can be. REQUIRES at least `parts` keys. */
export function slices(r: Range, parts: number): Range[] {
  const width = r.to.hi - r.from.hi;
  invariant(
    splitsNoKey(r) && parts >= 1 && width >= parts,
    `cannot cut ${width} key hashes into ${parts} slices`,
  );
  const edge = (i: number): Position => ({ hi: r.from.hi + Math.floor((width * i) / parts), lo: 0 });
  return Array.from({ length: parts }, (_, i) => range(edge(i), edge(i + 1)));
}
