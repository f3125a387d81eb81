import { expect, test } from 'vitest';
import { changeWords, coverageWords, EFFECT_ROWS } from './effect-words.ts';

const TO = Date.parse('2026-11-24T18:00:00Z');
const DAY_MS = 86_400_000;
const effects = {
  ...{ group: 'g', toMs: TO, fromMs: TO - 7 * DAY_MS, replayed: 8, shardlets: 8, forecastShare: 1 },
  ...{ saved: null, draft: null, hours: [] },
};
const plain = (text: string) => text.replaceAll('\u00a0', ' ');

test('a change is said as people compare', () => {
  expect(changeWords(100, 100.9)).toBe('none');
  expect(plain(changeWords(100, 60))).toBe('−40 %');
  expect(plain(changeWords(100, 150))).toBe('+50 %');
  expect(changeWords(100, 320)).toBe('3.2 times');
  expect(changeWords(1, 1_234.4)).toBe('1,234 times');
  expect(changeWords(0, 0)).toBe('none');
  expect(changeWords(0, 5)).toBe('new');
  expect(plain(changeWords(100, 0))).toBe('−100 %');
});

test('it is said from when data are known, of how many shardlets, and of which forecasts', () => {
  expect(coverageWords(effects, 'utc')).toBe('All 8 shardlets were replayed.');
  const recent = { ...effects, fromMs: TO - 4 * 3_600_000 + 300_000, shardlets: 1, replayed: 1 };
  expect(coverageWords(recent, 'utc')).toBe(
    'No telemetry before 14:05:00 UTC. The only shardlet was replayed.',
  );
  const sampled = coverageWords({ ...effects, shardlets: 10_000, replayed: 24 }, 'utc');
  expect(sampled).toBe('24 of 10,000 shardlets were replayed: the busiest, and a sample of the others.');
  expect(plain(coverageWords({ ...effects, forecastShare: 0.4 }, 'utc'))).toContain('for 40 % of the time');
});

test('every figure of the effect has its row', () => {
  const figures = {
    ...{
      checkpointsPerDay: 1,
      bytesPerDay: 2,
      backlogP99: 3,
      backlogMax: 4,
      recoveryMsMax: 5,
      outOfReachShare: 6,
    },
  };
  expect(EFFECT_ROWS.map(({ of }) => of(figures))).toEqual([1, 2, 3, 4, 5, 6]);
});
