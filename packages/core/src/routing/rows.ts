/**
 * The rows of a route table in the order of their positions: where a leaf begins, and its slot. One array
 * with four words a row, so that all a look-up needs of a row lies in one cache line.
 */
import type { Position } from '../keyspace/index.ts';

/** from hi, from lo, slot, and one unused word that keeps rows from straddling cache lines */
export const WORDS_PER_ROW = 4;

export class Rows {
  readonly words: Uint32Array;

  constructor(capacity: number) {
    this.words = new Uint32Array(capacity * WORDS_PER_ROW);
  }

  get capacity(): number {
    return this.words.length / WORDS_PER_ROW;
  }

  hiAt(row: number): number {
    return this.words[row * WORDS_PER_ROW]!;
  }

  loAt(row: number): number {
    return this.words[row * WORDS_PER_ROW + 1]!;
  }

  slotAt(row: number): number {
    return this.words[row * WORDS_PER_ROW + 2]!;
  }

  set(row: number, from: Position, slot: number): void {
    const at = row * WORDS_PER_ROW;
    this.words[at] = from.hi;
    this.words[at + 1] = from.lo;
    this.words[at + 2] = slot;
  }

  /** Copies the rows [from, to) of `source` to `at`. */
  copy(source: Rows, from: number, to: number, at: number): void {
    if (from >= to) return;
    this.words.set(source.words.subarray(from * WORDS_PER_ROW, to * WORDS_PER_ROW), at * WORDS_PER_ROW);
  }

  startsAt(row: number, position: Position): boolean {
    return this.hiAt(row) === position.hi && this.loAt(row) === position.lo;
  }

  /** The first row in [from, to) that begins above the position, by halving. */
  searchAfter(from: number, to: number, hi: number, lo: number): number {
    while (from < to) {
      const middle = (from + to) >>> 1;
      const h = this.hiAt(middle);
      if (h < hi || (h === hi && this.loAt(middle) <= lo)) from = middle + 1;
      else to = middle;
    }
    return from;
  }
}
