/**
 * Latencies as counts in logarithmic buckets: a quantile is right within five percent whatever the
 * distribution, and sketches add up. It is the mapping of DDSketch (Masson, Rim, Lee, VLDB 2019) with a fixed
 * range, one microsecond to a quarter of an hour, so a bucket is one byte. The published library keeps its
 * buckets in objects that cost more than the append they measure (docs/telemetry.md has the numbers).
 */
import type { ByteReader, ByteWriter } from './packing.ts';
import { placeOf } from './place-of.ts';

/** How far a quantile may lie from the true one. */
const ACCURACY = 0.05;
const GAMMA = (1 + ACCURACY) / (1 - ACCURACY);
const LOG_GAMMA = Math.log(GAMMA);
/** One byte, with 0 kept for "nothing was measured" where a bucket is stored as a value. */
const BUCKET_MAX = 207;

export function latencyBucket(micros: number): number {
  if (!(micros > 1)) return 0;
  return Math.min(BUCKET_MAX, Math.ceil(Math.log(micros) / LOG_GAMMA));
}

export function latencyOfBucket(bucket: number): number {
  return (2 * GAMMA ** bucket) / (GAMMA + 1);
}

export class LatencySketch {
  /** the few buckets that occur, in the order of their first value: the first `length` of two parallel lists */
  private readonly buckets: number[] = [];
  private readonly counts: number[] = [];
  private length = 0;

  get isEmpty(): boolean {
    return this.length === 0;
  }

  /** As new, with the memory it has. */
  clear(): void {
    this.length = 0;
  }

  add(bucket: number, count: number): void {
    const at = placeOf(bucket, this.buckets, this.length);
    if (at >= 0) this.counts[at]! += count;
    else {
      this.buckets[this.length] = bucket;
      this.counts[this.length] = count;
      this.length++;
    }
  }

  merge(other: LatencySketch): void {
    for (let i = 0; i < other.length; i++) this.add(other.buckets[i]!, other.counts[i]!);
  }

  /** The bucket that holds the quantile; undefined when nothing was measured. */
  quantileBucket(quantile: number): number | undefined {
    const order = Array.from({ length: this.length }, (_, i) => i);
    order.sort((a, b) => this.buckets[a]! - this.buckets[b]!);
    const total = order.reduce((sum, i) => sum + this.counts[i]!, 0);
    let seen = 0;
    for (const i of order) {
      seen += this.counts[i]!;
      if (seen >= quantile * total) return this.buckets[i]!;
    }
    return undefined;
  }

  write(out: ByteWriter): void {
    out.uint(this.length);
    for (let i = 0; i < this.length; i++) {
      out.uint(this.buckets[i]!);
      out.uint(this.counts[i]!);
    }
  }

  addFrom(input: ByteReader): void {
    for (let left = input.uint(); left > 0; left--) {
      const bucket = input.uint();
      this.add(Math.min(bucket, BUCKET_MAX), input.uint());
    }
  }
}
