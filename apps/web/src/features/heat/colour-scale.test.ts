import { describe, expect, test } from 'vitest';
import {
  abgr,
  colourAt,
  colourScale,
  colourTable,
  MISSING,
  quantise,
  roundedUp,
  ZERO,
} from './colour-scale.ts';
import { legendTexts } from './heat-words.ts';

const cells = (...values: number[]) => Float32Array.from(values);

describe('the colour scale', () => {
  test('rounds its upper end up to 1, 3 or 10', () => {
    expect([0.2, 1, 1.1, 3, 31, 99, 1_000, 1_001].map(roundedUp)).toEqual([
      0.3, 1, 3, 3, 100, 100, 1_000, 3_000,
    ]);
    expect(roundedUp(0)).toBe(1);
  });

  test('is defined for no load, for loads below one, and where all are equal', () => {
    for (const values of [cells(0, 0), cells(0.001, 0.002), cells(1, 1), cells(Number.NaN), cells()])
      for (const mode of ['auto', 'min-max'] as const) {
        const scale = colourScale('events', values, mode, undefined);
        expect(scale.max).toBeGreaterThan(0 - Number(mode === 'min-max'));
        for (const value of values)
          if (!Number.isNaN(value)) {
            expect(scale.share(value)).toBeGreaterThanOrEqual(0);
            expect(scale.share(value)).toBeLessThanOrEqual(1);
          }
      }
  });

  test('stays as it is when locked, whatever comes', () => {
    const scale = colourScale('events', cells(1, 50_000), 'locked', { max: 100, knee: null });
    expect(scale.max).toBe(100);
    expect(scale.share(50_000)).toBe(1);
  });

  test('keeps its colours at the moment it is locked, with an outlier and without', () => {
    for (const outlier of [880, 9]) {
      const values = Float32Array.from({ length: 100_000 }, (_, i) => i % 10);
      values[5] = outlier;
      const auto = colourScale('events', values, 'auto', undefined);
      const locked = colourScale('events', cells(5), 'locked', auto);
      for (const value of [0, 0.5, 9, 10, 11, 500, 1_000])
        expect(locked.share(value)).toBe(auto.share(value));
    }
  });

  test('shows the hottest cell brightest, and leaves the others most of the colours', () => {
    const values = Float32Array.from({ length: 100_000 }, (_, i) => i % 10);
    values[5] = 880;
    const scale = colourScale('events', values, 'auto', undefined);
    expect(scale.max).toBe(1_000);
    expect(scale.share(880)).toBeGreaterThan(0.98);
    expect(scale.share(9)).toBeCloseTo(0.72, 2);
    expect(scale.share(10)).toBeCloseTo(0.75, 9);
    expect(scale.share(10.1)).toBeGreaterThan(0.75);
    expect(scale.share(5_000)).toBe(1);
    for (const share of [0, 0.3, 0.75, 0.9, 1])
      expect(scale.share(scale.valueAt(share))).toBeCloseTo(share, 9);
  });

  test('gives all of the colours to a picture without an outlier', () => {
    const values = Float32Array.from({ length: 10_000 }, (_, i) => i % 10);
    expect(colourScale('events', values, 'auto', undefined)).toMatchObject({ max: 10 });
    expect(colourScale('events', values, 'auto', undefined).share(10)).toBe(1);
  });

  test('tells the legend the values of its colours', () => {
    const scale = colourScale('bytes', cells(1, 1e6), 'auto', undefined);
    for (const share of [0, 0.25, 0.5, 1]) expect(scale.share(scale.valueAt(share))).toBeCloseTo(share, 9);
  });
});

test('what is not known, nothing, and little are three different steps', () => {
  const scale = colourScale('events', cells(1_000), 'auto', undefined);
  const [unknown, none, little, much, most] = quantise(cells(Number.NaN, 0, 0.01, 500, 1e6), scale);
  expect([unknown, none]).toEqual([MISSING, ZERO]);
  expect(little).toBeGreaterThan(ZERO);
  expect(much).toBeGreaterThan(little!);
  expect(most).toBe(255);
});

test('brightness moves the colours between the ends, not the ends', () => {
  const [dark, usual, bright] = [0.2, 0.5, 0.8].map((b) => colourTable('cividis', b, '#ffffff'));
  for (const at of [0, 1, 2, 255]) expect(dark![at]).toBe(bright![at]);
  expect(usual![0]).toBe(0);
  expect(dark![128]).not.toBe(bright![128]);
});

test('reads both ways in which colours are written', () => {
  expect(abgr('#0a0b0c')).toBe(abgr('rgb(10, 11, 12)'));
  expect(abgr('#0a0b0c')).toBe(0xff0c0b0a);
});

describe('the scale of residuals', () => {
  const values = cells(-20, -0.5, 0, 4, Number.NaN);

  test('has zero in its middle and the same miss as far from it on both sides, in every mode', () => {
    for (const mode of ['auto', 'locked', 'min-max'] as const) {
      const scale = colourScale('residual', values, mode, { max: 50, knee: null });
      expect(scale.share(0)).toBe(0.5);
      for (const miss of [0.1, 4, 20])
        expect(scale.share(miss) + scale.share(-miss), `${mode} ${miss}`).toBeCloseTo(1, 9);
      expect(scale.share(-20)).toBeLessThan(scale.share(-0.5));
      expect(scale.valueAt(scale.share(-4))).toBeCloseTo(-4, 6);
      expect(scale.min).toBe(-scale.max);
    }
    expect(colourScale('residual', values, 'auto', undefined).max).toBe(30);
  });

  test('colours what is below zero, which counts as nothing everywhere else', () => {
    const steps = quantise(values, colourScale('residual', values, 'auto', undefined));
    expect(steps[0]).toBeLessThan(steps[1]!);
    expect(steps[1]).toBeLessThan(steps[2]!);
    expect(steps[2]).toBeLessThan(steps[3]!);
    expect(steps[4]).toBe(MISSING);
    expect(quantise(values, colourScale('events', values, 'auto', undefined))[0]).toBe(ZERO);
  });

  test('is orange where more came than was forecast, purple where less did, whatever the brightness', () => {
    for (const brightness of [0.2, 0.5, 0.8]) {
      const [less, more] = [0.1, 0.9].map((share) => abgr(colourAt(share, 'diverging', brightness)));
      const [red, blue] = [(colour: number) => colour & 255, (colour: number) => (colour >> 16) & 255];
      expect(red(more!)).toBeGreaterThan(blue(more!));
      expect(blue(less!)).toBeGreaterThan(red(less!));
    }
  });

  test('tells both ends of its legend with their sign and unit', () => {
    const scale = colourScale('residual', values, 'auto', undefined);
    const texts = legendTexts(
      'residual',
      [0, 0.25, 0.5, 0.75, 1].map((share) => scale.valueAt(share)),
    );
    expect(texts[0]).toBe('≤ −30');
    expect(texts[2]).toBe('0');
    expect(texts[4]).toBe('≥ +30 events/s');
  });
});
