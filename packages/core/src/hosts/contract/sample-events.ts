/** Frames for tests: event n is always the same event, and says so in its payload. */
import { hashKey, identify } from '../../keyspace/index.ts';
import { FRAME_HEADER_BYTES, frameLength, writeFrame } from '../record.ts';

const encoder = new TextEncoder();

export interface SampleOptions {
  readonly key?: string;
  readonly payloadBytes?: number;
  /** instead of the identity that key and n give */
  readonly identity?: Uint32Array;
}

export function sampleFrame(n: number, options: SampleOptions = {}): Uint8Array {
  const keyHash = hashKey(options.key ?? `key-${n % 7}`);
  const identity = options.identity ?? new Uint32Array(4);
  if (options.identity === undefined) identify(keyHash, 'contract', `event-${n}`, identity);
  const payload = encoder.encode(`{"n":${n}}`.padEnd(options.payloadBytes ?? 0));
  const frame = new Uint8Array(FRAME_HEADER_BYTES + payload.length);
  writeFrame(frame, 0, keyHash, identity, payload, 0, payload.length);
  return frame;
}

/** Two different events of one key whose 7 id bytes agree: only the last word of the identity differs. */
export function collidingFrames(): [Uint8Array, Uint8Array] {
  const like = (last: number) =>
    sampleFrame(last, { key: 'collision', identity: new Uint32Array([5, 0xaabbccdd, 0x11223344, last]) });
  return [like(1), like(2)];
}

export function concatFrames(frames: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(frames.reduce((sum, frame) => sum + frame.length, 0));
  let at = 0;
  for (const frame of frames) {
    bytes.set(frame, at);
    at += frameLength(frame, 0);
  }
  return bytes;
}
