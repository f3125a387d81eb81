import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { comparePositions, END, range, START, WHOLE } from '../keyspace/index.ts';
import { HOT_KEY_SHARE, type LoadAt, loadOfKeys, planSplit } from './split-point.ts';

function at(hi: number, load = 1, lo = 7): LoadAt {
  return { position: { hi, lo }, load };
}

describe('a split point', () => {
  test('divides the observed load, not the range', () => {
    const sample = Array.from({ length: 100 }, (_, i) => at(1_000 + i));
    const plan = planSplit(WHOLE, sample, false);
    expect(plan.children).toHaveLength(2);
    expect(plan.children[0]!.to).toEqual({ hi: 1_050, lo: 0 });
    expect(plan.shares).toEqual([0.5, 0.5]);
    expect(plan.hotKey).toBeUndefined();
  });

  test('is the middle when too little is known, and says so', () => {
    const plan = planSplit(WHOLE, [at(1)], false);
    expect(plan).toMatchObject({ basis: 'middle', explanation: expect.stringContaining('too few events') });
    expect(plan.children[0]!.to).toEqual({ hi: 0x8000_0000, lo: 0 });
  });

  const hot = [
    ...Array.from({ length: 40 }, (_, i) => at(i * 50)),
    ...Array.from({ length: 160 }, (_, i) => at(500, 1, i * 9)),
  ];

  test('sets a single hot key apart and says plainly that this does not relieve it', () => {
    const plan = planSplit(WHOLE, hot, false);
    expect(plan.hotKey).toMatchObject({ keyHash: 500 });
    expect(plan.hotKey!.share).toBeGreaterThan(HOT_KEY_SHARE);
    expect(plan.children.map((c) => c.from)).toEqual([START, { hi: 500, lo: 0 }, { hi: 501, lo: 0 }]);
    expect(plan.explanation).toMatch(/one key .* carries 8\d % .* but not this one/);
  });

  test('cuts inside a hot key where the stream allows it', () => {
    const plan = planSplit(WHOLE, hot, true);
    expect(plan.children).toHaveLength(2);
    expect(plan.children[0]!.to).toEqual({ hi: 500, lo: 711 });
    expect(Math.max(...plan.shares)).toBeLessThan(0.6);
  });

  test('cuts inside the one key that is known, where nothing else is', () => {
    const plan = planSplit(WHOLE, loadOfKeys(WHOLE, [{ keyHash: 500, events: 9 }], 9), true);
    expect(plan).toMatchObject({ basis: 'load', hotKey: { keyHash: 500, share: 1 } });
    expect(plan.children[0]!.to).toMatchObject({ hi: 500 });
  });

  test('that is not there is told: a range of one key on a stream that splits none', () => {
    const one = range({ hi: 5, lo: 0 }, { hi: 6, lo: 0 });
    const plan = planSplit(
      one,
      Array.from({ length: 50 }, (_, i) => at(5, 1, i)),
      false,
    );
    expect(plan.children).toEqual([one]);
    expect(plan.explanation).toContain('no cut is left');
  });

  test('always gives neighbours that cover the range, and never a worse side than a lone key makes it', () => {
    const events = fc.array(
      fc.record({
        hi: fc.integer({ min: 0, max: 60 }),
        lo: fc.nat(1_000),
        load: fc.integer({ min: 1, max: 9 }),
      }),
      { minLength: 20, maxLength: 200 },
    );
    fc.assert(
      fc.property(events, fc.boolean(), (sample, splitKeys) => {
        const plan = planSplit(
          WHOLE,
          sample.map(({ hi, lo, load }) => at(hi, load, lo)),
          splitKeys,
        );
        expect(plan.children[0]!.from).toEqual(START);
        expect(plan.children.at(-1)!.to).toEqual(END);
        for (const [i, child] of plan.children.entries())
          if (i > 0) expect(comparePositions(plan.children[i - 1]!.to, child.from)).toBe(0);
        expect(plan.shares.reduce((a, b) => a + b)).toBeCloseTo(1);
        if (plan.hotKey === undefined) {
          const total = sample.reduce((sum, e) => sum + e.load, 0);
          const byKey = Map.groupBy(sample, (e) => e.hi);
          const largest = Math.max(
            ...[...byKey.values()].map((es) => es.reduce((sum, e) => sum + e.load, 0)),
          );
          expect(Math.max(...plan.shares)).toBeLessThanOrEqual(0.5 + largest / total / 2 + 1e-9);
        }
      }),
    );
  });
});

describe('the load that a sketch of keys tells', () => {
  test('lies where the keys are, and that of all others evenly over the range', () => {
    const whole = range({ hi: 0, lo: 0 }, { hi: 1_000, lo: 0 });
    const sample = loadOfKeys(whole, [{ keyHash: 900, events: 30 }], 100);
    expect(sample.reduce((sum, { load }) => sum + load, 0)).toBeCloseTo(100);
    const plan = planSplit(whole, sample, false);
    expect(plan.children[0]!.to.hi).toBeGreaterThan(650);
    expect(plan.children[0]!.to.hi).toBeLessThan(780);
  });

  test('cuts a hot key in its middle where the stream allows it, and leaves out keys of other ranges', () => {
    const whole = range({ hi: 0, lo: 0 }, { hi: 1_000, lo: 0 });
    const sample = loadOfKeys(
      whole,
      [
        { keyHash: 500, events: 90 },
        { keyHash: 5_000, events: 900 },
      ],
      100,
    );
    const plan = planSplit(whole, sample, true);
    expect(plan.hotKey).toMatchObject({ keyHash: 500, share: 0.9 });
    expect(plan.children[0]!.to.hi).toBe(500);
    expect(plan.children[0]!.to.lo).toBeGreaterThan(0x7000_0000);
  });
});
