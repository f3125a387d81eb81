/**
 * What followed each context, in bounded memory: for every context the types that came after it, each with a count in a
 * short and in a long memory. Both fade with the visits of their own context, so a rare context is not forgotten
 * because others are busy. Instead of fading all counts at each visit the weight of a new visit grows.
 *
 * Contexts stand in groups of four. One that finds its group full takes the place of the least used, and each that is
 * refused nothing ages the others, so contexts that came once leave first.
 *
 * All that belongs to a context stands in one row, so that a visit touches two or three lines of the processor's cache.
 */
import { invariant } from '../kernel/index.ts';
import type { ByteReader, ByteWriter } from '../telemetry/index.ts';
import { checkSize, readNumbers, writeNumbers } from './snapshot.ts';

const GROUP = 4;
const USES_MAX = 255;
/** the four numbers before the counts of a row */
export const WEIGHT_LONG = 0;
export const TOTAL_LONG = 1;
export const WEIGHT_SHORT = 2;
export const TOTAL_SHORT = 3;
export const FIRST_COUNT = 4;
/** beyond this the counts of a row are scaled down; far below the largest number of 32 bits */
const WEIGHT_MAX = 1e12;

export interface Memories {
  /** visits of a context after which an event counts half */
  readonly long: number;
  readonly short: number;
}

export class ContextTable {
  readonly width: number;
  /** numbers of 32 bits a row: two weights and totals, counts of the long memory, counts of the short one, types, size and uses */
  readonly stride: number;
  readonly rows: Float32Array;
  /** the same memory: types from `typesAt` of a row on, nearly in order of their counts */
  readonly halves: Uint16Array;
  private readonly bytes: Uint8Array;
  /** [slot]: the hash of its context, 0 where there is none */
  private readonly tags: Int32Array;
  private readonly mask: number;
  private readonly growLong: number;
  private readonly growShort: number;
  private readonly typesFrom: number;
  private readonly sizeFrom: number;

  /** REQUIRES slots that are a power of two, and an even width. */
  constructor(slots: number, width: number, memories: Memories) {
    invariant(slots >= GROUP && (slots & (slots - 1)) === 0, 'slots: a power of two');
    invariant(width % 2 === 0, 'an even width');
    this.width = width;
    this.typesFrom = 2 * (FIRST_COUNT + 2 * width);
    this.sizeFrom = 2 * this.typesFrom + 2 * width;
    this.stride = this.sizeFrom / 4 + 1;
    this.mask = (slots - 1) & ~(GROUP - 1);
    this.tags = new Int32Array(slots);
    this.rows = new Float32Array(slots * this.stride);
    this.halves = new Uint16Array(this.rows.buffer);
    this.bytes = new Uint8Array(this.rows.buffer);
    this.growLong = 2 ** (1 / memories.long);
    this.growShort = 2 ** (1 / memories.short);
  }

  /** The slot of a context, -1 if it is not known. */
  find(hash: number): number {
    const { tags } = this;
    const first = hash & this.mask;
    if (tags[first] === hash) return first;
    if (tags[first + 1] === hash) return first + 1;
    if (tags[first + 2] === hash) return first + 2;
    return tags[first + 3] === hash ? first + 3 : -1;
  }

  /** How many types are listed. */
  sizeOf(slot: number): number {
    return this.bytes[slot * this.stride * 4 + this.sizeFrom]!;
  }

  /** Where the types of a slot start in `halves`. */
  typesAt(slot: number): number {
    return slot * this.stride * 2 + this.typesFrom;
  }

  /** A slot for a context that is not known: an empty one, or that of the least used of its group. */
  claim(hash: number): number {
    const first = hash & this.mask;
    let slot = first;
    for (let i = first; i < first + GROUP; i++) if (this.usesOf(i) < this.usesOf(slot)) slot = i;
    if (this.tags[slot] !== 0)
      for (let i = first; i < first + GROUP; i++) if (this.usesOf(i) > 0) this.setUses(i, this.usesOf(i) - 1);
    this.tags[slot] = hash;
    const row = slot * this.stride;
    this.rows.fill(0, row, row + this.stride);
    this.rows[row + WEIGHT_LONG] = 1;
    this.rows[row + WEIGHT_SHORT] = 1;
    return slot;
  }

