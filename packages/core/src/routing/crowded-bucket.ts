/**
 * An index of its own for a bucket that holds many rows: after many splits of one spot, thousands of leaves
 * may lie inside one key. It cuts the span between its first and last row into as many equal pieces as
 * there are rows; a piece that is crowded again (rows are rarely even) gets the next level. Row numbers are
 * kept relative to the bucket's first row, so changes elsewhere in the map leave it right.
 *
 * Distances are doubles. Rounding may put neighbours into one piece, but never out of order: every step
 * (subtract, scale, floor) keeps order, and the rows of a piece are compared exactly.
 */
import type { Rows } from './rows.ts';

/** Up to this many rows a scan is faster than another level. */
export const SCAN_MAX = 12;
/** Beyond this depth rows are so uneven that halving is better. */
const DEPTH_MAX = 5;
const TWO_32 = 4_294_967_296;

export class CrowdedBucket {
  private readonly baseHi: number;
  private readonly baseLo: number;
  private readonly piecesPerUnit: number;
  private readonly pieceCount: number;
  /** rows before each piece, relative to the first row of the whole bucket */
  private readonly starts: Uint32Array;
  private readonly deeper = new Map<number, CrowdedBucket>();
  private readonly depth: number;

  /** Over the rows [from, to). REQUIRES at least two rows; `origin` is the first row of the whole bucket. */
  constructor(rows: Rows, from: number, to: number, origin = from, depth = 1) {
    this.depth = depth;
    this.baseHi = rows.fromHi[from]!;
    this.baseLo = rows.fromLo[from]!;
    this.pieceCount = to - from;
    this.piecesPerUnit = this.pieceCount / (this.distance(rows.fromHi[to - 1]!, rows.fromLo[to - 1]!) + 1);
    this.starts = new Uint32Array(this.pieceCount + 1);
    let next = 0;
    for (let row = from; row < to; row++) {
      const piece = this.pieceOf(rows.fromHi[row]!, rows.fromLo[row]!);
      while (next <= piece) this.starts[next++] = row - origin;
    }
    this.starts.fill(to - origin, next);
  }

  /** How many rows of the table begin at or below the position, with the bucket's rows beginning at `origin`. */
  rowsUpTo(rows: Rows, origin: number, hi: number, lo: number): number {
    if (this.isBelow(hi, lo)) return origin + this.starts[0]!;
    const piece = this.pieceOf(hi, lo);
    let row = origin + this.starts[piece]!;
    const end = origin + this.starts[piece + 1]!;
    if (end - row > SCAN_MAX) return this.rowsInCrowdedPiece(rows, piece, origin, row, end, hi, lo);
    while (row < end && !rows.isAbove(row, hi, lo)) row++;
    return row;
  }

  private rowsInCrowdedPiece(
    rows: Rows,
    piece: number,
    origin: number,
    from: number,
    to: number,
    hi: number,
    lo: number,
  ): number {
    if (this.depth === DEPTH_MAX) return rows.searchAfter(from, to, hi, lo);
    let next = this.deeper.get(piece);
    if (next === undefined) {
      this.deeper.set(piece, (next = new CrowdedBucket(rows, from, to, origin, this.depth + 1)));
    }
    return next.rowsUpTo(rows, origin, hi, lo);
  }

  private isBelow(hi: number, lo: number): boolean {
    return hi < this.baseHi || (hi === this.baseHi && lo < this.baseLo);
  }

  private distance(hi: number, lo: number): number {
    return (hi - this.baseHi) * TWO_32 + (lo - this.baseLo);
  }

  private pieceOf(hi: number, lo: number): number {
    const piece = Math.floor(this.distance(hi, lo) * this.piecesPerUnit);
    return piece < this.pieceCount ? piece : this.pieceCount - 1;
  }
}
