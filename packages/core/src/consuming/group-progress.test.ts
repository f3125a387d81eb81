import { describe, expect, it } from 'vitest';
import { type Arrivals, processingRate, progressOf } from './group-progress.ts';

const NOW = 1_000_000;
const arriving = (...perSecond: number[]): Arrivals => ({ from: 'forecast', stepMs: 60_000, perSecond });
const catchUp = (lag: number | undefined, processing: number | undefined, arrivals: Arrivals | undefined) =>
  progressOf(lag, processing, arrivals, NOW).catchUp;

describe('the rate of a group', () => {
  it('is its growth over the last five minutes', () => {
    const samples = [
      { atMs: NOW - 600_000, processed: 0 },
      { atMs: NOW - 200_000, processed: 1_000 },
      { atMs: NOW - 100_000, processed: 2_000 },
    ];
    expect(processingRate(samples, { atMs: NOW, processed: 5_000 })).toBe(20);
  });

  it('is not known from one look, and 0 after a set-back', () => {
    expect(processingRate([], { atMs: NOW, processed: 5 })).toBeUndefined();
    expect(
      processingRate([{ atMs: NOW - 1_000, processed: 0 }], { atMs: NOW, processed: 5 }),
    ).toBeUndefined();
    expect(processingRate([{ atMs: NOW - 60_000, processed: 9 }], { atMs: NOW, processed: 5 })).toBe(0);
  });
});

describe('when a group has caught up', () => {
  it('is where what it processes has overtaken what arrives, in the step in which it does', () => {
    // 6,000 after 60 s at 100 - 100, then 100 less a second
    expect(catchUp(6_000, 100, arriving(100, 0, 0))).toEqual({ kind: 'by', atMs: NOW + 120_000 });
    expect(catchUp(3_000, 100, arriving(50))).toEqual({ kind: 'by', atMs: NOW + 60_000 });
  });

  it('is said to be later, or not at all, with the lag at the end of the forecast', () => {
    expect(catchUp(60_000, 100, arriving(50, 50))).toEqual({ kind: 'later', afterMs: 120_000, lag: 54_000 });
    expect(catchUp(600, 10, arriving(50))).toEqual({ kind: 'not catching up', afterMs: 60_000, lag: 3_000 });
    expect(catchUp(600, 0, arriving(0))).toMatchObject({ kind: 'not catching up', lag: 600 });
  });

  it('is now where only what is on its way is missing', () => {
    expect(catchUp(0, undefined, undefined)).toEqual({ kind: 'caught up' });
    expect(catchUp(80, 10, arriving(50))).toEqual({ kind: 'caught up' });
    expect(catchUp(101, 10, arriving(50)).kind).toBe('not catching up');
  });

  it('is unknown as long as something is, and says what', () => {
    expect(catchUp(undefined, 1, arriving(1))).toEqual({ kind: 'unknown', because: 'lag' });
    expect(catchUp(500, undefined, arriving(1))).toEqual({ kind: 'unknown', because: 'processing' });
    expect(catchUp(500, 1, undefined)).toEqual({ kind: 'unknown', because: 'arrivals' });
  });
});

it('the forecast of the lag never falls below 0, and rises again when more arrives', () => {
  const { forecast, arriving: rate } = progressOf(600, 100, arriving(90, 0, 110), NOW);
  expect(rate).toBe(90);
  expect(forecast.map(({ lag }) => lag)).toEqual([600, 0, 0, 0, 600]);
});
