/**
 * What a look-up is for, one slot a leaf: shardlet, shard, owner, epoch. Slots of ended leaves are used
 * again. Ids and epochs are below 2^53 and pass 2^32 after a restore of T, hence doubles.
 */
import type { Shardlet } from '../topology/index.ts';

export class SlotColumns {
  shardlet: Float64Array;
  owner: Float64Array;
  epoch: Float64Array;
  shard: Uint16Array;
  private used = 0;
  private readonly free: number[] = [];

  constructor(capacity: number) {
    this.shardlet = new Float64Array(capacity);
    this.owner = new Float64Array(capacity);
    this.epoch = new Float64Array(capacity);
    this.shard = new Uint16Array(capacity);
  }

  take(leaf: Shardlet): number {
    const slot = this.free.pop() ?? this.used++;
    if (slot >= this.shardlet.length) this.grow();
    this.put(slot, leaf);
    return slot;
  }

  put(slot: number, leaf: Shardlet): void {
    this.shardlet[slot] = leaf.id;
    this.owner[slot] = leaf.owner;
    this.epoch[slot] = leaf.epoch;
    this.shard[slot] = leaf.shard;
  }

  release(slot: number): void {
    this.free.push(slot);
  }

  private grow(): void {
    const capacity = Math.max(16, Math.ceil(this.shardlet.length * 1.5));
    this.shardlet = grown(this.shardlet, new Float64Array(capacity));
    this.owner = grown(this.owner, new Float64Array(capacity));
    this.epoch = grown(this.epoch, new Float64Array(capacity));
    this.shard = grown(this.shard, new Uint16Array(capacity));
  }
}

function grown<A extends Float64Array | Uint16Array>(old: A, larger: A): A {
  larger.set(old);
  return larger;
}
