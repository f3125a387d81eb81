/**
 * What an edge tells about the load it carried: once a second, per shardlet, only what is not zero. A second
 * without load is told as well: silence means that nothing is known. It travels through a capped Redis
 * stream; a flush that is lost makes a gap, never waits, and is noticed by its missing number.
 */
import { ByteReader, ByteWriter } from './packing.ts';
import {
  checkLoads,
  lastOf,
  type NamedLoads,
  newNamedLoads,
  unpackLoads,
  writeLoadsInTurns,
} from './shardlet-load.ts';

export interface FlushHead {
  readonly edge: string;
  /** the start of the edge's process, ms since the epoch: its flushes are numbered from 1 in each run */
  readonly runMs: number;
  readonly seq: number;
  /** start of the second, ms since the epoch */
  readonly atMs: number;
  readonly duplicates: number;
}

export interface LoadFlush extends FlushHead, NamedLoads {}

/** A flush whose rows are still bytes: the worker adds them up without building each of them. */
export interface PackedFlush extends FlushHead {
  /** surely whole */
  readonly packed: Uint8Array;
}

/** Key of the capped stream in the control Redis, one entry a flush in the field `flush2`. */
export const LOAD_STREAM_KEY = '{foreshard}:load';
/** The number is the version of the format: an entry of another version is skipped, not misread. */
export const LOAD_FLUSH_FIELD = 'flush2';
/** Memory of the control Redis that flushes which wait for the worker may take. */
const STREAM_BYTES_MAX = 64_000_000;
/** Two minutes of two edges at least, three hours at most. */
const STREAM_LENGTH_MIN = 240;
const STREAM_LENGTH_MAX = 20_000;

/** How many entries the stream may keep when they are as large as this one. */
export function loadStreamLength(flushBytes: number): number {
  return Math.min(
    STREAM_LENGTH_MAX,
    Math.max(STREAM_LENGTH_MIN, Math.floor(STREAM_BYTES_MAX / Math.max(1, flushBytes))),
  );
}

export function packFlush(flush: LoadFlush): Uint8Array {
  return lastOf(packFlushInTurns(flush));
}

/** Thousands of rows in one go would keep requests waiting for milliseconds. */
export function* packFlushInTurns(flush: LoadFlush): Generator<void, Uint8Array> {
  const out = new ByteWriter();
  out.text(flush.edge);
  for (const value of [flush.runMs, flush.seq, flush.atMs, flush.duplicates]) out.uint(value);
  yield* writeLoadsInTurns(out, flush);
  return out.finish();
}

/** @throws RangeError when the bytes are no flush */
export function openFlush(bytes: Uint8Array): PackedFlush {
  const input = new ByteReader(bytes);
  const edge = input.text();
  const [runMs, seq, atMs, duplicates] = [input.uint(), input.uint(), input.uint(), input.uint()];
  const packed = input.rest();
  checkLoads(packed);
  return { edge, runMs, seq, atMs, duplicates, packed };
}

/** @throws RangeError when the bytes are no flush */
export function unpackFlush(bytes: Uint8Array): LoadFlush {
  const { packed, ...head } = openFlush(bytes);
  const loads = newNamedLoads();
  unpackLoads(packed, loads);
  return { ...head, ...loads };
}
