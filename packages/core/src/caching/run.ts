/**
 * Records of one shardlet that follow one another, in one piece of memory: the frames end to end, with their
 * timestamps and ends beside them. What is given out are views; bytes that were given out are never written again.
 */
import { framePosition, type ReadOptions, type StoredRecord } from '../hosts/index.ts';

/** per record: its timestamp and its end */
const BYTES_PER_RECORD = 12;
/** the object and its three arrays, about */
const BYTES_OF_ITSELF = 512;
const GROWTH = 1.5;

/** Some of the records of a run, as a host would give them: see ReadOptions. */
export interface Portion {
  readonly records: StoredRecord[];
  /** one past the last record looked at */
  readonly nextSeq: number;
  readonly looked: number;
  readonly bytes: number;
}

/** Where records were read. */
export interface Source {
  readonly host: number;
  /** of the replica */
  readonly epoch: number;
  /** all losses up to this version of the map are taken into account, or were known to the replica */
  readonly stamp: number;
}

export class Run implements Source {
  readonly firstSeq: number;
  readonly host: number;
  /** the lowest of all that was read */
  stamp: number;
  /** the highest of all that was read: an older replica may not have all of it */
  epoch: number;
  private count = 0;
  private ts: Float64Array;
  private ends: Uint32Array;
  private frames: Uint8Array;

  /** REQUIRES at least one record; they follow one another. */
  constructor(records: readonly StoredRecord[], { stamp, host, epoch }: Source) {
    this.firstSeq = records[0]!.seq;
    this.stamp = stamp;
    this.host = host;
    this.epoch = epoch;
    this.ts = new Float64Array(records.length);
    this.ends = new Uint32Array(records.length);
    this.frames = new Uint8Array(bytesOf(records));
    this.write(records);
  }

  /** one past its last record */
  get endSeq(): number {
    return this.firstSeq + this.count;
  }

  /** What it takes of the memory, with what it may still grow into. */
  get cost(): number {
    return BYTES_OF_ITSELF + this.ts.length * BYTES_PER_RECORD + this.frames.length;
  }

  /** REQUIRES records that follow its last one, of the same host. */
  append(records: readonly StoredRecord[], { stamp, epoch }: Source): void {
    this.stamp = Math.min(this.stamp, stamp);
    this.epoch = Math.max(this.epoch, epoch);
    const count = this.count + records.length;
    const bytes = this.usedBytes + bytesOf(records);
    if (count > this.ts.length) {
      const room = Math.ceil(count * GROWTH);
      this.ts = resized(this.ts, new Float64Array(room), this.count);
      this.ends = resized(this.ends, new Uint32Array(room), this.count);
    }
    if (bytes > this.frames.length)
      this.frames = resized(this.frames, new Uint8Array(Math.ceil(bytes * GROWTH)), this.usedBytes);
    this.write(records);
  }

  /** Forgets what is above `seq`. What comes instead is written elsewhere, as readers may hold what was here. */
  cutAbove(seq: number): void {
    if (seq >= this.endSeq - 1) return;
    this.count = Math.max(0, seq + 1 - this.firstSeq);
    this.ts = this.ts.slice(0, this.count);
    this.ends = this.ends.slice(0, this.count);
    this.frames = this.frames.slice(0, this.usedBytes);
  }

  /** REQUIRES firstSeq <= from. */
  portion(from: number, { maxRecords, maxBytes, keyHash }: ReadOptions): Portion {
    const records: StoredRecord[] = [];
    const first = from - this.firstSeq;
    const end = Math.min(this.count, first + maxRecords);
    let bytes = 0;
    let at = first;
    while (at < end && bytes < maxBytes) {
      const start = this.startOf(at);
      if (keyHash === undefined || framePosition(this.frames, start).hi === keyHash) {
        const frame = this.frames.subarray(start, this.ends[at]!);
        records.push({ seq: this.firstSeq + at, ts: this.ts[at]!, frame });
        bytes += frame.length;
      }
      at++;
    }
    return { records, nextSeq: this.firstSeq + at, looked: at - first, bytes };
  }

  private get usedBytes(): number {
    return this.startOf(this.count);
  }

  private startOf(at: number): number {
    return at === 0 ? 0 : this.ends[at - 1]!;
  }

  private write(records: readonly StoredRecord[]): void {
    let end = this.usedBytes;
    for (const { ts, frame } of records) {
      this.frames.set(frame, end);
      end += frame.length;
      this.ts[this.count] = ts;
      this.ends[this.count++] = end;
    }
  }
}

function bytesOf(records: readonly StoredRecord[]): number {
  let bytes = 0;
  for (const { frame } of records) bytes += frame.length;
  return bytes;
}

function resized<A extends Float64Array | Uint32Array | Uint8Array>(from: A, to: A, count: number): A {
  to.set(from.subarray(0, count));
  return to;
}
