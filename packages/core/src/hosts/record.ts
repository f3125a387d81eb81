/**
 * The binary frame in which an event travels and is stored, the same on every engine (big-endian):
 *
 *   [0,4)    u32 length n of the payload
 *   [4,8)    position, high half (hash of the key)
 *   [8,24)   identity; its first word is the low half of the position
 *   [24,32)  checksum of all the rest
 *   [32,32+n) payload: the CloudEvent as JSON, UTF-8
 *
 * The checksum travels with the record from the edge to every copy and every reader, so a bit lost on
 * the way or on a disk is found by whoever decodes the frame, and digests can add up checksums instead
 * of reading payloads again.
 */
import { murmur3x128, type Position } from '../keyspace/index.ts';

export const FRAME_HEADER_BYTES = 32;
const CHECKSUM_AT = 24;

const checksumWords = new Uint32Array(4);

function putU32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 24;
  bytes[at + 1] = value >>> 16;
  bytes[at + 2] = value >>> 8;
  bytes[at + 3] = value;
}

function getU32(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;
}

function checksum(bytes: Uint8Array, frameAt: number, frameEnd: number): Uint32Array {
  const seed =
    getU32(bytes, frameAt + 4) ^
    Math.imul(getU32(bytes, frameAt + 8), 3) ^
    Math.imul(getU32(bytes, frameAt + 12), 5) ^
    Math.imul(getU32(bytes, frameAt + 16), 7) ^
    Math.imul(getU32(bytes, frameAt + 20), 11);
  murmur3x128(bytes, frameAt + FRAME_HEADER_BYTES, frameEnd, seed, checksumWords);
  return checksumWords;
}

/**
 * Writes one frame at `at`; the payload is `source[from, to)`. Answers the end of the frame.
 * REQUIRES room for FRAME_HEADER_BYTES + (to - from) bytes.
 */
export function writeFrame(
  target: Uint8Array,
  at: number,
  keyHash: number,
  identity: Uint32Array,
  source: Uint8Array,
  from: number,
  to: number,
): number {
  const end = at + FRAME_HEADER_BYTES + (to - from);
  putU32(target, at, to - from);
  putU32(target, at + 4, keyHash);
  for (let i = 0; i < 4; i++) putU32(target, at + 8 + 4 * i, identity[i]!);
  target.set(source.subarray(from, to), at + FRAME_HEADER_BYTES);
  const sum = checksum(target, at, end);
  putU32(target, at + CHECKSUM_AT, sum[0]!);
  putU32(target, at + CHECKSUM_AT + 4, sum[1]!);
  return end;
}

export function frameLength(bytes: Uint8Array, at: number): number {
  return FRAME_HEADER_BYTES + getU32(bytes, at);
}

export function framePosition(frame: Uint8Array, at = 0): Position {
  return { hi: getU32(frame, at + 4), lo: getU32(frame, at + 8) };
}

/** Key hash and identity as a string of 20 bytes (latin1): equal exactly when two frames are the same event. */
export function frameIdentity(frame: Uint8Array, at = 0): string {
  return String.fromCharCode(...frame.subarray(at + 4, at + CHECKSUM_AT));
}

/** The two words of the checksum as stored. */
export function frameChecksum(frame: Uint8Array, at = 0): readonly [number, number] {
  return [getU32(frame, at + CHECKSUM_AT), getU32(frame, at + CHECKSUM_AT + 4)];
}

export function framePayload(frame: Uint8Array): Uint8Array {
  return frame.subarray(FRAME_HEADER_BYTES);
}

/** False when the frame is cut or any of its bytes changed since the edge wrote it. */
export function frameIsIntact(frame: Uint8Array): boolean {
  if (frame.length < FRAME_HEADER_BYTES || frameLength(frame, 0) !== frame.length) return false;
  const [a, b] = frameChecksum(frame);
  const sum = checksum(frame, 0, frame.length);
  return sum[0] === a && sum[1] === b;
}

/** Cuts concatenated frames apart, without copying. */
export function splitFrames(bytes: Uint8Array): Uint8Array[] {
  const frames: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = at + frameLength(bytes, at);
    frames.push(bytes.subarray(at, end));
    at = end;
  }
  return frames;
}
