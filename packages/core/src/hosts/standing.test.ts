import { describe, expect, it } from 'vitest';
import {
  certainBefore,
  certainOf,
  certainUnder,
  earlierWith,
  type HostProof,
  markAfter,
  markOnTop,
  ordinalOf,
  standingOf,
  withWriter,
} from './standing.ts';

const proof: HostProof = {
  host: 1,
  held: '7.a',
  next: '8.b',
  generation: 0,
  count: 100,
  promise: 5,
  earlier: [],
  writers: ['b', 'w'],
};
const found = (mark: string, count = 100, generation = 0) => ({ mark, progress: { generation, count } });

describe('the standing of a host', () => {
  it.each(['7.a', '8.b'])('is whole with mark %s and the same count or more', (mark) => {
    expect(standingOf(0, proof, found(mark))).toEqual({ kind: 'whole' });
    expect(standingOf(0, proof, found(mark, 101))).toEqual({ kind: 'whole' });
  });
  it('is regressed with a lower count', () => {
    expect(standingOf(0, proof, found('7.a', 99))).toMatchObject({
      kind: 'regressed',
      detail: expect.stringMatching(/99.*100/),
    });
  });
  it.each(['6.z', '1.a', ''])('is regressed with the earlier mark "%s", whatever its count', (mark) => {
    expect(standingOf(0, proof, found(mark, 1e9)).kind).toBe('regressed');
  });
  it.each(['9.c', '8.c', '7.q', '10.a', '9.b-4'])(
    'is foreign with mark %s, which it was never given',
    (mark) => {
      expect(standingOf(0, proof, found(mark, 1e9)).kind).toBe('foreign');
    },
  );
  it('is regressed when a mark of before came late to a host that lost them', () => {
    const after = { ...proof, held: '', next: '19.z' };
    expect(standingOf(0, after, found('6.z'))).toEqual({
      kind: 'regressed',
      detail: 'it holds mark 6.z again, after none',
    });
    expect(standingOf(0, after, found('19.y')).kind).toBe('foreign');
    expect(standingOf(0, after, found('20.z')).kind).toBe('foreign');
  });
  it('is whole with a mark that another process sent on top, and regressed with one that came late', () => {
    expect(standingOf(0, proof, found('8.w-3'))).toEqual({ kind: 'whole' });
    expect(standingOf(0, proof, found('8.w-3', 99)).kind).toBe('regressed');
    expect(standingOf(0, proof, found('7.w-2', 1e9)).kind).toBe('regressed');
  });
  it('is foreign when it was marked and this store knows of no mark', () => {
    expect(standingOf(0, undefined, found('1.a')).kind).toBe('foreign');
    expect(standingOf(0, undefined, found('', 3))).toEqual({ kind: 'whole' });
  });
  it('is judged by its generation first', () => {
    expect(standingOf(5, proof, found('8.b', 200, 0)).kind).toBe('regressed');
    expect(standingOf(0, proof, found('8.b', 200, 5)).kind).toBe('foreign');
  });
  it('is whole after a loss was accepted, until it is marked in the new generation', () => {
    expect(standingOf(5, proof, found('3.x', 10, 5))).toEqual({ kind: 'whole' });
    expect(standingOf(5, { ...proof, generation: 5 }, found('3.x', 10, 5)).kind).toBe('regressed');
  });
});

describe('marks', () => {
  it('are numbered from 1, above all that are named', () => {
    expect(markAfter([], 'r')).toBe('1.r');
    expect(markAfter([''], 'r')).toBe('1.r');
    expect(markAfter(['9.a', '10.b', ''], 'r')).toBe('11.r');
    expect(ordinalOf('')).toBe(0);
    expect(ordinalOf('12.ab')).toBe(12);
  });
  it('keep their number when they are sent again, until one is answered', () => {
    expect(markOnTop('7.a', '7.a', 'r-1')).toBe('8.r-1');
    expect(markOnTop('7.a', '8.b', 'r-1')).toBe('8.r-1');
    expect(markOnTop('7.a', '12.b', 'r-1')).toBe('12.r-1');
    expect(markOnTop('', '', 'r-1')).toBe('1.r-1');
  });
  it.each(['x', '-1.a', '1e400.z'])('are refused when they are "%s"', (mark) => {
    expect(() => ordinalOf(mark)).toThrow('is no mark');
  });
});

