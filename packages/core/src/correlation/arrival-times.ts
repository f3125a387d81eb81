/**
 * How long after the last event of a key its next one comes, by the pair of types and, where that pair is new, by the last type:
 * the mean of the logarithm of the gap, fading, so that one pause of a week does not hide a hundred gaps of a second. In a table
 * of fixed size, where a pair takes the place of another with the same hash.
 */
import type { ByteReader, ByteWriter } from '../telemetry/index.ts';
import { combined } from './hashing.ts';
import { checkSize, readNumbers, writeNumbers } from './snapshot.ts';

/** a gap weighs at least this much against those before it */
const WEIGHT_MIN = 1 / 32;
const ANY_NEXT = -1;

export class ArrivalTimes {
  private readonly tags: Int32Array;
  private readonly means: Float64Array;
  private readonly counts: Float64Array;

  /** REQUIRES a power of two. */
  constructor(places: number) {
    this.tags = new Int32Array(places);
    this.means = new Float64Array(places);
    this.counts = new Float64Array(places);
  }

  observe(last: number, next: number, gapMs: number): void {
    this.add(combined(last, next), gapMs);
    this.add(combined(last, ANY_NEXT), gapMs);
  }

  /** `undefined` where no gap after `last` was seen. */
  gapMs(last: number, next: number): number | undefined {
    return this.mean(combined(last, next)) ?? this.mean(combined(last, ANY_NEXT));
  }

  write(out: ByteWriter): void {
    out.uint(this.tags.length);
    for (const numbers of [this.tags, this.means, this.counts]) writeNumbers(out, numbers);
  }

  read(input: ByteReader): void {
    checkSize(input, this.tags.length, 'number of gaps');
    for (const numbers of [this.tags, this.means, this.counts]) readNumbers(input, numbers);
  }

  private add(hash: number, gapMs: number): void {
    const at = hash & (this.tags.length - 1);
    if (this.tags[at] !== hash) {
      this.tags[at] = hash;
      this.means[at] = 0;
      this.counts[at] = 0;
    }
    this.counts[at]! += 1;
    const log = Math.log1p(Math.max(0, gapMs));
    this.means[at]! += Math.max(1 / this.counts[at]!, WEIGHT_MIN) * (log - this.means[at]!);
  }

  private mean(hash: number): number | undefined {
    const at = hash & (this.tags.length - 1);
    return this.tags[at] === hash && this.counts[at]! > 0 ? Math.expm1(this.means[at]!) : undefined;
  }
}
