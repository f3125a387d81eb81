import { describe, expect, it } from 'vitest';
import {
  dueWords,
  hitWords,
  type LearnerStatus,
  lagBars,
  lagWords,
  missing,
  pairWords,
  type TypePair,
} from './anticipation-words.ts';

const SLICE = {
  ...{ slice: 0, holder: 'worker-1', learned: 1, dropped: 0, behind: 0, keys: 1, types: 1 },
  ...{ reportedAt: null, savedAt: null },
};
const HITS = { events: 1, hit1: 0, hit3: 0, frequent1: 0, frequent3: 0 };
const STATUS: LearnerStatus = {
  ...{ isOn: true, isLearned: true, sampleShare: 1, attributes: [], learned: 5_000, wanted: 0 },
  ...{ dropped: 0, behind: 0, hits: HITS, slices: [SLICE], version: 1 },
};
const PAIR: TypePair = {
  ...{ from: 'ask', to: 'answer', coefficient: 0.5, samples: 80, isEnough: true },
  lagMs: { p10: 1, p50: 2, p90: 3 },
  counts: { to: 100, afterFrom: 100, all: 1_000 },
  lags: [],
};

describe('what is missing', () => {
  it('is named in the order in which it is to be mended', () => {
    expect(missing({ ...STATUS, isOn: false, isLearned: false })?.cure).toBe('policy');
    expect(missing({ ...STATUS, isLearned: false })?.title).toBe('This stream is not learned');
    expect(missing({ ...STATUS, slices: [{ ...SLICE, holder: null }] })?.title).toBe(
      'No worker learns this stream',
    );
    expect(missing({ ...STATUS, learned: 1, wanted: 1_999 })?.title).toBe('1,999 more events');
    expect(missing({ ...STATUS, learned: 1_999, wanted: 1 })?.title).toBe('1 more event');
    expect(missing(STATUS)).toBeUndefined();
  });

  it('is no worker only where every slice is without one', () => {
    expect(missing({ ...STATUS, slices: [SLICE, { ...SLICE, slice: 1, holder: null }] })).toBeUndefined();
  });
});

it('compares with "most frequent", and claims nothing where they are equal', () => {
  expect(hitWords(0.5, 0.25)).toContain('25');
  expect(hitWords(0.5, 0.495)).toBe('as good as “most frequent”');
});

it('says when something is due, and never that it was to come some time ago', () => {
  expect(dueWords(null, 0)).toBe('unknown');
  expect(dueWords('2026-11-25T00:00:10Z', Date.parse('2026-11-25T00:00:00Z'))).toContain('in 10');
  expect(dueWords('2026-11-25T00:00:00Z', Date.parse('2026-11-25T00:00:30Z'))).toBe('due now');
});

it('says lags in the unit that fits', () => {
  expect([0, 250, 1_536, 240_000, 7_200_000, 200_000_000].map(lagWords)).toEqual([
    ...['0 ms', '250 ms', '2 s', '4 min', '2 h', '2 days'],
  ]);
});

it('says what a pair was counted from, and what follows', () => {
  expect(pairWords(PAIR)).toContain('“ask” announces “answer”');
  expect(pairWords({ ...PAIR, coefficient: -0.1 })).toContain('less of “answer”');
  expect(pairWords({ ...PAIR, isEnough: false })).toContain('Too few');
});

it('draws bars by the fullest class', () => {
  const bars = lagBars([
    { ms: 1, samples: 5 },
    { ms: 2, samples: 20 },
  ]);
  expect(bars.map(({ share }) => share)).toEqual([0.25, 1]);
});
