import { beforeEach, expect, it } from 'vitest';
import { MemberPaces } from './member-paces.ts';

let paces: MemberPaces;

beforeEach(() => {
  paces = new MemberPaces();
});

const has =
  (...shardlets: number[]) =>
  () =>
    shardlets.map((shardlet) => ({ shardlet, seq: 10 * shardlet }));

it('says what a member was given and what it lost, and looks only when its group has changed', () => {
  expect(paces.polled('m', 1, 0, has(1, 2))).toEqual({
    given: [
      { shardlet: 1, seq: 10 },
      { shardlet: 2, seq: 20 },
    ],
    lost: [],
  });
  const never = () => {
    throw new Error('it is the same');
  };
  expect(paces.polled('m', 1, 1, never)).toBeUndefined();
  expect(paces.polled('m', 2, 2, has(2, 3))).toEqual({ given: [{ shardlet: 3, seq: 30 }], lost: [1] });
  expect(paces.holders(1)).toEqual([]);
  expect(paces.holders(2)).toEqual([{ claim: 'm', seq: 20 }]);
});

it('predicts from the pace of a member when it needs what follows', () => {
  paces.polled('m', 1, 0, has(1));
  expect(paces.reached('m', 1, 10, 0)(100)).toBe(0);
  expect(paces.reached('m', 1, 110, 100)(100)).toBe(200);
});

it('forgets a member that does not poll any more', () => {
  paces.polled('m', 1, 0, has(1));
  paces.polled('n', 1, 50_000, has(2));
  expect(paces.expire(61_000)).toEqual(['m']);
  expect(paces.holders(1)).toEqual([]);
});
