/**
 * Where an event lives: a 64-bit position as two unsigned 32-bit halves, high = hash of the key,
 * low = hash of (source, id). It never depends on a forecast or on the map, so a retry of an event meets
 * its own id wherever the shardlets have moved to meanwhile.
 *
 * The identity of an event is (key, source, id): 128 bits whose first word is the low half. Two events
 * count as the same when key hash and all 128 bits agree (chance about 2^-100 in a deduplication window).
 */
import { murmur3x32, murmur3x128 } from './murmur3.ts';

export interface Position {
  readonly hi: number;
  readonly lo: number;
}

const KEY_SEED = 0;
const SEPARATOR = 0; // NUL cannot occur in a CloudEvents attribute, so (source, id) pairs never run together
const encoder = new TextEncoder();

let scratch = new Uint8Array(1024);

/** UTF-8 into the scratch buffer from `at`; answers the end. ASCII, the common case, without the encoder. */
function write(text: string, at: number): number {
  if (at + text.length * 3 + 1 > scratch.length) {
    const larger = new Uint8Array((at + text.length * 3 + 1) * 2);
    larger.set(scratch);
    scratch = larger;
  }
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c > 127) return at + encoder.encodeInto(text, scratch.subarray(at)).written;
    scratch[at + i] = c;
  }
  return at + text.length;
}

/** The high half of the position of every event with this key. */
export function hashKey(key: string): number {
  return murmur3x32(scratch, 0, write(key, 0), KEY_SEED) >>> 0;
}

/** Writes the 128-bit identity of (key, source, id) to `out`; `out[0]` is the low half of the position. */
export function identify(keyHash: number, source: string, id: string, out: Uint32Array): void {
  let end = write(source, 0);
  scratch[end++] = SEPARATOR;
  end = write(id, end);
  murmur3x128(scratch, 0, end, keyHash, out);
}

export function comparePositions(a: Position, b: Position): number {
  return a.hi - b.hi || a.lo - b.lo;
}

/** 16 hex digits: how positions are written in JSON, where a 64-bit number would lose bits. */
export function formatPosition(position: Position): string {
  return position.hi.toString(16).padStart(8, '0') + position.lo.toString(16).padStart(8, '0');
}

/** @throws RangeError when the text is not 16 hex digits */
export function parsePosition(text: string): Position {
  if (!/^[0-9a-f]{16}$/i.test(text))
    throw new RangeError(`not a position: "${text}" (16 hex digits expected)`);
  return { hi: Number.parseInt(text.slice(0, 8), 16), lo: Number.parseInt(text.slice(8), 16) };
}
