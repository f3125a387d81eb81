/**
 * Where each position of one stream goes now: the leaves of the map, compiled for look-ups. A leaf in
 * `opening` or `moving` routes to its owner like an open one: the host's fence decides, not the map.
 *
 * Positions are two unsigned 32-bit halves in a typed array; no object and no BigInt is touched by a
 * look-up: it reads the start of a bucket (slices.ts) and then a row (rows.ts). A change that keeps the ranges (move,
 * roll, new epoch) writes over rows; any other rewrites the slices it touches.
 *
 * A row is good until the next `apply`: never keep one across an await.
 */
import { invariant } from '../kernel/index.ts';
import { comparePositions, type Position, sameRange } from '../keyspace/index.ts';
import { CrowdedBucket, SCAN_MAX } from './crowded-bucket.ts';
import { type Leaf, Rows } from './rows.ts';
import { SHIFT_BITS, Slices } from './slices.ts';

/** A table that has grown beyond this is built anew, with more slices. */
const GROWTH_MAX = 16;
const BUILT_SIZE_MIN = 64;

interface SliceChange {
  readonly gone: Leaf[];
  readonly come: Leaf[];
}

export class RouteTable {
  private size = 0;
  private builtSize = 0;
  private slices = new Slices(0);
  private scratch = new Rows(0);
  /** by the place of the bucket among the starts; made when first asked for, dropped when its slice changes */
  private readonly crowded = new Map<number, CrowdedBucket>();

  /** REQUIRES leaves that cover the whole space exactly once, or none at all. */
  constructor(leaves: Iterable<Leaf>) {
    this.build([...leaves].sort(byPosition));
  }

  get shardletCount(): number {
    return this.size;
  }

  /** The row of the leaf that covers this position; -1 when the table is empty. */
  find(hi: number, lo: number): number {
    const { slices } = this;
    const { rows, starts } = slices;
    const slice = hi >>> slices.shift;
    const entry = slices.directory[slice]!;
    const at = (entry >>> SHIFT_BITS) + ((hi & slices.mask) >>> entry);
    let row = starts[at]!;
    const end = starts[at + 1]!;
    if (end - row > SCAN_MAX) return this.crowdedBucket(at, row, end).rowsUpTo(rows, row, hi, lo) - 1;
    while (row < end && !rows.isAbove(row, hi, lo)) row++;
    return row - 1;
  }

  shardletAt(row: number): number {
    return this.slices.rows.shardlet[row]!;
  }

  shardAt(row: number): number {
    return this.slices.rows.shard[row]!;
  }

  /** the id of the owning host */
  ownerAt(row: number): number {
    return this.slices.rows.owner[row]!;
  }

  epochAt(row: number): number {
    return this.slices.rows.epoch[row]!;
  }

  /**
   * Takes over one change of the map: the leaves that it ended or replaced, and those that hold after it.
   * REQUIRES every one of `before` to be in the table, and that both cover the same positions.
   */
  apply(before: readonly Leaf[], after: readonly Leaf[]): void {
    const gone = [...before].sort(byPosition);
    const come = [...after].sort(byPosition);
    const keepsRanges =
      gone.length === come.length && gone.every((leaf, i) => sameRange(leaf.range, come[i]!.range));
    if (keepsRanges) this.replace(gone, come);
    else this.merge(gone, come);
    if (this.size > GROWTH_MAX * this.builtSize) this.build([...this.slices.leaves()]);
  }

  private build(sorted: readonly Leaf[]): void {
    this.slices = new Slices(sorted.length);
    this.crowded.clear();
    this.size = 0;
    this.builtSize = Math.max(BUILT_SIZE_MIN, sorted.length);
    this.merge([], sorted);
  }

  private replace(gone: readonly Leaf[], come: readonly Leaf[]): void {
    for (const [i, leaf] of gone.entries()) {
      for (const slice of this.span(leaf)) this.slices.rows.setLeaf(this.rowOf(leaf, slice), come[i]!);
    }
  }

  private merge(gone: readonly Leaf[], come: readonly Leaf[]): void {
    const changes = new Map<number, SliceChange>();
    const changeOf = (slice: number): SliceChange => {
      let change = changes.get(slice);
      if (change === undefined) changes.set(slice, (change = { gone: [], come: [] }));
      return change;
    };
    for (const leaf of gone) for (const slice of this.span(leaf)) changeOf(slice).gone.push(leaf);
    for (const leaf of come) for (const slice of this.span(leaf)) changeOf(slice).come.push(leaf);
    for (const [slice, change] of changes) this.rewrite(slice, change);
    this.size += come.length - gone.length;
  }

