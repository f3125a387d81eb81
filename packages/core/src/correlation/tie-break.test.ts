import { describe, expect, it } from 'vitest';
import { Calibration, NO_CANDIDATE } from './calibration.ts';
import { ContextTable } from './context-table.ts';
import type { Evidence } from './evidence.ts';
import { TieBreak } from './tie-break.ts';

const TABLE = new ContextTable(16, 4, { long: 100, short: 10 });
const SLOT = TABLE.claim(16);
for (const type of [1, 1, 1, 2]) TABLE.learn(SLOT, type);
const TABLES = Array<ContextTable>(5).fill(TABLE);

/** The chain says type 1, the mix says `likeliest`; then `came` comes, so many times. */
function played(tieBreak: TieBreak, likeliest: number, came: number, times: number): TieBreak {
  for (let i = 0; i < times; i++) {
    tieBreak.update({ slots: Int32Array.of(-1, SLOT, -1, -1, -1) } as Evidence, TABLES, likeliest);
    tieBreak.learn(came);
  }
  return tieBreak;
}

const shares = (ofOne: number, ofTwo: number) => (type: number) => (type === 1 ? ofOne : ofTwo);

describe('of types that are nearly equally likely', () => {
  it('the most frequent is named first', () => {
    const tieBreak = played(new TieBreak(), 2, 3, 1);
    expect(tieBreak.choose(shares(0.4, 0.6))).toBe(1);
    expect(tieBreak.choose(shares(0.3, 0.6))).toBe(1);
    expect(tieBreak.choose(shares(0.29, 0.6))).toBe(2);
  });

  it('the likeliest is named once the mix has proven to know better', () => {
    expect(played(new TieBreak(), 2, 2, 4).choose(shares(0.4, 0.6))).toBe(1);
    expect(played(new TieBreak(), 2, 2, 5).choose(shares(0.4, 0.6))).toBe(2);
  });

  it('what both knew proves nothing for either', () => {
    const agreed = played(new TieBreak(), 1, 1, 100);
    expect(played(agreed, 2, 2, 5).choose(shares(0.4, 0.6))).toBe(2);
  });

  it('the chain speaks again when it was right as often', () => {
    const tieBreak = played(played(new TieBreak(), 2, 2, 20), 2, 1, 15);
    expect(tieBreak.choose(shares(0.4, 0.6))).toBe(1);
  });

  it('the likeliest is named where no chain knows anything', () => {
    const tieBreak = new TieBreak();
    tieBreak.update({ slots: new Int32Array(5).fill(-1) } as Evidence, TABLES, 2);
    expect(tieBreak.choose(shares(0.4, 0.6))).toBe(2);
  });
});

describe('the likeliest type', () => {
  it('gets the probability that such ones were worth, and the others keep their proportions', () => {
    const calibration = new Calibration();
    for (let i = 0; i < 2_000; i++) {
      calibration.apply(Float64Array.of(0.1, 0.7, 0.2), 2);
      calibration.learn(i % 10 === 0 ? 0 : 1);
    }
    const probabilities = Float64Array.of(0.1, 0.7, 0.2);
    expect(calibration.apply(probabilities, 2)).toBe(1);
    expect(probabilities[1]).toBeCloseTo(0.9, 1);
    expect(probabilities[2]! / probabilities[0]!).toBeCloseTo(2, 10);
    expect(probabilities.reduce((sum, one) => sum + one)).toBeCloseTo(1, 10);
  });

  it('keeps its probability, nearly, before anything came', () => {
    for (const p of [0.1, 0.35, 0.5, 0.83, 0.97, 0.9999]) {
      const probabilities = Float64Array.of(p, ...Array<number>(20).fill((1 - p) / 20));
      new Calibration().apply(probabilities, 20);
      expect(Math.abs(probabilities[0]! - p)).toBeLessThan(0.02);
    }
  });

  it('is one of the candidates, however likely the rest is', () => {
    const probabilities = Float64Array.of(0.1, 0.2, 0.7, 99);
    expect(new Calibration().apply(probabilities, 2)).toBe(1);
    expect(probabilities[0]! + probabilities[1]! + probabilities[2]!).toBeCloseTo(1, 10);
    expect(probabilities[3]).toBe(99);
    expect(new Calibration().apply(Float64Array.of(1), 0)).toBe(NO_CANDIDATE);
  });
});
