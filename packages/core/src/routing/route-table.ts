/**
 * Where each position of one stream goes now: the leaves of the map, compiled for look-ups. A leaf in
 * `opening` or `moving` routes to its owner like an open one: the host's fence decides, not the map.
 *
 * Positions are two unsigned 32-bit halves in typed arrays; no object and no BigInt is touched by a
 * look-up. Rows are ordered by position and refer to slots; a slot holds what a look-up is for. So a
 * change of the map copies 16 bytes a row, by segments between the touched rows, and the columns stay.
 *
 * A slot is good until the next `apply`: never keep one across an await.
 */
import { invariant } from '../kernel/index.ts';
import { comparePositions, END, type Position } from '../keyspace/index.ts';
import type { Shardlet } from '../topology/index.ts';
import { BucketIndex, bucketBits, type Touch } from './bucket-index.ts';
import { CrowdedBucket, SCAN_MAX } from './crowded-bucket.ts';
import { Rows, WORDS_PER_ROW } from './rows.ts';
import { SlotColumns } from './slot-columns.ts';

/** Room for leaves to come, so that most changes allocate nothing. */
const HEADROOM = 1.25;

export class RouteTable {
  private size: number;
  private rows: Rows;
  /** the rows before the last change, written over by the next one: a change allocates nothing */
  private spare: Rows;
  private index: BucketIndex;
  /** of the buckets with more rows than a scan is good for; made when first asked for */
  private readonly crowded = new Map<number, CrowdedBucket>();
  private readonly columns: SlotColumns;

  /** REQUIRES leaves that cover the whole space exactly once, or none at all. */
  constructor(leaves: Iterable<Shardlet>) {
    const sorted = [...leaves].sort(byPosition);
    this.size = sorted.length;
    const capacity = Math.ceil(this.size * HEADROOM) + 16;
    this.columns = new SlotColumns(capacity);
    this.rows = new Rows(capacity);
    this.spare = new Rows(capacity);
    for (let row = 0; row < this.size; row++) {
      this.rows.set(row, sorted[row]!.range.from, this.columns.take(sorted[row]!));
    }
    this.index = new BucketIndex(bucketBits(this.size), this.rows, this.size);
    this.checkCover(sorted);
  }

  get shardletCount(): number {
    return this.size;
  }

  /** The slot of the leaf that covers this position; -1 when the table is empty. */
  find(hi: number, lo: number): number {
    const { words } = this.rows;
    const { starts } = this.index;
    const bucket = hi >>> this.index.shift;
    const end = starts[bucket + 1]!;
    let row = starts[bucket]!;
    if (end - row > SCAN_MAX) row = this.crowdedBucket(bucket, row, end).rowsUpTo(this.rows, row, hi, lo);
    else {
      let at = row * WORDS_PER_ROW;
      while (row < end && (words[at]! < hi || (words[at] === hi && words[at + 1]! <= lo))) {
        row++;
        at += WORDS_PER_ROW;
      }
    }
    return row === 0 ? -1 : words[(row - 1) * WORDS_PER_ROW + 2]!;
  }

  private crowdedBucket(bucket: number, from: number, to: number): CrowdedBucket {
    let found = this.crowded.get(bucket);
    if (found === undefined) this.crowded.set(bucket, (found = new CrowdedBucket(this.rows, from, to)));
    return found;
  }

  shardletAt(slot: number): number {
    return this.columns.shardlet[slot]!;
  }

  shardAt(slot: number): number {
    return this.columns.shard[slot]!;
  }

  /** the id of the owning host */
  ownerAt(slot: number): number {
    return this.columns.owner[slot]!;
  }

  epochAt(slot: number): number {
    return this.columns.epoch[slot]!;
  }