  private rewrite(slice: number, { gone, come }: SliceChange): void {
    const goneRows = gone.map((leaf) => this.rowOf(leaf, slice));
    const count = this.slices.rowCount[slice]! - gone.length + come.length;
    if (this.scratch.capacity < count) this.scratch = new Rows(count * 2);
    this.copyMerged(slice, goneRows, come);
    this.dropCrowded(slice);
    const { rows } = this.slices;
    this.slices.write(slice, this.scratch, count);
    if (this.slices.rows !== rows) this.crowded.clear();
    this.checkCover(slice, come);
  }

  /** Into the scratch rows: those of the slice that stay, without `goneRows` and with `come` in its places. */
  private copyMerged(slice: number, goneRows: readonly number[], come: readonly Leaf[]): void {
    const { rows } = this.slices;
    const { scratch } = this;
    let from = this.slices.firstRow[slice]!;
    const end = from + this.slices.rowCount[slice]!;
    let at = 0;
    let gone = 0;
    const copyTo = (row: number) => {
      if (row > from) {
        scratch.copy(rows, from, row, at);
        at += row - from;
        from = row;
      }
    };
    const copyUntil = (row: number) => {
      for (; gone < goneRows.length && goneRows[gone]! < row; gone++) {
        copyTo(goneRows[gone]!);
        from = goneRows[gone]! + 1;
      }
      copyTo(row);
    };
    for (const leaf of come) {
      const { hi, lo } = this.startIn(slice, leaf);
      copyUntil(this.firstNotBelow(slice, hi, lo));
      scratch.set(at++, hi, lo, leaf);
    }
    copyUntil(end);
  }

  /** The slices in which a leaf has a row. */
  private *span({ range: { from, to } }: Leaf): Generator<number> {
    const last = this.slices.sliceOf(to.lo > 0 ? to.hi : to.hi - 1);
    for (let slice = this.slices.sliceOf(from.hi); slice <= last; slice++) yield slice;
  }

  /** Where the leaf's row in a slice begins. */
  private startIn(slice: number, { range: { from } }: Leaf): Position {
    const start = this.slices.startOf(slice);
    return from.hi >= start ? from : { hi: start, lo: 0 };
  }

  private rowOf(leaf: Leaf, slice: number): number {
    const { hi, lo } = this.startIn(slice, leaf);
    const row = this.find(hi, lo);
    const { rows } = this.slices;
    const isIt = row >= 0 && rows.shardlet[row] === leaf.id && rows.startsAt(row, hi, lo);
    invariant(isIt, `shardlet ${leaf.id} is not in the route table`);
    return row;
  }

  /** The first row of a slice that does not begin below the position. */
  private firstNotBelow(slice: number, hi: number, lo: number): number {
    const { rows, firstRow, rowCount } = this.slices;
    const first = firstRow[slice]!;
    const above = rows.searchAfter(first, first + rowCount[slice]!, hi, lo);
    return above > first && rows.startsAt(above - 1, hi, lo) ? above - 1 : above;
  }

  /** Each of these leaves must end where the next row begins: so a map with a gap or an overlap is found. */
  private checkCover(slice: number, leaves: readonly Leaf[]): void {
    const { rows, firstRow, rowCount } = this.slices;
    const first = firstRow[slice]!;
    const end = first + rowCount[slice]!;
    invariant(
      end > first && rows.startsAt(first, this.slices.startOf(slice), 0),
      'the first position of a slice has no leaf',
    );
    for (const leaf of leaves) {
      const { to } = leaf.range;
      const { hi, lo } = this.startIn(slice, leaf);
      const next = this.firstNotBelow(slice, hi, lo) + 1;
      const meets =
        next === end ? to.hi >= this.slices.startOf(slice + 1) : rows.startsAt(next, to.hi, to.lo);
      invariant(meets, `the leaves beside shardlet ${leaf.id} do not meet it`);
    }
  }

  private crowdedBucket(at: number, from: number, to: number): CrowdedBucket {
    let found = this.crowded.get(at);
    if (found === undefined) this.crowded.set(at, (found = new CrowdedBucket(this.slices.rows, from, to)));
    return found;
  }

  private dropCrowded(slice: number): void {
    if (this.crowded.size === 0) return;
    const [from, to] = this.slices.startsOf(slice);
    for (let at = from; at < to; at++) this.crowded.delete(at);
  }
}

function byPosition(a: Leaf, b: Leaf): number {
  return comparePositions(a.range.from, b.range.from);
}
