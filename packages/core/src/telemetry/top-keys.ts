/**
 * The keys with the most events, in bounded memory: Space-Saving (Metwally, Agrawal, El Abbadi 2005). A key
 * that takes another's place inherits its count as a possible error; what is told is the count without that
 * error, so a number is never too high: "at least so many".
 */
import type { ByteReader, ByteWriter } from './packing.ts';

/** Keys followed; whatever has more than one part in so many of the events is among them. */
const FOLLOWED = 24;
/** Keys told and stored. */
const TOLD = 8;

export interface KeyCount {
  readonly keyHash: number;
  /** at least so many events */
  readonly events: number;
}

export class TopKeys {
  private readonly hashes: number[] = [];
  private readonly counts: number[] = [];
  private readonly errors: number[] = [];
  /** no count is below it */
  private least = 0;

  add(keyHash: number, events: number): void {
    const at = this.hashes.indexOf(keyHash);
    if (at >= 0) this.counts[at]! += events;
    else if (this.hashes.length < FOLLOWED) {
      this.hashes.push(keyHash);
      this.counts.push(events);
      this.errors.push(0);
    } else this.replaceLeast(keyHash, events);
  }

  merge(other: TopKeys): void {
    for (const { keyHash, events } of other.told()) this.add(keyHash, events);
  }

  /** Most events first; equal counts in the order of their hashes. */
  told(): KeyCount[] {
    return this.hashes
      .map((keyHash, i) => ({ keyHash, events: this.counts[i]! - this.errors[i]! }))
      .filter(({ events }) => events > 0)
      .sort((a, b) => b.events - a.events || a.keyHash - b.keyHash)
      .slice(0, TOLD);
  }

  write(out: ByteWriter): void {
    const told = this.told();
    out.uint(told.length);
    for (const { keyHash, events } of told) {
      out.uint(keyHash);
      out.uint(events);
    }
  }

  addFrom(input: ByteReader): void {
    for (let left = input.uint(); left > 0; left--) {
      const keyHash = input.uint();
      this.add(keyHash, input.uint());
    }
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