describe('earlier promises', () => {
  const at = (promise: number, earlier: readonly number[]): HostProof => ({ ...proof, promise, earlier });
  it('are kept newest first, once each', () => {
    expect(earlierWith(at(7, [5, 3]))).toEqual([7, 5, 3]);
    expect(earlierWith(at(7, [7, 3]))).toEqual([7, 3]);
    expect(earlierWith(at(0, []))).toEqual([]);
  });
  it('reach hours back, the more coarsely the longer ago', () => {
    let earlier: readonly number[] = [];
    const second = 1_000_000;
    for (let i = 1; i <= 20_000; i++) earlier = earlierWith(at(i * second, earlier));
    expect(earlier.length).toBe(20);
    expect(earlier).toEqual(earlier.toSorted((a, b) => b - a));
    const ages = earlier.map((promise) => 20_000 - promise / second);
    expect(ages.slice(0, 3)).toEqual([0, 1, 2]);
    expect(ages.at(-1)).toBeGreaterThan(15_000);
    for (const [i, age] of ages.entries()) if (i > 2) expect(age / ages[i - 1]!).toBeLessThan(4);
  });
  it('tell what is certain before an event: two seconds of clocks aside', () => {
    const known = at(10_000_000, [9_000_000, 7_000_000, 2_000_000]);
    expect(certainBefore(known, 12_000_000)).toBe(10_000_000);
    expect(certainBefore(known, 11_999_999)).toBe(9_000_000);
    expect(certainBefore(known, 9_500_000)).toBe(7_000_000);
    expect(certainBefore(known, 3_000_000)).toBe(0);
    expect(certainBefore(undefined, 12_000_000)).toBe(0);
  });
});

describe('what is certain', () => {
  const known: HostProof = { ...proof, promise: 500, earlier: [400, 300, 100] };
  it.each([
    ['7.a', 450, 450, 'of the mark that was confirmed: its own promise'],
    ['8.b', 900, 500, 'of one on top of it: what it builds on'],
    ['8.w-2', 450, 0, 'of one on top of it with a lower promise than what it builds on'],
    ['5.x', 350, 300, 'of an earlier one: the newest confirmed promise that is not above its own'],
    ['5.x', 300, 300, 'of an earlier one that is known'],
    ['', 0, 0, 'of none'],
  ])('on a host with mark "%s" and promise %i is %i: %s', (mark, markPromise, certain) => {
    expect(certainOf(known, { mark, markPromise })).toBe(certain);
  });
  it.each([
    ['6.x', 300, 'one before it'],
    ['5.x', 100, 'two before it'],
    ['4.x', 0, 'more before it than promises are kept'],
    ['', 0, 'none'],
  ])('on a host that has answered with mark "%s" only is %i: of 7, that is %s', (mark, certain) => {
    expect(certainUnder({ ...known, held: '7.a' }, mark)).toBe(certain);
  });
  it('is nothing where no mark is known', () => {
    expect(certainOf(undefined, { mark: '7.a', markPromise: 450 })).toBe(0);
  });
});

describe('the processes that mark a host', () => {
  it('are kept newest first, once each, the newest 32', () => {
    expect(withWriter({ writers: [] }, 'a')).toEqual(['a']);
    expect(withWriter({ writers: ['b', 'a'] }, 'a')).toEqual(['a', 'b']);
    const many = Array.from({ length: 40 }, (_, i) => `p${i}`);
    expect(many.reduce((writers, each) => withWriter({ writers }, each), [] as readonly string[])).toEqual(
      many.toReversed().slice(0, 32),
    );
  });
});
