import { describe, expect, test } from 'vitest';
import { murmur3x32, murmur3x128 } from './murmur3.ts';

const bytes = (text: string) => new TextEncoder().encode(text);
const hex = (text: string, seed: number) => {
  const out = new Uint32Array(4);
  const input = bytes(text);
  murmur3x128(input, 0, input.length, seed, out);
  return [...out].map((word) => word.toString(16).padStart(8, '0')).join('');
};

describe('MurmurHash3 agrees with the reference implementation', () => {
  test.each([
    ['', 0, 0],
    ['', 1, 0x514e28b7],
    ['', 0xffffffff, 0x81f16f39],
    ['test', 0, 0xba6bd213],
    ['test', 0x9747b28c, 0x704b81dc],
    ['Hello, world!', 0x9747b28c, 0x24884cba],
    ['The quick brown fox jumps over the lazy dog', 0x9747b28c, 0x2fa826cd],
  ])('32 bits of "%s" with seed %i', (text, seed, expected) => {
    const input = bytes(text);
    expect(murmur3x32(input, 0, input.length, seed)).toBe(expected);
  });

  test('128 bits', () => {
    expect(hex('', 0)).toBe('00000000000000000000000000000000');
    expect(hex('The quick brown fox jumps over the lazy dog', 0)).toBe('2f1583c3ecee2c675d7bf66ce5e91d2c');
  });

  test('a slice hashes like a copy of it, at every length', () => {
    const text = 'abcdefghijklmnopqrstuvwxyz0123456789';
    const padded = bytes(`xx${text}yy`);
    for (let length = 0; length <= text.length; length++) {
      const out = new Uint32Array(4);
      murmur3x128(padded, 2, 2 + length, 7, out);
      const alone = hex(text.slice(0, length), 7);
      expect([...out].map((word) => word.toString(16).padStart(8, '0')).join('')).toBe(alone);
    }
  });
});
