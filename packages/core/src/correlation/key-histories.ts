/**
 * What is known of each key: its last eight types, the set of types seen, the time and attributes of its last event.
 * At most `capacity` keys; a key that was not seen for longest leaves (by a hand that gives each a second chance).
 */
import { invariant } from '../kernel/index.ts';
import type { ByteReader, ByteWriter } from '../telemetry/index.ts';
import { NO_TYPE } from './event-types.ts';
import { hashOfText } from './hashing.ts';
import { checkSize, type Numbers, readNumbers, writeNumbers } from './snapshot.ts';

export const ORDERS_MAX = 8;
const BITS = 31;
/** upper ends of the classes of gaps, ms; two events of the same time are a class of their own */
const GAP_ENDS_MS = [1, 1_000, 10_000, 60_000, 600_000, 3_600_000, 21_600_000, 86_400_000, 604_800_000];
/** A key that has had one event has no gap yet. */
export const NO_GAP = 255;

export class KeyHistories {
  /** [key x 8]: the last type first; NO_TYPE before the first */
  readonly types: Uint16Array;
  /** how many of them are known, at most 8 */
  readonly lengths: Uint8Array;
  /** the history reaches back to the first event of the key */
  readonly isWhole: Uint8Array;
  readonly gaps: Uint8Array;
  /** [key x 8]: when these types came */
  readonly times: Float64Array;
  /** [key x attributes]: hashes of the values of the last event */
  readonly attributes: Int32Array;
  /** two words a key: which types were seen, by their number in 62 classes */
  readonly seen: Int32Array;
  readonly hashes: Int32Array;
  readonly attributeCount: number;
  private readonly capacity: number;
  private readonly slots = new Map<string, number>();
  private readonly names: string[] = [];
  private readonly wasUsed: Uint8Array;
  private hand = 0;

  constructor(capacity: number, attributeCount: number) {
    invariant(capacity > 0, 'histories of at least one key');
    this.capacity = capacity;
    this.attributeCount = attributeCount;
    this.types = new Uint16Array(capacity * ORDERS_MAX).fill(NO_TYPE);
    this.lengths = new Uint8Array(capacity);
    this.isWhole = new Uint8Array(capacity);
    this.gaps = new Uint8Array(capacity).fill(NO_GAP);
    this.times = new Float64Array(capacity * ORDERS_MAX);
    this.attributes = new Int32Array(capacity * attributeCount);
    this.seen = new Int32Array(capacity * 2);
    this.hashes = new Int32Array(capacity);
    this.wasUsed = new Uint8Array(capacity);
  }

  get size(): number {
    return this.names.length;
  }

  slotOf(key: string): number {
    const known = this.slots.get(key);
    if (known !== undefined) {
      this.wasUsed[known] = 1;
      return known;
    }
    return this.admit(key);
  }

  /** `undefined` for a key that is not kept; nothing is admitted for it */
  find(key: string): number | undefined {
    return this.slots.get(key);
  }

  nameOf(slot: number): string {
    return this.names[slot]!;
  }

  push(slot: number, type: number, timeMs: number, attributes: readonly string[]): void {
    const { types, times, lengths, attributeCount } = this;
    const first = slot * ORDERS_MAX;
    if (lengths[slot]! > 0) this.gaps[slot] = gapClass(timeMs - times[first]!);
    for (let i = first + ORDERS_MAX - 1; i > first; i--) {
      types[i] = types[i - 1]!;
      times[i] = times[i - 1]!;
    }
    types[first] = type;
    times[first] = timeMs;
    if (lengths[slot]! < ORDERS_MAX) lengths[slot]!++;
    const bit = type % (2 * BITS);
    this.seen[2 * slot + (bit < BITS ? 0 : 1)]! |= 1 << (bit % BITS);
    for (let i = 0; i < attributeCount; i++) {
      this.attributes[slot * attributeCount + i] = hashOfText(attributes[i] ?? '');
    }
  }

  /** Events were lost: no context may span them. What was learned from earlier ones stays. */
  forget(): void {
    for (let slot = 0; slot < this.names.length; slot++) this.clear(slot, 0);
  }

  write(out: ByteWriter): void {
    out.uint(this.capacity);
    out.uint(this.attributeCount);
    out.uint(this.hand);
    out.uint(this.names.length);
    for (const name of this.names) out.text(name);
    for (const numbers of this.columns()) writeNumbers(out, numbers);
  }

  /** REQUIRES that no key was seen yet. */
  read(input: ByteReader): void {
    checkSize(input, this.capacity, 'capacity of keys');
    checkSize(input, this.attributeCount, 'number of attributes');
    this.hand = input.uint();
    const size = input.uint();
    for (let slot = 0; slot < size; slot++) {
      const name = input.text();
      this.names.push(name);
      this.slots.set(name, slot);
    }
    for (const numbers of this.columns()) readNumbers(input, numbers);
  }

  /** What is known of the keys seen so far. */
  private columns(): Numbers[] {
    const keys = this.names.length;
    return [
      this.types.subarray(0, keys * ORDERS_MAX),
      this.times.subarray(0, keys * ORDERS_MAX),
      this.attributes.subarray(0, keys * this.attributeCount),
      this.seen.subarray(0, keys * 2),
      ...[this.lengths, this.isWhole, this.gaps, this.wasUsed].map((each) => each.subarray(0, keys)),
      this.hashes.subarray(0, keys),
    ];
  }

  private admit(key: string): number {
    const slot = this.names.length < this.capacity ? this.names.length : this.leaving();
    const before = this.names[slot];
    if (before !== undefined) this.slots.delete(before);
    this.names[slot] = key;
    this.slots.set(key, slot);
    this.hashes[slot] = hashOfText(key);
    this.wasUsed[slot] = 1;
    this.clear(slot, 1);
    return slot;
  }

  private leaving(): number {
    while (this.wasUsed[this.hand] === 1) {
      this.wasUsed[this.hand] = 0;
      this.hand = (this.hand + 1) % this.capacity;
    }
    const slot = this.hand;
    this.hand = (this.hand + 1) % this.capacity;
    return slot;
  }

  private clear(slot: number, isWhole: number): void {
    const { attributeCount } = this;
    this.types.fill(NO_TYPE, slot * ORDERS_MAX, (slot + 1) * ORDERS_MAX);
    this.lengths[slot] = 0;
    this.isWhole[slot] = isWhole;
    this.gaps[slot] = NO_GAP;
    this.seen.fill(0, 2 * slot, 2 * slot + 2);
    this.attributes.fill(0, slot * attributeCount, (slot + 1) * attributeCount);
  }
}

function gapClass(gapMs: number): number {
  let i = 0;
  while (i < GAP_ENDS_MS.length && gapMs >= GAP_ENDS_MS[i]!) i++;
  return i;
}
