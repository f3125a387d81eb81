/**
 * What the sampled events of one shardlet look like. Everything in it merges: of edges, of ten seconds into
 * minutes, of minutes into hours. The sketches are those of the telemetry; their docs name the papers.
 */
import {
  type ByteReader,
  type ByteWriter,
  DistinctKeys,
  LatencySketch,
  latencyBucket,
  latencyOfBucket,
  TopKeys,
} from '../telemetry/index.ts';
import { Moments } from './moments.ts';

export class NumberProfile {
  readonly moments = new Moments();
  missing = 0;
}

export class KeyProfile {
  readonly distinct = new DistinctKeys();
  readonly top = new TopKeys();
  present = 0;
  missing = 0;
}

export class ShardletProfile {
  /** bytes of each sampled event */
  readonly sizes = new Moments();
  /** logarithmic buckets, right within 5 % for whatever is above one */
  readonly sizeSketch = new LatencySketch();
  readonly numbers = new Map<string, NumberProfile>();
  readonly keys = new Map<string, KeyProfile>();

  get samples(): number {
    return this.sizes.count;
  }

  addSize(bytes: number): void {
    this.sizes.add(bytes);
    this.sizeSketch.add(latencyBucket(bytes), 1);
  }

  addNumber(pointer: string, value: unknown): void {
    const profile = entry(this.numbers, pointer, () => new NumberProfile());
    if (typeof value === 'number' && Number.isFinite(value)) profile.moments.add(value);
    else profile.missing++;
  }

  /** `hash` undefined: there was no value. */
  addKey(pointer: string, hash: number | undefined): void {
    const profile = entry(this.keys, pointer, () => new KeyProfile());
    if (hash === undefined) {
      profile.missing++;
      return;
    }
    profile.present++;
    profile.distinct.add(hash);
    profile.top.add(hash, 1);
  }

  /** Of the sizes; undefined when nothing was sampled. */
  sizeQuantile(quantile: number): number | undefined {
    const bucket = this.sizeSketch.quantileBucket(quantile);
    return bucket === undefined ? undefined : latencyOfBucket(bucket);
  }

  merge(other: ShardletProfile): void {
    this.sizes.merge(other.sizes);
    this.sizeSketch.merge(other.sizeSketch);
    for (const [pointer, from] of other.numbers) {
      const into = entry(this.numbers, pointer, () => new NumberProfile());
      into.moments.merge(from.moments);
      into.missing += from.missing;
    }
    for (const [pointer, from] of other.keys) {
      const into = entry(this.keys, pointer, () => new KeyProfile());
      into.distinct.merge(from.distinct);
      into.top.merge(from.top);
      into.present += from.present;
      into.missing += from.missing;
    }
  }

  write(out: ByteWriter, indexOf: (pointer: string) => number): void {
    this.sizes.write(out);
    this.sizeSketch.write(out);
    out.uint(this.numbers.size);
    for (const [pointer, { moments, missing }] of this.numbers) {
      out.uint(indexOf(pointer));
      out.uint(missing);
      moments.write(out);
    }
    out.uint(this.keys.size);
    for (const [pointer, { distinct, top, present, missing }] of this.keys) {
      out.uint(indexOf(pointer));
      out.uint(present);
      out.uint(missing);
      distinct.write(out);
      top.write(out);
    }
  }

  static read(input: ByteReader, pointers: readonly string[]): ShardletProfile {
    const profile = new ShardletProfile();
    profile.sizes.merge(Moments.read(input));
    profile.sizeSketch.addFrom(input);
    for (let left = input.uint(); left > 0; left--) {
      const number = entry(profile.numbers, pointers[input.uint()] ?? '', () => new NumberProfile());
      number.missing += input.uint();
      number.moments.merge(Moments.read(input));
    }
    for (let left = input.uint(); left > 0; left--) {
      const key = entry(profile.keys, pointers[input.uint()] ?? '', () => new KeyProfile());
      key.present += input.uint();
      key.missing += input.uint();
      key.distinct.addFrom(input);
      key.top.addFrom(input);
    }
    return profile;
  }
}

function entry<V>(map: Map<string, V>, key: string, make: () => V): V {
  let value = map.get(key);
  if (value === undefined) map.set(key, (value = make()));
  return value;
}
