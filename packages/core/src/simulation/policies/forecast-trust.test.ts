import { expect, it } from 'vitest';
import { ForecastTrust } from './forecast-trust.ts';
import { losing } from './foresight.ts';

const STEPS = 3;
const values = Float64Array.from({ length: 400 }, (_, i) => 100 + 50 * Math.sin(i / 3));

/** Forecasts that are the truth times `factor` are asked for one after the other. */
function lastAnswer(factor: (at: number) => number) {
  const trust = new ForecastTrust(values);
  let answer = { own: Number.NaN, trusted: Number.NaN, last: Number.NaN };
  for (let length = 50; length + STEPS < values.length; length++) {
    const point = values.slice(length, length + STEPS).map((value) => value * factor(length));
    const trusted = trust.next({ point, doubt: new Float64Array(STEPS).fill(1) }, length);
    answer = { own: point[0]!, trusted: trusted.point[0]!, last: values[length - 1]! };
  }
  return answer;
}

it('keeps a forecast that is better than the last measurement', () => {
  const { own, trusted } = lastAnswer(() => 1.05);
  expect(trusted).toBe(own);
});

it('takes the last measurement in place of forecasts that have been worse than it', () => {
  const { trusted, last } = lastAnswer((at) => (at < 200 ? 1 : 4));
  expect(trusted).toBe(last);
});

it('loses forecasts for hours at a time, in the part that was asked for', () => {
  const outlook = { middle: [], doubt: [], commonDoubt: new Float64Array() };
  const lost = (share: number) => {
    const foresight = losing({ at: () => outlook }, share, 1);
    const spans = Array.from({ length: 24 }, (_, span) =>
      [0, 90].map((minute) => foresight.at(180 * span + minute, new Float64Array(), 1) === undefined),
    );
    expect(spans.every(([a, b]) => a === b)).toBe(true);
    return spans.filter(([a]) => a).length;
  };
  expect([lost(0), lost(1)]).toEqual([0, 24]);
  expect(lost(0.5)).toBeGreaterThan(5);
  expect(lost(0.5)).toBeLessThan(19);
});
