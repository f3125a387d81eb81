/**
 * The position space cut into slices of equal width, each with rows and buckets of its own: a change of the
 * map rewrites the slices it touches and leaves the others where they are.
 *
 * A leaf that spans several slices has a row in each, which begins with the slice, so a look-up never leaves
 * its slice. Buckets split a slice by the next bits of the key hash, about one a row; the start of bucket b
 * is the first row of the slice that does not begin below it. So there are buckets where there are rows, however
 * unevenly the map was split; only ranges cut inside one key can crowd a bucket (crowded-bucket.ts).
 *
 * All slices lie in one set of columns, each with room for more rows. One that has outgrown its room moves
 * to the end; what it leaves is won back when the columns are full and are made anew.
 */
import { END, type Position, range } from '../keyspace/index.ts';
import { type Leaf, Rows } from './rows.ts';

/** Smaller slices make a change cheaper, larger ones the table of slices. */
const ROWS_PER_SLICE = 256;
const SLICE_BITS_MAX = 12;
/** Room for rows to come, in a slice and at the end of the columns. */
const HEADROOM = 1.25;

export const SHIFT_BITS = 5;
const SHIFT_MASK = 2 ** SHIFT_BITS - 1;

export class Slices {
  rows: Rows;
  /** of all slices: the starts of a slice's buckets, and one more for the end of its last */
  starts: Uint32Array;
  readonly count: number;
  /** of a position's high half: the slice, and what is left for the bucket */
  readonly shift: number;
  readonly mask: number;
  /**
   * By slice: where its starts begin, and in the lowest five bits how far to shift for the bucket. One word,
   * because this is read by every look-up; a shift by it takes the lowest five bits by itself.
   */
  readonly directory: Uint32Array;
  readonly firstRow: Uint32Array;
  readonly rowCount: Uint32Array;
  private readonly room: Uint32Array;
  private rowsEnd = 0;
  private startsEnd = 0;

  constructor(size: number) {
    const wanted = Math.ceil(Math.log2(size / ROWS_PER_SLICE + 1));
    const bits = Math.min(SLICE_BITS_MAX, Math.max(1, wanted));
    this.count = 2 ** bits;
    this.shift = 32 - bits;
    this.mask = 2 ** this.shift - 1;
    this.directory = new Uint32Array(this.count).fill(this.shift);
    this.firstRow = new Uint32Array(this.count);
    this.rowCount = new Uint32Array(this.count);
    this.room = new Uint32Array(this.count);
    this.rows = new Rows(Math.ceil(size * HEADROOM * HEADROOM) + 2 * this.count);
    this.starts = new Uint32Array(2 * size + 2 * this.count);
  }

  /** the high half of the first position of a slice; 2^32 for the slice after the last */
  startOf(slice: number): number {
    return slice * 2 ** this.shift;
  }

  sliceOf(hi: number): number {
    return hi >>> this.shift;
  }

  /** Where the buckets of a slice lie among the starts. */
  startsOf(slice: number): readonly [from: number, to: number] {
    const from = this.startsAt(slice);
    return [from, from + this.startCount(slice)];
  }

  /** Gives a slice these rows: the first `count` of `source`. */
  write(slice: number, source: Rows, count: number): void {
    if (count > this.room[slice]! || !this.hasFitBuckets(slice, count)) this.place(slice, count);
    this.rows.copy(source, 0, count, this.firstRow[slice]!);
    this.rowCount[slice] = count;
    this.fillStarts(slice);
  }

  /** Twice too many or too few are good enough: new ones cost a move. */
  private hasFitBuckets(slice: number, count: number): boolean {
    return Math.abs(this.bucketBits(slice) - bucketBitsFor(count, this.shift)) <= 1;
  }

  private bucketBits(slice: number): number {
    return this.shift - (this.directory[slice]! & SHIFT_MASK);
  }

  private startsAt(slice: number): number {
    return this.directory[slice]! >>> SHIFT_BITS;
  }

  private startCount(slice: number): number {
    return 2 ** this.bucketBits(slice) + 1;
  }

  private bucketOf(slice: number, hi: number): number {
    return (hi & this.mask) >>> this.directory[slice]!;
  }

  private fillStarts(slice: number): void {
    const { starts, rows } = this;
    const first = this.firstRow[slice]!;
    const end = first + this.rowCount[slice]!;
    const startsAt = this.startsAt(slice);
    let next = startsAt;
    for (let row = first; row < end; row++) {
      const bucket = startsAt + this.bucketOf(slice, rows.fromHi[row]!);
      while (next <= bucket) starts[next++] = row;
    }
    starts.fill(end, next, startsAt + this.startCount(slice));
  }

  private place(slice: number, count: number): void {
    const room = Math.ceil(count * HEADROOM);
    const bits = bucketBitsFor(count, this.shift);
    const starts = 2 ** bits + 1;
    // what it leaves need not be copied
    this.rowCount[slice] = 0;
    this.room[slice] = 0;
    this.directory[slice] = this.shift;
    const isFull = this.rowsEnd + room > this.rows.capacity || this.startsEnd + starts > this.starts.length;
    if (isFull) this.moveAll(room, starts);
    this.firstRow[slice] = this.rowsEnd;
    this.room[slice] = room;
    this.directory[slice] = entry(this.startsEnd, this.shift - bits);
    this.rowsEnd += room;
    this.startsEnd += starts;
  }

  private moveAll(moreRows: number, moreStarts: number): void {
    const { rows, rowsEnd, startsEnd } = this;
    this.rows = new Rows(Math.ceil((rowsEnd + moreRows) * HEADROOM));
    this.starts = new Uint32Array(Math.ceil((startsEnd + moreStarts) * HEADROOM));
    this.rowsEnd = 0;
    this.startsEnd = 0;
    for (let slice = 0; slice < this.count; slice++) {
      const first = this.firstRow[slice]!;
      this.rows.copy(rows, first, first + this.rowCount[slice]!, this.rowsEnd);
      this.firstRow[slice] = this.rowsEnd;
      this.directory[slice] = entry(this.startsEnd, this.directory[slice]! & SHIFT_MASK);
      this.fillStarts(slice);
      this.rowsEnd += this.room[slice]!;
      this.startsEnd += this.startCount(slice);
    }
  }

  /** Every leaf once, in order. */
  *leaves(): Generator<Leaf> {
    let open: (Omit<Leaf, 'range'> & { readonly from: Position }) | undefined;
    for (let slice = 0; slice < this.count; slice++) {
      for (let row = this.firstRow[slice]!; row < this.firstRow[slice]! + this.rowCount[slice]!; row++) {
        const id = this.rows.shardlet[row]!;
        if (id === open?.id) continue;
        const from = { hi: this.rows.fromHi[row]!, lo: this.rows.fromLo[row]! };
        if (open !== undefined) yield { ...open, range: range(open.from, from) };
        const { epoch, owner, shard } = this.rows;
        open = { id, epoch: epoch[row]!, owner: owner[row]!, shard: shard[row]!, from };
      }
    }
    if (open !== undefined) yield { ...open, range: range(open.from, END) };
  }
}

function entry(startsAt: number, bucketShift: number): number {
  return startsAt * 2 ** SHIFT_BITS + bucketShift;
}

function bucketBitsFor(rows: number, bitsMax: number): number {
  return rows <= 1 ? 0 : Math.min(bitsMax, Math.ceil(Math.log2(rows)));
}
