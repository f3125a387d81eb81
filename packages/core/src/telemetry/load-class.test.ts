import { describe, expect, it } from 'vitest';
import { seededRandom } from '../kernel/index.ts';
import { type LoadPlace, loadCourse, loadPlace, type PlaceFacts } from './load-class.ts';

const NONE = Number.NaN;

describe('how a load stands among its like', () => {
  const facts = (times?: number, topKeyShare?: number, countedKeysShare?: number): PlaceFacts => ({
    ...{ times, topKeyShare, countedKeysShare },
  });
  it.each<readonly [string, PlaceFacts, LoadPlace]>([
    ['twice the average with one key of half', facts(2, 0.5, 0.5), 'hotKey'],
    ['5.5 times the average with one key of all', facts(5.5, 1, 1), 'hotKey'],
    ['one key of nearly half, and a few of most', facts(5.5, 0.49, 0.8), 'fewKeys'],
    ['keys that are many', facts(5.5, 0.1, 0.79), 'hotRange'],
    ['keys of which one alone was counted', facts(5.5, 0.1), 'hotRange'],
    ['keys that are not known', facts(5.5), 'hot'],
    ['keys of an unknown share', facts(5.5, NONE, NONE), 'hot'],
    ['less than twice the average, whatever its keys', facts(1.99, 1, 1), 'even'],
    ['nothing of all', facts(0, 1, 1), 'even'],
    ['a load that does not add up', facts(undefined, 1, 1), 'unknown'],
    ['a load that is no number', facts(NONE, 1, 1), 'unknown'],
  ])('%s: it is known by its figures', (_, given, place) => {
    expect(loadPlace(given)).toBe(place);
  });
});

describe('how a load goes on in time', () => {
  const random = seededRandom(7);
  const DICE = Array.from({ length: 100 }, () => random.next());
  /** A value for each of so many steps, up to 4 % higher by chance. */
  const steps = (count: number, of: (i: number) => number) =>
    Float64Array.from({ length: count }, (_, i) => of(i) * (1 + 0.04 * DICE[i]!));
  const day = (i: number) => 2 + Math.sin((2 * Math.PI * i) / 24);

  it('is nothing to speak of when it is steady, over too short a time, or not known', () => {
    expect(loadCourse(steps(96, () => 5))).toEqual({});
    expect(loadCourse(steps(7, (i) => (i === 3 ? 50 : 1)))).toEqual({});
    expect(loadCourse(steps(7, (i) => 10 + 5 * i))).toEqual({});
    expect(loadCourse(steps(8, (i) => 10 + 5 * i)).growth).toBeDefined();
    expect(loadCourse(new Float64Array(96).fill(NONE))).toEqual({});
    expect(loadCourse(new Float64Array(96))).toEqual({});
  });

  it('is a burst where a short part is four times the usual, with its ends', () => {
    const { burst } = loadCourse(steps(100, (i) => (i >= 40 && i < 44 ? 9 : 1)));
    expect(burst).toMatchObject({ first: 40, last: 43 });
    expect(burst!.times).toBeCloseTo(9, 0);
    expect(loadCourse(steps(100, (i) => (i >= 40 && i < 51 ? 9 : 1))).burst).toBeUndefined();
    expect(loadCourse(steps(100, (i) => (i >= 40 && i < 50 ? 9 : 1))).burst).toBeDefined();
    expect(loadCourse(steps(100, (i) => (i >= 40 && i < 44 ? 3.5 : 1))).burst).toBeUndefined();
    expect(loadCourse(steps(100, (i) => (i >= 40 && i < 44 ? 9 : 0))).burst).toBeUndefined();
  });

  it('comes back when two periods of it are there, at the shortest that is nearly as good', () => {
    expect(loadCourse(steps(96, day))).toEqual({ period: 24 });
    expect(loadCourse(steps(30, day)).period).toBeUndefined();
    expect(loadCourse(steps(96, (i) => day(i) + i / 10))).toEqual({ period: 24 });
  });

  it('grows when a line follows it and ends half as high again', () => {
    expect(loadCourse(steps(96, (i) => 10 + i / 10)).growth).toBeCloseTo(1.95, 1);
    expect(loadCourse(steps(96, (i) => 10 + i / 25)).growth).toBeUndefined();
    expect(loadCourse(steps(96, (i) => 20 - i / 10)).growth).toBeUndefined();
    expect(loadCourse(steps(96, (i) => i)).growth).toBeGreaterThan(50);
    expect(loadCourse(steps(96, (i) => (i === 95 ? 90 : 1))).growth).toBeUndefined();
  });

  it('is seen over gaps', () => {
    const gaps = steps(96, (i) => (i % 10 === 0 ? NONE : 10 + i / 10));
    expect(loadCourse(gaps).growth).toBeCloseTo(1.95, 1);
    expect(loadCourse(gaps).burst).toBeUndefined();
  });
});
