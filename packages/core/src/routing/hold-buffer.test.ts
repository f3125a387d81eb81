import { describe, expect, it } from 'vitest';
import { HoldBuffer } from './hold-buffer.ts';

const LIMITS = { eventsMax: 10, bytesMax: 1_000, waitMicrosMax: 1_000_000 };
const item = (name: string, sinceMicros = 0, events = 1, bytes = 10) => ({
  name,
  events,
  bytes,
  sinceMicros,
});
const names = (items: { name: string }[]) => items.map((i) => i.name);
const same = () => 5;

describe('HoldBuffer', () => {
  it('keeps the order of one shardlet through release', () => {
    const buffer = new HoldBuffer<ReturnType<typeof item>>(LIMITS);
    buffer.hold(1, 5, item('a'), 0);
    buffer.hold(2, 5, item('x'), 0);
    buffer.hold(1, 5, item('b'), 0);
    expect(buffer.holds(1)).toBe(true);
    expect(names(buffer.release(1, (s) => (s === 1 ? 6 : 5)))).toEqual(['a', 'b']);
    expect(buffer.holds(1)).toBe(false);
    expect(buffer.holds(2)).toBe(true);
  });

  it('releases when the shardlet is no leaf any more', () => {
    const buffer = new HoldBuffer<ReturnType<typeof item>>(LIMITS);
    buffer.hold(1, 5, item('a'), 0);
    expect(buffer.release(1, same)).toEqual([]);
    expect(names(buffer.release(1, () => undefined))).toEqual(['a']);
  });

  it('asks again after a pause that grows with the time waited, though the map is silent', () => {
    const buffer = new HoldBuffer<ReturnType<typeof item>>(LIMITS);
    buffer.hold(1, 5, item('a', 0), 0);
    expect(buffer.wakeAtMicros()).toBe(2_000);
    expect(buffer.release(1_999, same)).toEqual([]);
    expect(names(buffer.release(2_000, same))).toEqual(['a']);
    buffer.hold(1, 5, item('a', 0), 80_000);
    expect(buffer.wakeAtMicros()).toBe(120_000);
    buffer.release(120_000, same);
    buffer.hold(1, 5, item('a', 0), 900_000);
    expect(buffer.wakeAtMicros()).toBe(1_000_000);
    expect(new HoldBuffer(LIMITS).wakeAtMicros()).toBeUndefined();
  });

  it('waits as long as the host asks for', () => {
    const buffer = new HoldBuffer<ReturnType<typeof item>>(LIMITS);
    buffer.hold(1, 5, item('a'), 0, 300_000);
    expect(buffer.wakeAtMicros()).toBe(300_000);
  });

  it('is bounded in events and in bytes, and takes nothing of what does not fit', () => {
    const buffer = new HoldBuffer<ReturnType<typeof item>>(LIMITS);
    expect(buffer.hold(1, 5, item('a', 0, 8), 0)).toBe(true);
    expect(buffer.hold(1, 5, item('b', 0, 3), 0)).toBe(false);
    expect(buffer.hold(1, 5, item('c', 0, 1, 991), 0)).toBe(false);
    expect(buffer.events).toBe(8);
    expect(buffer.hold(1, 5, item('d', 0, 2, 990), 0)).toBe(true);
    expect(buffer.bytes).toBe(1_000);
    expect(names(buffer.release(0, () => 6))).toEqual(['a', 'd']);
    expect([buffer.events, buffer.bytes, buffer.isEmpty]).toEqual([0, 0, true]);
  });

  it('gives up only what waited too long, and counts from the first acceptance', () => {
    const buffer = new HoldBuffer<ReturnType<typeof item>>(LIMITS);
    buffer.hold(1, 5, item('old', 0), 900_000);
    buffer.hold(1, 5, item('new', 500_000), 900_000);
    expect(buffer.giveUp(999_999)).toEqual([]);
    expect(names(buffer.giveUp(1_000_000))).toEqual(['old']);
    expect(buffer.events).toBe(1);
    expect(names(buffer.release(1_000_000, () => 6))).toEqual(['new']);
  });
});
