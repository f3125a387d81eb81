import { describe, expect, it } from 'vitest';
import { type HeatCells, marginsOf } from './heat-cells.ts';
import { addressOf, figuresOf, type HeatPart, isOneCell, partAt } from './heat-part.ts';

const MINUTE_MS = 60_000;
const END = '10000000000000000';
const hex = (half: number) => (half === 2 ? END : `${half * 8}000000000000000`);
const NONE = Number.NaN;

/** Four minutes of two halves of all keys, each column from the first key down. */
function picture(columns: number[][], more: Partial<HeatCells> = {}): HeatCells {
  return {
    ...{ metric: 'events', fromMs: 0, columnMs: MINUTE_MS, columns: columns.length, forecastFrom: null },
    rows: [0, 1].map((half) => ({ from: hex(half), to: hex(half + 1) })),
    values: Float32Array.from(columns.flat()),
    ...more,
  } as HeatCells;
}
const cells = picture([
  [1, 3],
  [2, 6],
  [NONE, NONE],
  [5, 7],
]);
const part = (left: number, right: number, top: number, bottom: number): HeatPart => ({
  ...{ left, right, top, bottom },
});
const cell = { atMs: MINUTE_MS, at: hex(1), untilMs: null, upTo: null };

describe('a pinned part', () => {
  it.each([
    ['one cell', cell, part(1, 2, 1, 2)],
    ['a stretch of time', { ...cell, untilMs: 3 * MINUTE_MS }, part(1, 3, 1, 2)],
    ['all keys up to the last', { ...cell, at: hex(0), upTo: END }, part(1, 2, 0, 2)],
    ['the keys below a position', { ...cell, at: hex(0), upTo: hex(1) }, part(1, 2, 0, 1)],
    ['every row it reaches into', { ...cell, at: hex(0), upTo: '8100000000000000' }, part(1, 2, 0, 2)],
    ['cut at the end of the picture', { ...cell, untilMs: 99 * MINUTE_MS }, part(1, 4, 1, 2)],
    ['cut at its start', { ...cell, atMs: -MINUTE_MS, untilMs: MINUTE_MS }, part(0, 1, 1, 2)],
  ])('is %s', (_, address, expected) => {
    expect(partAt(cells, address)).toEqual(expected);
  });

  it.each([
    ['nothing is pinned', { ...cell, atMs: null }],
    ['it was before the picture', { ...cell, atMs: -2 * MINUTE_MS, untilMs: 0 }],
    ['one cell was before it', { ...cell, atMs: -MINUTE_MS }],
    ['it comes after the picture', { ...cell, atMs: 4 * MINUTE_MS }],
  ])('is not there when %s', (_, address) => {
    expect(partAt(cells, address)).toBeUndefined();
  });

  it('is found again by its address', () => {
    for (const one of [part(1, 2, 1, 2), part(0, 4, 0, 2), part(1, 3, 0, 1), part(2, 3, 0, 2)])
      expect(partAt(cells, addressOf(cells, one))).toEqual(one);
    expect(addressOf(cells, part(1, 2, 1, 2))).toEqual(cell);
    expect([isOneCell(part(1, 2, 1, 2)), isOneCell(part(1, 3, 1, 2)), isOneCell(part(1, 2, 0, 2))]).toEqual([
      ...[true, false, false],
    ]);
  });
});

describe('figures of a part', () => {
  const figures = (of: HeatPart, from = cells) => figuresOf(from, marginsOf(from), of);

  it('are of its rows together, over the time that is known', () => {
    expect(figures(part(0, 4, 0, 2))).toMatchObject({ average: 8, share: 1, peak: 12, peakColumn: 3 });
    expect(figures(part(0, 2, 1, 2))).toMatchObject({ average: 4.5, share: 0.75, peak: 6, peakColumn: 1 });
  });

  it('are not known where nothing is', () => {
    const { average, share, peak } = figures(part(2, 3, 0, 2));
    expect([average, share, peak]).toEqual([NONE, undefined, NONE]);
  });

  it('have the forecast of the same rows, where something is forecast', () => {
    expect(figures(part(0, 1, 0, 1)).forecast).toBeUndefined();
    expect(figures(part(0, 1, 0, 1), { ...cells, forecastFrom: 3 }).forecast).toBe(5);
    expect(figures(part(0, 1, 0, 1), { ...cells, forecastFrom: 2 }).forecast).toBe(5);
    expect(figures(part(0, 1, 0, 1), { ...cells, forecastFrom: 4 }).forecast).toBeUndefined();
  });

  it('of latencies are the highest, and no share', () => {
    const latencies = { ...cells, metric: 'p99' as const };
    expect(figures(part(0, 2, 0, 2), latencies)).toMatchObject({ average: 6, share: undefined, peak: 6 });
  });

  it('of residuals keep their sign, and the farthest off counts', () => {
    const residuals = picture([[-9], [2]], { metric: 'residual', rows: cells.rows.slice(0, 1) });
    expect(figures(part(0, 2, 0, 1), residuals)).toMatchObject({ average: -3.5, peak: -9, peakColumn: 0 });
  });
});
