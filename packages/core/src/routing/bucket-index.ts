/**
 * The first level of a route table: which rows begin in which slice of the position space. `starts[b]` is
 * the number of rows whose first position lies below bucket b, so a look-up begins its scan there.
 *
 * There are about as many buckets as rows, so an evenly spread map needs one or two comparisons a look-up;
 * a crowded bucket (many splits of one spot) gets an index of its own (crowded-bucket.ts).
 */
import type { Rows } from './rows.ts';

const BITS_MIN = 4;
/** 2^20 buckets are 4 MB: beyond that the index itself falls out of the processor's cache */
const BITS_MAX = 20;

export function bucketBits(rows: number): number {
  return Math.min(BITS_MAX, Math.max(BITS_MIN, Math.ceil(Math.log2(rows + 1))));
}

/** A row that came (+1) or went (-1) at this position. */
export interface Touch {
  readonly hi: number;
  readonly by: 1 | -1;
}

export class BucketIndex {
  readonly shift: number;
  /** one more than there are buckets: `starts[b + 1]` is the end of bucket b */
  readonly starts: Uint32Array;

  constructor(bits: number, rows: Rows, size: number) {
    this.shift = 32 - bits;
    this.starts = new Uint32Array(2 ** bits + 1);
    let next = 0;
    for (let row = 0; row < size; row++) {
      const bucket = rows.hiAt(row) >>> this.shift;
      while (next <= bucket) this.starts[next++] = row;
    }
    this.starts.fill(size, next);
  }

  /** Moves the starts behind each touched row. REQUIRES the touches in the order of their positions. */
  apply(touches: readonly Touch[]): void {
    let delta = 0;
    let from = 0;
    for (const touch of touches) {
      const bucket = (touch.hi >>> this.shift) + 1;
      this.add(delta, from, bucket);
      from = bucket;
      delta += touch.by;
    }
    this.add(delta, from, this.starts.length);
  }

  private add(delta: number, from: number, to: number): void {
    if (delta === 0) return;
    const { starts } = this;
    for (let b = from; b < to; b++) starts[b]! += delta;
  }
}
