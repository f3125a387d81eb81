/**
 * The types of events as small numbers, at most `capacity` of them: Space-Saving (Metwally, Agrawal, El Abbadi 2005) over
 * groups of eight, so that a million types that come once do not push out those that come often. A number that changes
 * hands leaves counts of its old type behind; they fade like all others.
 */
import { invariant } from '../kernel/index.ts';
import type { ByteReader, ByteWriter } from '../telemetry/index.ts';
import { checkSize, readNumbers, writeNumbers } from './snapshot.ts';

/** Longer names share a number with all names that start alike. */
const NAME_CHARS_MAX = 128;
const GROUP = 8;
/** counts are halved when they add up to this, so old types make room */
const TOTAL_MAX = 1 << 22;

/** No type has this number. */
export const NO_TYPE = 0xffff;

export class EventTypes {
  readonly counts: Float64Array;
  private readonly names: (string | undefined)[] = [];
  private readonly ids = new Map<string, number>();
  private readonly capacity: number;
  private hand = 0;
  total = 0;

  /** REQUIRES a multiple of eight below 65,535. */
  constructor(capacity: number) {
    invariant(capacity > 0 && capacity < NO_TYPE && capacity % GROUP === 0, 'capacity of types');
    this.capacity = capacity;
    this.counts = new Float64Array(capacity);
  }

  /** how many are known */
  get size(): number {
    return this.names.length;
  }

  /** `undefined` for a type that is not known (any more). */
  find(name: string): number | undefined {
    return this.ids.get(name.length > NAME_CHARS_MAX ? name.slice(0, NAME_CHARS_MAX) : name);
  }

  /** of all events, with room for types not seen yet */
  shareOf(id: number): number {
    return this.counts[id]! / (this.total + this.size + 1);
  }

  /** the share of types not seen yet */
  get novelty(): number {
    return (this.size + 1) / (this.total + this.size + 1);
  }

  nameOf(id: number): string | undefined {
    return this.names[id];
  }

  /** Counts the type once, and gives it a number if it has none. */
  count(name: string): number {
    const id = this.find(name) ?? this.admit(name.slice(0, NAME_CHARS_MAX));
    this.counts[id]! += 1;
    this.total += 1;
    if (this.total >= TOTAL_MAX) this.halve();
    return id;
  }

  write(out: ByteWriter): void {
    out.uint(this.capacity);
    out.uint(this.hand);
    out.uint(this.names.length);
    for (const name of this.names) out.text(name!);
    writeNumbers(out, Float64Array.of(this.total));
    writeNumbers(out, this.counts.subarray(0, this.names.length));
  }

  /** REQUIRES that nothing was counted yet. */
  read(input: ByteReader): void {
    checkSize(input, this.capacity, 'capacity of types');
    this.hand = input.uint();
    const size = input.uint();
    for (let id = 0; id < size; id++) {
      const name = input.text();
      this.names.push(name);
      this.ids.set(name, id);
    }
    const total = new Float64Array(1);
    readNumbers(input, total);
    this.total = total[0]!;
    readNumbers(input, this.counts.subarray(0, size));
  }

  private admit(name: string): number {
    const id = this.names.length < this.capacity ? this.names.length : this.leastOfGroup();
    const before = this.names[id];
    if (before !== undefined) {
      this.ids.delete(before);
      this.total -= this.counts[id]!;
      this.counts[id] = 0;
    }
    this.names[id] = name;
    this.ids.set(name, id);
    return id;
  }

  private leastOfGroup(): number {
    let least = this.hand;
    for (let id = this.hand + 1; id < this.hand + GROUP; id++)
      if (this.counts[id]! < this.counts[least]!) least = id;
    this.hand = (this.hand + GROUP) % this.capacity;
    return least;
  }

  private halve(): void {
    for (let id = 0; id < this.names.length; id++) this.counts[id]! /= 2;
    this.total /= 2;
  }
}