  /**
   * Takes over one change of the map: the leaves that it ended or replaced, and those that hold after it.
   * REQUIRES every one of `before` to be in the table, and that both cover the same positions.
   */
  apply(before: readonly Shardlet[], after: readonly Shardlet[]): void {
    const gone = [...before].sort(byPosition);
    const come = [...after].sort(byPosition);
    if (gone.length === come.length && gone.every((s, i) => s.id === come[i]!.id)) this.replace(come);
    else this.merge(gone, come);
  }

  private replace(leaves: readonly Shardlet[]): void {
    for (const leaf of leaves) this.columns.put(this.rows.slotAt(this.rowStartingAt(leaf)), leaf);
  }

  private merge(gone: readonly Shardlet[], come: readonly Shardlet[]): void {
    const goneRows = gone.map((leaf) => this.rowStartingAt(leaf));
    for (const row of goneRows) this.columns.release(this.rows.slotAt(row));
    const size = this.size - gone.length + come.length;
    const target = this.spare.capacity >= size ? this.spare : new Rows(Math.ceil(size * HEADROOM));
    this.copyMerged(target, goneRows, come);
    this.spare = this.rows;
    this.rows = target;
    this.size = size;
    const touched = touches(gone, come);
    if (bucketBits(size) === 32 - this.index.shift) {
      this.index.apply(touched);
      for (const { hi } of touched) this.crowded.delete(hi >>> this.index.shift);
    } else {
      this.index = new BucketIndex(bucketBits(size), target, size);
      this.crowded.clear();
    }
    this.checkCover(come);
  }

  /** Copies the rows that stay in segments, leaving out `goneRows` and putting `come` in its places. */
  private copyMerged(target: Rows, goneRows: readonly number[], come: readonly Shardlet[]): void {
    let from = 0;
    let at = 0;
    let gone = 0;
    const copyUntil = (row: number) => {
      for (; gone < goneRows.length && goneRows[gone]! < row; gone++) {
        target.copy(this.rows, from, goneRows[gone]!, at);
        at += goneRows[gone]! - from;
        from = goneRows[gone]! + 1;
      }
      target.copy(this.rows, from, row, at);
      at += Math.max(0, row - from);
      from = Math.max(from, row);
    };
    for (const leaf of come) {
      copyUntil(this.rowsBefore(leaf.range.from));
      target.set(at++, leaf.range.from, this.columns.take(leaf));
    }
    copyUntil(this.size);
  }

  /** How many rows begin below this position. */
  private rowsBefore(position: Position): number {
    const after = this.rows.searchAfter(0, this.size, position.hi, position.lo);
    return after > 0 && this.rows.startsAt(after - 1, position) ? after - 1 : after;
  }

  private rowStartingAt(leaf: Shardlet): number {
    const row = this.rowsBefore(leaf.range.from);
    invariant(
      row < this.size && this.columns.shardlet[this.rows.slotAt(row)] === leaf.id,
      `shardlet ${leaf.id} is not in the route table`,
    );
    return row;
  }

  /** Each of these leaves must end where the next row begins: so a map with a gap or an overlap is found. */
  private checkCover(leaves: readonly Shardlet[]): void {
    invariant(this.size === 0 || this.rows.startsAt(0, { hi: 0, lo: 0 }), 'the first position has no leaf');
    for (const { id, range } of leaves) {
      const next = comparePositions(range.to, END) === 0 ? this.size : this.rowsBefore(range.to);
      const own = next - 1;
      invariant(
        own >= 0 &&
          this.rows.startsAt(own, range.from) &&
          (next === this.size || this.rows.startsAt(next, range.to)),
        `the leaves beside shardlet ${id} do not meet it`,
      );
    }
  }
}

function byPosition(a: Shardlet, b: Shardlet): number {
  return comparePositions(a.range.from, b.range.from);
}

function touches(gone: readonly Shardlet[], come: readonly Shardlet[]): Touch[] {
  return [
    ...gone.map((s): Touch => ({ hi: s.range.from.hi, by: -1 })),
    ...come.map((s): Touch => ({ hi: s.range.from.hi, by: 1 })),
  ].sort((a, b) => a.hi - b.hi);
}
