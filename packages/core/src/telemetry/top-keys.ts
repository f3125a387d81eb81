/**
 * The keys with the most events, in bounded memory: Space-Saving (Metwally, Agrawal, El Abbadi 2005). A key
 * that takes another's place inherits its count as a possible error; what is told is the count without that
 * error, so a number is never too high: "at least so many".
 */
import type { ByteReader, ByteWriter } from './packing.ts';
import { placeOf } from './place-of.ts';

/** Keys followed; whatever has more than one part in so many of the events is among them. */
const FOLLOWED = 24;
/** Keys told and stored. */
const REPORTED_MAX = 8;

export interface KeyCount {
  readonly keyHash: number;
  /** at least so many events */
  readonly events: number;
}

/** One is enough for all: it is read before the next keys are ranked. The last place is for what falls out. */
const ranked = new Uint8Array(REPORTED_MAX + 1);

const ignored = (): void => {};

export class TopKeys {
  /** three parallel lists, of which the first `followed` places are in use */
  private readonly hashes: number[] = [];
  private readonly counts: number[] = [];
  private readonly errors: number[] = [];
  private followed = 0;
  /** no count is below it */
  private least = 0;

  /** As new, with the memory it has. */
  clear(): void {
    this.followed = 0;
    this.least = 0;
  }

  add(keyHash: number, events: number): void {
    const at = placeOf(keyHash, this.hashes, this.followed);
    if (at >= 0) this.counts[at]! += events;
    else if (this.followed < FOLLOWED) {
      this.hashes[this.followed] = keyHash;
      this.counts[this.followed] = events;
      this.errors[this.followed] = 0;
      this.followed++;
    } else this.replaceLeast(keyHash, events);
  }

  merge(other: TopKeys): void {
    for (const { keyHash, events } of other.reported()) this.add(keyHash, events);
  }

  /** Most events first; equal counts in the order of their hashes. */
  reported(): KeyCount[] {
    return Array.from({ length: this.rank() }, (_, i) => this.keyAt(ranked[i]!));
  }

  /** `tell` hears of every key that is written. */
  write(out: ByteWriter, report: (keyHash: number) => void = ignored): void {
    const count = this.rank();
    out.uint(count);
    for (let i = 0; i < count; i++) {
      const keyHash = this.hashes[ranked[i]!]!;
      out.uint(keyHash);
      out.uint(this.eventsAt(ranked[i]!));
      report(keyHash);
    }
  }

  addFrom(input: ByteReader): void {
    for (let left = input.uint(); left > 0; left--) {
      const keyHash = input.uint();
      this.add(keyHash, input.uint());
    }
  }

  /** Leaves the places of the keys to tell in `ranked`, first things first, and answers how many they are. */
  private rank(): number {
    let count = 0;
    for (let at = 0; at < this.followed; at++) {
      if (this.eventsAt(at) <= 0) continue;
      let place = count;
      while (place > 0 && this.isBefore(at, ranked[place - 1]!)) {
        ranked[place] = ranked[place - 1]!;
        place--;
      }
      ranked[place] = at;
      if (count < REPORTED_MAX) count++;
    }
    return count;
  }

  private isBefore(at: number, other: number): boolean {
    const more = this.eventsAt(at) - this.eventsAt(other);
    return more > 0 || (more === 0 && this.hashes[at]! < this.hashes[other]!);
  }

  private eventsAt(at: number): number {
    return this.counts[at]! - this.errors[at]!;
  }

  private keyAt(at: number): KeyCount {
    return { keyHash: this.hashes[at]!, events: this.eventsAt(at) };
  }

  private replaceLeast(keyHash: number, events: number): void {
    let at = this.counts.indexOf(this.least);
    if (at < 0) {
      this.least = Math.min(...this.counts);
      at = this.counts.indexOf(this.least);
    }
    this.errors[at] = this.counts[at]!;
    this.hashes[at] = keyHash;
    this.counts[at]! += events;
  }
}
