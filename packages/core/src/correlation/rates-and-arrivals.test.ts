import { describe, expect, it } from 'vitest';
import { ArrivalTimes } from './arrival-times.ts';
import { expBelowZero, ln } from './logarithms.ts';
import { TypeRates } from './type-rates.ts';

const MINUTE = 60_000;

describe('the rate of a type', () => {
  function rates(perMinute: readonly number[]): TypeRates {
    const all = new TypeRates(4, MINUTE);
    for (const [minute, count] of perMinute.entries())
      for (let i = 0; i < count; i++) all.observe(1, (minute + 1) * MINUTE + i);
    return all;
  }

  it('is what comes, once an interval has ended', () => {
    const all = rates(Array<number>(50).fill(12));
    expect(all.rateAt(1, 51 * MINUTE)!.perSecond).toBeCloseTo(0.2, 2);
    expect(rates([12]).rateAt(1, MINUTE + 30_000)).toBeUndefined();
    expect(all.rateAt(0, 51 * MINUTE)).toBeUndefined();
  });

  it('follows a step within some intervals, the frequent type sooner', () => {
    const many = rates([...Array<number>(30).fill(100), ...Array<number>(5).fill(200)]);
    expect(many.rateAt(1, 36 * MINUTE)!.perSecond * 60).toBeGreaterThan(160);
    const few = rates([...Array<number>(30).fill(1), ...Array<number>(5).fill(2)]);
    expect(few.rateAt(1, 36 * MINUTE)!.perSecond * 60).toBeLessThan(1.8);
  });

  it('goes to nothing when nothing comes', () => {
    const all = rates(Array<number>(30).fill(10));
    expect(all.rateAt(1, 60 * MINUTE)!.perSecond * 60).toBeLessThan(1);
    expect(all.rateAt(1, 1e6 * MINUTE)!.perSecond).toBeLessThan(0.001);
  });

  it('starts anew when its number is given to another type', () => {
    const all = rates(Array<number>(30).fill(10));
    all.forget(1);
    expect(all.rateAt(1, 40 * MINUTE)).toBeUndefined();
  });

  it('counts an event that comes late', () => {
    const all = rates([5, 5]);
    all.observe(1, MINUTE);
    expect(all.rateAt(1, 3 * MINUTE)!.perSecond * 60).toBeGreaterThan(5);
  });
});

describe('the gap to the next event', () => {
  it('is that of the pair, else that of the last type, else unknown', () => {
    const arrivals = new ArrivalTimes(64);
    for (let i = 0; i < 10; i++) arrivals.observe(1, 2, 1_000);
    expect(arrivals.gapMs(1, 2)).toBeCloseTo(1_000, 6);
    expect(arrivals.gapMs(1, 3)).toBeCloseTo(1_000, 6);
    expect(arrivals.gapMs(2, 1)).toBeUndefined();
  });

  it('is not moved far by one pause, and follows a change', () => {
    const arrivals = new ArrivalTimes(64);
    for (let i = 0; i < 50; i++) arrivals.observe(1, 2, 1_000);
    arrivals.observe(1, 2, 604_800_000);
    expect(arrivals.gapMs(1, 2)).toBeLessThan(2_000);
    for (let i = 0; i < 200; i++) arrivals.observe(1, 2, 20_000);
    expect(arrivals.gapMs(1, 2)).toBeGreaterThan(15_000);
  });

  it('takes times that go back for none', () => {
    const arrivals = new ArrivalTimes(64);
    arrivals.observe(1, 2, -5_000);
    expect(arrivals.gapMs(1, 2)).toBe(0);
  });
});

it('logarithms and powers by table are those of the library to 1e-6', () => {
  for (let x = 1e-9; x < 1e9; x *= 1.37) expect(Math.abs(ln(x) - Math.log(x))).toBeLessThan(1e-6);
  for (let x = 0; x > -79; x -= 0.0371) expect(expBelowZero(x) / Math.exp(x)).toBeCloseTo(1, 6);
  expect(expBelowZero(-1_000)).toBe(0);
});
