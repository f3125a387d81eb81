import { describe, expect, it } from 'vitest';
import { ABSENT, contextKinds, hashContexts } from './contexts.ts';
import { NO_TYPE } from './event-types.ts';
import { KeyHistories, NO_GAP } from './key-histories.ts';

const KINDS = contextKinds(['user', 'region']);
const NAMES = KINDS.map(({ name }) => name);

function pushed(histories: KeyHistories, key: string, ...types: number[]): number {
  const slot = histories.slotOf(key);
  for (const [i, type] of types.entries()) histories.push(slot, type, 1_000 * i, ['u1', 'r1']);
  return slot;
}

function hashesOf(histories: KeyHistories, slot: number): Record<string, number> {
  const hashes = new Int32Array(KINDS.length);
  hashContexts(histories, slot, hashes);
  return Object.fromEntries(NAMES.map((name, i) => [name, hashes[i]!]));
}

function differing(a: Record<string, number>, b: Record<string, number>): string[] {
  return NAMES.filter((name) => a[name] !== b[name]);
}

describe('a history', () => {
  it('holds the last eight types and their times, the last first', () => {
    const histories = new KeyHistories(4, 2);
    const slot = pushed(histories, 'k', 1, 2, 3, 4, 5, 6, 7, 8, 9, 10);
    expect([...histories.types.slice(slot * 8, slot * 8 + 8)]).toEqual([10, 9, 8, 7, 6, 5, 4, 3]);
    expect([...histories.times.slice(slot * 8, slot * 8 + 8)]).toEqual(
      [9, 8, 7, 6, 5, 4, 3, 2].map((s) => s * 1_000),
    );
    expect(histories.lengths[slot]).toBe(8);
  });

  it('has a class of the gap before the last event from the second event on', () => {
    const histories = new KeyHistories(4, 0);
    const slot = histories.slotOf('k');
    const gaps = [0, 0, 999, 10_999, 10_999 + 604_800_000].map((timeMs) => {
      histories.push(slot, 1, timeMs, []);
      return histories.gaps[slot];
    });
    expect(gaps).toEqual([NO_GAP, 0, 1, 3, 9]);
  });

  it('of the key that was not seen for longest leaves when there are too many', () => {
    const histories = new KeyHistories(2, 0);
    pushed(histories, 'a', 1);
    pushed(histories, 'b', 2);
    pushed(histories, 'c', 3);
    histories.slotOf('c');
    const again = pushed(histories, 'd', 4);
    expect(histories.size).toBe(2);
    expect([...histories.types.slice(again * 8, again * 8 + 2)]).toEqual([4, NO_TYPE]);
    expect(histories.lengths[histories.slotOf('c')]).toBe(1);
  });
});

it('of a key that was seen again stays when others leave', () => {
  const histories = new KeyHistories(3, 0);
  for (const key of ['a', 'b', 'c', 'd']) pushed(histories, key, 1);
  histories.slotOf('b');
  pushed(histories, 'e', 1);
  expect(histories.lengths[histories.slotOf('b')]).toBe(1);
});

describe('contexts', () => {
  it('of a new key are its start, the key itself and nothing that needs an event', () => {
    const histories = new KeyHistories(4, 2);
    const hashes = hashesOf(histories, histories.slotOf('new'));
    expect(NAMES.filter((name) => hashes[name] === ABSENT)).toEqual(
      NAMES.filter((name) => !['order 0', 'order 1', 'key'].includes(name)),
    );
  });

  it('reach back to the start of the key and not beyond', () => {
    const histories = new KeyHistories(4, 2);
    const hashes = hashesOf(histories, pushed(histories, 'k', 1, 2));
    expect(hashes['order 3']).not.toBe(ABSENT);
    expect(hashes['order 4']).toBe(ABSENT);
  });

  it('of two keys with the same history differ in the key alone', () => {
    const histories = new KeyHistories(4, 2);
    const [a, b] = [pushed(histories, 'a', 1, 2), pushed(histories, 'b', 1, 2)];
    expect(differing(hashesOf(histories, a), hashesOf(histories, b))).toEqual(['key', 'key, order 1']);
  });

  it('of order n see n types', () => {
    const histories = new KeyHistories(4, 2);
    const [a, b] = [pushed(histories, 'k', 5, 6, 1, 2, 3), pushed(histories, 'k2', 6, 5, 1, 2, 3)];
    const found = differing(hashesOf(histories, a), hashesOf(histories, b));
    expect(found.filter((name) => name.startsWith('order'))).toEqual(['order 4', 'order 5', 'order 6']);
    expect(found).not.toContain('set');
  });

  it('with the set see which types came, not in which order', () => {
    const histories = new KeyHistories(4, 2);
    const [a, b] = [pushed(histories, 'k', 4, 9, 1), pushed(histories, 'k2', 4, 8, 1)];
    expect(differing(hashesOf(histories, a), hashesOf(histories, b))).toContain('set');
  });

  it('with an attribute see its last value', () => {
    const histories = new KeyHistories(4, 2);
    const [a, b] = [pushed(histories, 'k', 1), pushed(histories, 'k2', 1)];
    histories.push(a, 1, 9_000, ['u1', 'r1']);
    histories.push(b, 1, 9_000, ['u1', 'r2']);
    expect(differing(hashesOf(histories, a), hashesOf(histories, b))).toEqual([
      'key',
      'key, order 1',
      'region',
      'region, order 2',
      'all attributes',
    ]);
  });

  it('with the gap see its class', () => {
    const histories = new KeyHistories(4, 2);
    const [a, b] = [pushed(histories, 'k', 1), pushed(histories, 'k2', 1)];
    histories.push(a, 1, 10, ['u1', 'r1']);
    histories.push(b, 1, 86_400_000, ['u1', 'r1']);
    expect(differing(hashesOf(histories, a), hashesOf(histories, b))).toEqual(['gap', 'key', 'key, order 1']);
  });

  it('span no lost events: after a gap a key has a history, but no start', () => {
    const histories = new KeyHistories(4, 2);
    const slot = pushed(histories, 'k', 1, 2, 3);
    histories.forget();
    const empty = hashesOf(histories, slot);
    expect(NAMES.filter((name) => empty[name] !== ABSENT)).toEqual(['order 0', 'key']);
    histories.push(slot, 3, 0, ['u1', 'r1']);
    const hashes = hashesOf(histories, slot);
    expect(hashes['order 1']).not.toBe(ABSENT);
    expect(hashes['order 2']).toBe(ABSENT);
    expect(hashes.gap).toBe(ABSENT);
  });
});
