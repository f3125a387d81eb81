/**
 * Where a key lives: the high half of a position is the hash of the key (MurmurHash3, x86, 32 bits, seed 0, of its UTF-8), as
 * in the product, against which a test holds it. After a split the owner of a child keeps the keys of its range.
 */
export interface KeyPosition {
  readonly high: number;
  readonly low: number;
}

/** Half-open. */
export interface KeyRange {
  readonly start: KeyPosition;
  readonly end: KeyPosition;
}

const encoder = new TextEncoder();

export function hashOfKey(key: string): number {
  const bytes = encoder.encode(key);
  const { length } = bytes;
  const view = new DataView(bytes.buffer, bytes.byteOffset, length);
  const bodyEnd = length & ~3;
  let h = 0;
  for (let i = 0; i < bodyEnd; i += 4) {
    h ^= scrambled(view.getInt32(i, true));
    h = (Math.imul(rotated(h, 13), 5) + 0xe6546b64) | 0;
  }
  let rest = 0;
  for (let i = length - 1; i >= bodyEnd; i--) rest = (rest << 8) | bytes[i]!;
  if (bodyEnd < length) h ^= scrambled(rest);
  h ^= length;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** Whether the place of a key, (its hash, 0), is in the range: the edge gives whole keys to one range each. */
export function holdsKey({ start, end }: KeyRange, key: string): boolean {
  const place = { high: hashOfKey(key), low: 0 };
  return compared(start, place) <= 0 && compared(place, end) < 0;
}

function compared(a: KeyPosition, b: KeyPosition): number {
  return a.high - b.high || a.low - b.low;
}

function scrambled(word: number): number {
  return Math.imul(rotated(Math.imul(word, 0xcc9e2d51), 15), 0x1b873593);
}

function rotated(x: number, by: number): number {
  return (x << by) | (x >>> (32 - by));
}
