/**
 * MurmurHash3 (Austin Appleby, public domain algorithm): the x86 32-bit and 128-bit variants. They are
 * made of 32-bit multiplications only, so they run on JavaScript integers without BigInt, and the 128-bit
 * variant gives a whole identity in one pass. Checked against the published test vectors.
 */
const C1_32 = 0xcc9e2d51;
const C2_32 = 0x1b873593;

function rotl(x: number, r: number): number {
  return (x << r) | (x >>> (32 - r));
}

function fmix32(h: number): number {
  h ^= h >>> 16;
  h = Math.imul(h, 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  return h ^ (h >>> 16);
}

function word(bytes: Uint8Array, i: number): number {
  return bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16) | (bytes[i + 3]! << 24);
}

/** Up to four bytes from `i`, little-endian; missing bytes count as zero. */
function partialWord(bytes: Uint8Array, i: number, end: number): number {
  let k = 0;
  for (let j = Math.min(end, i + 4) - 1; j >= i; j--) k = (k << 8) | bytes[j]!;
  return k;
}

/** 32-bit hash of `bytes[from, to)`, as an unsigned number. */
export function murmur3x32(bytes: Uint8Array, from: number, to: number, seed: number): number {
  let h = seed | 0;
  const bodyEnd = from + ((to - from) & ~3);
  for (let i = from; i < bodyEnd; i += 4) {
    h ^= Math.imul(rotl(Math.imul(word(bytes, i), C1_32), 15), C2_32);
    h = (Math.imul(rotl(h, 13), 5) + 0xe6546b64) | 0;
  }
  if (bodyEnd < to) h ^= Math.imul(rotl(Math.imul(partialWord(bytes, bodyEnd, to), C1_32), 15), C2_32);
  return fmix32(h ^ (to - from)) >>> 0;
}

const C1 = 0x239b961b;
const C2 = 0xab0e9789;
const C3 = 0x38b34ae5;
const C4 = 0xa1e38b93;

/** 128-bit hash of `bytes[from, to)`, written to `out` as four unsigned words (h1..h4 of the reference). */
export function murmur3x128(
  bytes: Uint8Array,
  from: number,
  to: number,
  seed: number,
  out: Uint32Array,
): void {
  let h1 = seed | 0;
  let h2 = h1;
  let h3 = h1;
  let h4 = h1;
  const length = to - from;
  const bodyEnd = from + (length & ~15);
  for (let i = from; i < bodyEnd; i += 16) {
    h1 ^= Math.imul(rotl(Math.imul(word(bytes, i), C1), 15), C2);
    h1 = (Math.imul((rotl(h1, 19) + h2) | 0, 5) + 0x561ccd1b) | 0;
    h2 ^= Math.imul(rotl(Math.imul(word(bytes, i + 4), C2), 16), C3);
    h2 = (Math.imul((rotl(h2, 17) + h3) | 0, 5) + 0x0bcaa747) | 0;
    h3 ^= Math.imul(rotl(Math.imul(word(bytes, i + 8), C3), 17), C4);
    h3 = (Math.imul((rotl(h3, 15) + h4) | 0, 5) + 0x96cd1c35) | 0;
    h4 ^= Math.imul(rotl(Math.imul(word(bytes, i + 12), C4), 18), C1);
    h4 = (Math.imul((rotl(h4, 13) + h1) | 0, 5) + 0x32ac3b17) | 0;
  }
  const rest = to - bodyEnd;
  if (rest > 12) h4 ^= Math.imul(rotl(Math.imul(partialWord(bytes, bodyEnd + 12, to), C4), 18), C1);
  if (rest > 8) h3 ^= Math.imul(rotl(Math.imul(partialWord(bytes, bodyEnd + 8, to), C3), 17), C4);
  if (rest > 4) h2 ^= Math.imul(rotl(Math.imul(partialWord(bytes, bodyEnd + 4, to), C2), 16), C3);
  if (rest > 0) h1 ^= Math.imul(rotl(Math.imul(partialWord(bytes, bodyEnd, to), C1), 15), C2);
  h1 ^= length;
  h2 ^= length;
  h3 ^= length;
  h4 ^= length;
  h1 = (h1 + h2 + h3 + h4) | 0;
  h2 = (h2 + h1) | 0;
  h3 = (h3 + h1) | 0;
  h4 = (h4 + h1) | 0;
  h1 = fmix32(h1);
  h2 = fmix32(h2);
  h3 = fmix32(h3);
  h4 = fmix32(h4);
  h1 = (h1 + h2 + h3 + h4) | 0;
  out[0] = h1;
  out[1] = h2 + h1;
  out[2] = h3 + h1;
  out[3] = h4 + h1;
}
