import { describe, expect, it } from 'vitest';
import { seededRandom } from '../kernel/index.ts';
import { ageOf, levelled } from './level.ts';

const DAY = 24;
const SEASONS = [24, 168];
const AT = 35 * DAY;

function loads(days: number): Float64Array {
  const random = seededRandom(3);
  return Float64Array.from(
    { length: days * DAY },
    (_, t) => (100 + 50 * Math.sin((t / DAY) * 2 * Math.PI)) * (0.9 + 0.2 * random.next()),
  );
}

function times(values: Float64Array, ratio: number, from: number, to = values.length): Float64Array {
  return values.map((value, t) => (t >= from && t < to ? value * ratio : value));
}

describe('the level of a load', () => {
  it.each([2, 0.5])('follows a shift by %d within a day and a half, and not before half a day', (ratio) => {
    const shifted = times(loads(42), ratio, AT);
    expect(levelled(shifted.subarray(0, AT + 12), SEASONS).ratio).toBe(1);
    const after = levelled(shifted.subarray(0, AT + 36), SEASONS);
    expect(after.ratio / ratio).toBeCloseTo(1, 1);
    expect(Math.abs(after.shifts[0]!.from - AT)).toBeLessThan(4);
  });

  it('shows the models the load at the level it began with', () => {
    const usual = loads(42);
    const { values } = levelled(times(usual, 3, AT), SEASONS);
    const off = values.map((value, t) => Math.abs(value / usual[t]! - 1));
    expect(Math.max(...off)).toBeLessThan(0.1);
  });

  it('learns nothing of what passed after two days', () => {
    const { values, ratio, shifts } = levelled(times(loads(42), 4, AT, AT + 2 * DAY), SEASONS);
    expect(ratio).toBeCloseTo(1, 5);
    expect(shifts).toMatchObject([{ passed: true }]);
    expect(values.subarray(AT + 2, AT + 2 * DAY - 2).every(Number.isNaN)).toBe(true);
  });

  it('says when the level last changed, be it that an event passed', () => {
    const age = (values: Float64Array) => ageOf(levelled(values, SEASONS));
    expect(age(loads(42))).toBeUndefined();
    const since = age(times(loads(42), 3, AT))!;
    expect(Math.abs(since - 7 * DAY)).toBeLessThan(4);
    const sincePassed = age(times(loads(42), 4, AT, AT + 2 * DAY))!;
    expect(Math.abs(sincePassed - 5 * DAY)).toBeLessThan(4);
  });

  it('takes a flash crowd of hours for no level', () => {
    expect(levelled(times(loads(42), 20, AT, AT + 5), SEASONS)).toMatchObject({ ratio: 1, shifts: [] });
  });

  it.each([
    ['without a season', loads(42), []],
    ['with negative values', loads(42).map((value) => value - 100), SEASONS],
    ['that is mostly zero', loads(42).map((value, t) => (t % 3 === 0 ? value : 0)), SEASONS],
  ])('leaves a series %s as it is', (_, values, seasons) => {
    expect(levelled(values, seasons).values).toBe(values);
  });
});
