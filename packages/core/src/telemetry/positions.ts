/**
 * Key positions as rows of a picture. Shardlets are split, merged and rolled while load is recorded; a row is
 * a stretch of positions, and every shardlet that ever covered a part of it counts there, by its share.
 */
import type { Position, Range } from '../keyspace/index.ts';
import type { Shardlet } from '../topology/index.ts';

const HALF = 2 ** 32;

/** As one number: exact enough to draw with, not to route. */
export function placeOf({ hi, lo }: Position): number {
  return hi * HALF + lo;
}

export interface RowRange extends Range {
  /** ranges of shardlets that lie in it, at least in part */
  readonly segments: number;
}

/** Rows between all boundaries of the shardlets inside `within`; neighbours are merged down to `rowsMax`. */
export function rowsOver(shardlets: Iterable<Shardlet>, within: Range, rowsMax: number): RowRange[] {
  const bounds = new Map<number, Position>();
  const [from, to] = [placeOf(within.from), placeOf(within.to)];
  bounds.set(from, within.from).set(to, within.to);
  for (const { range } of shardlets)
    for (const end of [range.from, range.to]) {
      const place = placeOf(end);
      if (place > from && place < to) bounds.set(place, end);
    }
  const edges = [...bounds].sort(([a], [b]) => a - b).map(([, position]) => position);
  const segments = edges.length - 1;
  const rows = Math.min(segments, Math.max(1, rowsMax));
  const edge = (row: number) => Math.floor((row * segments) / rows);
  return Array.from({ length: rows }, (_, row) => ({
    from: edges[edge(row)]!,
    to: edges[edge(row + 1)]!,
    segments: edge(row + 1) - edge(row),
  }));
}

/** Which rows a range lies in, and how much of it in each. */
export interface Laying {
  readonly firstRow: number;
  readonly shares: readonly number[];
}

export class RowIndex {
  private readonly ends: Float64Array;
  private readonly start: number;

  constructor(rows: readonly Range[]) {
    this.start = rows.length === 0 ? 0 : placeOf(rows[0]!.from);
    this.ends = Float64Array.from(rows, (row) => placeOf(row.to));
  }

  /** Undefined when it lies outside of all rows. */
  lay({ from, to }: Range): Laying | undefined {
    const [start, end] = [placeOf(from), placeOf(to)];
    const firstRow = this.rowAt(Math.max(start, this.start));
    const shares: number[] = [];
    for (let row = firstRow; row < this.ends.length; row++) {
      const low = Math.max(start, row === 0 ? this.start : this.ends[row - 1]!);
      const high = Math.min(end, this.ends[row]!);
      if (high <= low) break;
      shares.push((high - low) / (end - start));
    }
    return shares.length === 0 ? undefined : { firstRow, shares };
  }

  /** The first row that ends after the place. */
  private rowAt(place: number): number {
    let [low, high] = [0, this.ends.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.ends[middle]! > place) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}