  learn(slot: number, type: number): void {
    const { rows, width } = this;
    const row = slot * this.stride;
    const uses = this.usesOf(slot);
    if (uses < USES_MAX) this.setUses(slot, uses + 1);
    const place = this.placeOf(slot, type);
    const long = rows[row + WEIGHT_LONG]! * this.growLong;
    const short = rows[row + WEIGHT_SHORT]! * this.growShort;
    rows[row + WEIGHT_LONG] = long;
    rows[row + TOTAL_LONG]! += long;
    rows[row + WEIGHT_SHORT] = short;
    rows[row + TOTAL_SHORT]! += short;
    rows[row + FIRST_COUNT + place]! += long;
    rows[row + FIRST_COUNT + width + place]! += short;
    if (place > 0) this.raise(slot, place);
    if (short > WEIGHT_MAX) this.scale(row, WEIGHT_SHORT, FIRST_COUNT + width);
    if (long > WEIGHT_MAX) this.scale(row, WEIGHT_LONG, FIRST_COUNT);
  }

  /** Only the slots in use. */
  write(out: ByteWriter): void {
    const { tags, stride } = this;
    const used = Uint32Array.from(tags.keys()).filter((slot) => tags[slot] !== 0);
    out.uint(tags.length);
    out.uint(stride);
    out.uint(used.length);
    writeNumbers(out, used);
    for (const slot of used) {
      writeNumbers(out, tags.subarray(slot, slot + 1));
      writeNumbers(out, this.rows.subarray(slot * stride, (slot + 1) * stride));
    }
  }

  /** REQUIRES that nothing was learned yet. */
  read(input: ByteReader): void {
    const { tags, stride } = this;
    checkSize(input, tags.length, 'number of contexts');
    checkSize(input, stride, 'width of contexts');
    const used = new Uint32Array(input.uint());
    readNumbers(input, used);
    for (const slot of used) {
      readNumbers(input, tags.subarray(slot, slot + 1));
      readNumbers(input, this.rows.subarray(slot * stride, (slot + 1) * stride));
    }
  }

  private usesOf(slot: number): number {
    return this.bytes[slot * this.stride * 4 + this.sizeFrom + 1]!;
  }

  private setUses(slot: number, uses: number): void {
    this.bytes[slot * this.stride * 4 + this.sizeFrom + 1] = uses;
  }

  /** Where the type stands in the list; a new one in a full list takes the place of the rarest. */
  private placeOf(slot: number, type: number): number {
    const { halves, rows, width } = this;
    const list = this.typesAt(slot);
    const size = this.sizeOf(slot);
    for (let i = 0; i < size; i++) if (halves[list + i] === type) return i;
    if (size < width) {
      halves[list + size] = type;
      this.bytes[slot * this.stride * 4 + this.sizeFrom] = size + 1;
      return size;
    }
    const counts = slot * this.stride + FIRST_COUNT;
    let rarest = 0;
    for (let i = 1; i < width; i++) if (rows[counts + i]! < rows[counts + rarest]!) rarest = i;
    halves[list + rarest] = type;
    rows[counts + rarest] = 0;
    rows[counts + width + rarest] = 0;
    return rarest;
  }

  /** Lists are nearly in order, most frequent first: one step at a time. */
  private raise(slot: number, place: number): void {
    const { halves, rows, width } = this;
    const count = slot * this.stride + FIRST_COUNT + place;
    if (rows[count]! <= rows[count - 1]!) return;
    swap(rows, count);
    swap(rows, count + width);
    swap(halves, this.typesAt(slot) + place);
  }

  private scale(row: number, weight: number, counts: number): void {
    const { rows, width } = this;
    const by = 1 / rows[row + weight]!;
    rows[row + weight] = 1;
    rows[row + weight + 1]! *= by;
    for (let i = row + counts; i < row + counts + width; i++) rows[i]! *= by;
  }
}

function swap(values: Float32Array | Uint16Array, at: number): void {
  const value = values[at]!;
  values[at] = values[at - 1]!;
  values[at - 1] = value;
}
