/** Hashes of 32 bits: what contexts and attribute values are known by, so that their text need not be kept. */

/** Characters of a value that are read; a poisoned attribute of a megabyte costs no more. */
const CHARS_READ = 128;

/** The finaliser of MurmurHash3: each bit of the input reaches each bit of the output. */
export function mixed(value: number): number {
  let h = value | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}

export function combined(hash: number, value: number): number {
  return mixed(Math.imul(hash, 0x9e3779b1) + value + 0x165667b1);
}

/** FNV-1a over UTF-16 units, mixed at the end. */
export function hashOfText(text: string): number {
  const length = Math.min(text.length, CHARS_READ);
  let h = 0x811c9dc5 ^ text.length;
  for (let i = 0; i < length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  return mixed(h);
}
