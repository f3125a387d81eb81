import { describe, expect, test } from 'vitest';
import { seededRandom } from '../kernel/index.ts';
import { slices, WHOLE } from '../keyspace/index.ts';
import type { Heat } from './heat.ts';
import { MINUTE_MS } from './levels.ts';
import { patternsOf } from './load-pattern.ts';

const COLUMNS = 120;
const ROWS = 50;

/** `load(column, row)` per cell. */
function picture(load: (column: number, row: number) => number): Heat {
  const rows = slices(WHOLE, ROWS).map((each) => ({ ...each, segments: 1 }));
  const values = new Float32Array(COLUMNS * ROWS);
  for (let c = 0; c < COLUMNS; c++) for (let r = 0; r < ROWS; r++) values[c * ROWS + r] = load(c, r);
  return {
    metric: 'events',
    unit: 'events/s',
    level: 'minute',
    fromMs: 0,
    columnMs: MINUTE_MS,
    columns: COLUMNS,
    rows,
    values,
    stepsPerColumn: 1,
    segmentsPerRow: 1,
  };
}

const random = seededRandom(7);
const DICE = Float64Array.from({ length: COLUMNS * ROWS }, () => random.next());
const noise = (c: number, r: number) => 0.8 + 0.4 * DICE[c * ROWS + r]!;
const kinds = (heat: Heat, topKeyShare?: number) =>
  patternsOf(heat, topKeyShare === undefined ? {} : { topKeyShare }).map((p) => p.kind);

describe('the pattern of a heat map', () => {
  test('even load has no place and no time', () => {
    expect(kinds(picture(noise))).toEqual(['even']);
  });

  test('a hot range is named with its rows, share and how many times the even share it has', () => {
    const [hot] = patternsOf(picture((c, r) => noise(c, r) * (r === 20 || r === 21 ? 40 : 1)));
    expect(hot).toMatchObject({ kind: 'hotRange' });
    expect(hot!.rows!.first).toBeGreaterThanOrEqual(20);
    expect(hot!.rows!.last).toBeLessThanOrEqual(21);
    expect(hot!.times).toBeGreaterThan(10);
  });

  test('a shardlet that carries twice the average is named, however small it is drawn', () => {
    const heat = picture(noise);
    const hottest = { rows: { first: 3, last: 3 }, share: 0.06, times: 2 };
    expect(patternsOf(heat, { hottest, topKeyShare: 0.9 })).toEqual([
      { kind: 'hotKey', rows: { first: 3, last: 3 }, share: 0.06, times: 2 },
    ]);
    expect(patternsOf(heat, { hottest })).toMatchObject([{ kind: 'hotRange' }]);
    expect(kinds(heat, 0.9)).toEqual(['even']);
    expect(patternsOf(heat, { hottest: { ...hottest, times: 1.99 } })).toEqual([{ kind: 'even' }]);
  });

  test('a hot row whose load is one key is a hot key', () => {
    const heat = picture((c, r) => noise(c, r) * (r === 7 ? 100 : 1));
    expect(kinds(heat, 0.9)).toEqual(['hotKey']);
    expect(kinds(heat, 0.2)).toEqual(['hotRange']);
  });

  test('a diagonal is sequential, up or down, and not a hot range', () => {
    const up = picture((c, r) => noise(c, r) * (r === Math.floor((c / COLUMNS) * ROWS) ? 200 : 1));
    const down = picture(
      (c, r) => noise(c, r) * (r === ROWS - 1 - Math.floor((c / COLUMNS) * ROWS) ? 200 : 1),
    );
    expect(kinds(up)).toEqual(['sequential']);
    expect(kinds(down)).toEqual(['sequential']);
  });

  test('a short high load is a burst, with its time', () => {
    const [burst] = patternsOf(picture((c, r) => noise(c, r) * (c >= 60 && c < 64 ? 9 : 1)));
    expect(burst).toMatchObject({ kind: 'burst', columns: { first: 60, last: 63 } });
    expect(burst!.times).toBeCloseTo(9, 0);
  });

  test('load that comes back is periodic, with its period', () => {
    const heat = picture((c, r) => noise(c, r) * (1.5 + Math.sin((2 * Math.PI * c) / 30)));
    expect(patternsOf(heat)[0]).toMatchObject({ kind: 'periodic', periodMs: 30 * MINUTE_MS });
  });

  test('a slow rise is growing, and not periodic', () => {
    expect(kinds(picture((c, r) => noise(c, r) + c / 50))).toEqual(['growing']);
  });

  test('what holds at once is told at once, the most urgent first', () => {
    const heat = picture(
      (c, r) => noise(c, r) * (r === 3 ? 90 : 1) * (1.5 + Math.sin((2 * Math.PI * c) / 30)),
    );
    expect(kinds(heat)).toEqual(['hotRange', 'periodic']);
  });

  test('nothing is said of no load, of gaps only, and of too little', () => {
    expect(kinds(picture(() => 0))).toEqual([]);
    expect(kinds(picture(() => Number.NaN))).toEqual([]);
    expect(kinds({ ...picture(noise), columns: 3 })).toEqual([]);
  });

  test('gaps are no load and no burst', () => {
    expect(kinds(picture((c, r) => (c % 10 === 0 ? Number.NaN : noise(c, r))))).toEqual(['even']);
  });

  test('the name does not depend on how much load there is', () => {
    const heat = picture((c, r) => noise(c, r) * (r === 20 ? 40 : 1));
    const tenth = { ...heat, values: heat.values.map((v) => v / 1_000) };
    expect(kinds(tenth)).toEqual(kinds(heat));
  });
});
