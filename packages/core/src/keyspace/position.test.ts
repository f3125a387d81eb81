import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatPosition, hashKey, identify, parsePosition } from './position.ts';

const identity = (key: string, source: string, id: string) => {
  const out = new Uint32Array(4);
  identify(hashKey(key), source, id, out);
  return [...out].join();
};

describe('position of an event', () => {
  test('is fixed for ever: stored events depend on these values', () => {
    expect(hashKey('ATL')).toBe(0x1b74904c);
    expect(hashKey('Zürich')).toBe(hashKey('Z\u00fcrich'));
    expect(identity('ATL', '/flights', '1')).toMatchInlineSnapshot(
      `"3851723206,1512276460,776163820,42544671"`,
    );
  });

  test('keys beyond ASCII hash as UTF-8', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (key) => {
        const hash = hashKey(key);
        expect(Number.isInteger(hash) && hash >= 0 && hash <= 0xffff_ffff).toBe(true);
        expect(hashKey(key)).toBe(hash);
      }),
    );
  });

  test('source and id do not run together', () => {
    expect(identity('k', 'ab', 'c')).not.toBe(identity('k', 'a', 'bc'));
  });

  test('the same id under another key is another event', () => {
    expect(identity('k1', 's', 'i')).not.toBe(identity('k2', 's', 'i'));
  });

  test('a long key after a short one is hashed whole', () => {
    const long = 'x'.repeat(5_000);
    expect(hashKey(long)).not.toBe(hashKey(long.slice(0, 4_999)));
    expect(hashKey(`${long}é`)).toBe(hashKey(`${long}é`));
  });

  test('spreads keys evenly', () => {
    const buckets = new Uint32Array(64);
    for (let i = 0; i < 64_000; i++) buckets[Math.floor(hashKey(`key-${i}`) / 2 ** 26)]!++;
    expect(Math.min(...buckets)).toBeGreaterThan(850);
    expect(Math.max(...buckets)).toBeLessThan(1_150);
  });

  test('text form keeps all 64 bits', () => {
    const half = fc.integer({ min: 0, max: 0xffff_ffff });
    fc.assert(
      fc.property(half, half, (hi, lo) => {
        expect(parsePosition(formatPosition({ hi, lo }))).toEqual({ hi, lo });
      }),
    );
    expect(() => parsePosition('12')).toThrow('16 hex digits');
  });
});
