import { describe, expect, it } from 'vitest';
import { mayStart, nextWindow } from './windows.ts';

const at = (time: string) => Date.parse(time);
const night = (zone: string) => [{ from: '04:00', to: '05:30', zone }];

describe('approved work', () => {
  const from = at('2026-11-22T04:00:00Z');
  it.each([
    ['2026-11-22T03:59:59Z', false],
    ['2026-11-22T04:00:00Z', true],
    ['2026-11-22T05:29:59Z', true],
    // moves were paused, or no worker ran
    ['2026-11-22T05:30:00Z', false],
    ['2026-11-22T12:00:00Z', false],
    ['2026-11-23T04:10:00Z', true],
  ])('for the window at four may begin at %s: %s', (now, may) => {
    expect(mayStart(night('UTC'), night('UTC'), from, at(now))).toBe(may);
  });

  it('that has no time, or one outside of windows, does not wait for one', () => {
    const noon = at('2026-11-22T12:00:00Z');
    expect(mayStart(night('UTC'), night('UTC'), null, noon)).toBe(true);
    expect(mayStart(night('UTC'), night('UTC'), noon, noon - 1)).toBe(false);
    expect(mayStart(night('UTC'), night('UTC'), noon, noon + 7_200_000)).toBe(true);
    expect(mayStart([], night('UTC'), from, noon)).toBe(true);
  });

  it('for a window that is another one by now waits for that', () => {
    const evening = [{ from: '22:00', to: '23:00', zone: 'UTC' }];
    expect(mayStart(evening, night('UTC'), from, from)).toBe(false);
    expect(mayStart(evening, night('UTC'), from, at('2026-11-22T22:10:00Z'))).toBe(true);
    // there were none when it was approved: any time was one
    expect(mayStart(evening, [], from, from)).toBe(false);
  });
});

describe('the next window', () => {
  it('is now when there are none, and while one is open', () => {
    expect(nextWindow([], 17)).toBe(17);
    const inside = at('2026-11-21T04:30:10Z');
    expect(nextWindow(night('UTC'), inside)).toBe(inside);
  });

  it.each([
    ['2026-11-21T18:00:00Z', 'UTC', '2026-11-22T04:00:00Z'],
    ['2026-11-21T05:30:00Z', 'UTC', '2026-11-22T04:00:00Z'],
    ['2026-11-21T18:00:00Z', 'Europe/Berlin', '2026-11-22T03:00:00Z'],
    // the clocks go forward in the night between
    ['2026-03-28T18:00:00Z', 'Europe/Berlin', '2026-03-29T02:00:00Z'],
  ])('after %s in %s begins at %s', (now, zone, start) => {
    expect(new Date(nextWindow(night(zone), at(now))).toISOString()).toBe(new Date(start).toISOString());
  });

  it('may go past midnight', () => {
    const late = [{ from: '22:00', to: '02:00', zone: 'UTC' }];
    const inside = at('2026-11-22T01:59:00Z');
    expect(nextWindow(late, inside)).toBe(inside);
    expect(nextWindow(late, at('2026-11-22T02:00:00Z'))).toBe(at('2026-11-22T22:00:00Z'));
  });

  // 2026-11-21 is a Saturday
  it.each([
    ['2026-11-20T18:00:00Z', ['sat', 'sun'], '2026-11-21T04:00:00Z'],
    ['2026-11-22T05:30:00Z', ['sat', 'sun'], '2026-11-28T04:00:00Z'],
    ['2026-11-21T04:10:00Z', ['sat'], '2026-11-21T04:10:00Z'],
    ['2026-11-21T05:30:00Z', ['sat'], '2026-11-28T04:00:00Z'],
  ] as const)('after %s on %j opens at %s', (now, days, start) => {
    const weekly = [{ ...night('UTC')[0]!, days: [...days] }];
    expect(new Date(nextWindow(weekly, at(now))).toISOString()).toBe(new Date(start).toISOString());
  });

  it('past midnight belongs to the weekday on which it begins', () => {
    const late = [{ from: '22:00', to: '02:00', zone: 'UTC', days: ['sat' as const] }];
    const inside = at('2026-11-22T01:59:00Z');
    expect(nextWindow(late, inside)).toBe(inside);
    expect(nextWindow(late, at('2026-11-21T01:00:00Z'))).toBe(at('2026-11-21T22:00:00Z'));
    expect(nextWindow(late, at('2026-11-22T22:30:00Z'))).toBe(at('2026-11-28T22:00:00Z'));
  });

  it('has the weekday of its zone', () => {
    const monday = [{ from: '00:30', to: '01:00', zone: 'Asia/Tokyo', days: ['mon' as const] }];
    expect(nextWindow(monday, at('2026-11-21T00:00:00Z'))).toBe(at('2026-11-22T15:30:00Z'));
  });

  it('is found after clocks that jump into it', () => {
    const gap = [{ from: '02:30', to: '04:00', zone: 'Europe/Berlin', days: ['sun' as const] }];
    expect(nextWindow(gap, at('2026-03-28T12:00:00Z'))).toBe(at('2026-03-29T01:00:00Z'));
  });
});
