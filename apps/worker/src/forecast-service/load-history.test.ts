import { expect, it } from 'vitest';
import { withWholeBeginning } from './load-history.ts';

const HOUR = 3_600_000;
const series = (values: number[], covered: number[]) => ({
  ...{ fromMs: 0, stepMs: HOUR },
  values: Float64Array.from(values),
  covered: Float64Array.from(covered),
});

it('takes the hour in which a stream began as if all of it had been like what was seen', () => {
  const began = series([Number.NaN, 600, 900], [0, 0.6, 1]);
  expect([...withWholeBeginning(began)]).toEqual([Number.NaN, 1_000, 900]);
});

it('leaves out a beginning of which less than half was seen: a minute says nothing of an hour', () => {
  const began = series([Number.NaN, 15, 900], [0, 0.02, 1]);
  expect([...withWholeBeginning(began)]).toEqual([Number.NaN, Number.NaN, 900]);
});

it('leaves what was seen later, or whole, as it is', () => {
  const whole = series([600, 300], [1, 0.5]);
  expect([...withWholeBeginning(whole)]).toEqual([600, 300]);
});
