/**
 * The rows of a route table in columns: where a leaf begins, and what a look-up is for. A look-up searches
 * the first column only, which is small enough for the processor's caches (and its page tables) at a
 * million rows; the others are read once a row is found.
 *
 * Ids and epochs are below 2^53 and pass 2^32 after a restore of the topology store, hence doubles.
 */
import { invariant } from '../kernel/index.ts';
import type { Shardlet } from '../topology/index.ts';

const TWO_32 = 0x1_0000_0000;

/** What a row tells of its leaf. */
export type Leaf = Pick<Shardlet, 'id' | 'shard' | 'owner' | 'epoch' | 'range'>;

export class Rows {
  readonly fromHi: Uint32Array;
  readonly fromLo: Uint32Array;
  readonly shardlet: Float64Array;
  readonly epoch: Float64Array;
  readonly owner: Uint32Array;
  readonly shard: Uint16Array;

  constructor(capacity: number) {
    this.fromHi = new Uint32Array(capacity);
    this.fromLo = new Uint32Array(capacity);
    this.shardlet = new Float64Array(capacity);
    this.epoch = new Float64Array(capacity);
    this.owner = new Uint32Array(capacity);
    this.shard = new Uint16Array(capacity);
  }

  get capacity(): number {
    return this.fromHi.length;
  }

  set(row: number, fromHi: number, fromLo: number, leaf: Leaf): void {
    this.fromHi[row] = fromHi;
    this.fromLo[row] = fromLo;
    this.setLeaf(row, leaf);
  }

  setLeaf(row: number, { id, epoch, owner, shard }: Leaf): void {
    invariant(owner < TWO_32, `host id ${owner} does not fit into a route table`);
    this.shardlet[row] = id;
    this.epoch[row] = epoch;
    this.owner[row] = owner;
    this.shard[row] = shard;
  }

  /** Copies the rows [from, to) of `source` to `at`. */
  copy(source: Rows, from: number, to: number, at: number): void {
    this.fromHi.set(source.fromHi.subarray(from, to), at);
    this.fromLo.set(source.fromLo.subarray(from, to), at);
    this.shardlet.set(source.shardlet.subarray(from, to), at);
    this.epoch.set(source.epoch.subarray(from, to), at);
    this.owner.set(source.owner.subarray(from, to), at);
    this.shard.set(source.shard.subarray(from, to), at);
  }

  startsAt(row: number, hi: number, lo: number): boolean {
    return this.fromHi[row] === hi && this.fromLo[row] === lo;
  }

  isAbove(row: number, hi: number, lo: number): boolean {
    const h = this.fromHi[row]!;
    return h > hi || (h === hi && this.fromLo[row]! > lo);
  }

  /** The first row in [from, to) that begins above the position, by halving. */
  searchAfter(from: number, to: number, hi: number, lo: number): number {
    while (from < to) {
      const middle = (from + to) >>> 1;
      if (this.isAbove(middle, hi, lo)) to = middle;
      else from = middle + 1;
    }
    return from;
  }
}
