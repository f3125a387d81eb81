import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { comparePositions } from './position.ts';
import { contains, END, overlaps, range, START, sameRange, slices, WHOLE } from './range.ts';

describe('range', () => {
  test('an empty or reversed range cannot be built', () => {
    expect(() => range(START, START)).toThrow('empty range');
    expect(() => range({ hi: 2, lo: 0 }, { hi: 1, lo: 9 })).toThrow('empty range');
  });

  test('is half-open', () => {
    const r = range({ hi: 1, lo: 0 }, { hi: 2, lo: 5 });
    expect(contains(r, { hi: 1, lo: 0 })).toBe(true);
    expect(contains(r, { hi: 2, lo: 4 })).toBe(true);
    expect(contains(r, { hi: 2, lo: 5 })).toBe(false);
    expect(contains(r, { hi: 0, lo: 0xffff_ffff })).toBe(false);
  });

  test('the whole space holds its last position', () => {
    expect(contains(WHOLE, { hi: 0xffff_ffff, lo: 0xffff_ffff })).toBe(true);
  });

  test('neighbours do not overlap', () => {
    const a = range(START, { hi: 5, lo: 0 });
    const b = range({ hi: 5, lo: 0 }, END);
    expect(overlaps(a, b)).toBe(false);
    expect(overlaps(a, range({ hi: 4, lo: 9 }, END))).toBe(true);
  });

  test('slices cover a range exactly, without gap or overlap, in nearly equal parts', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5_000 }), (parts) => {
        const cut = slices(WHOLE, parts);
        expect(cut).toHaveLength(parts);
        expect(comparePositions(cut[0]!.from, START)).toBe(0);
        expect(comparePositions(cut.at(-1)!.to, END)).toBe(0);
        for (let i = 1; i < cut.length; i++) expect(cut[i]!.from).toEqual(cut[i - 1]!.to);
        const widths = cut.map((r) => r.to.hi - r.from.hi);
        expect(Math.max(...widths) - Math.min(...widths)).toBeLessThanOrEqual(1);
      }),
      { numRuns: 30 },
    );
    expect(sameRange(slices(WHOLE, 1)[0]!, WHOLE)).toBe(true);
  });
});
