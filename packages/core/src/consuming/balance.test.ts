import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Balance, balance, START_SHARE, type WeighedShardlet, weightsOf } from './balance.ts';

function held(id: number, weight: number, member?: string, revoking = false): WeighedShardlet {
  return { id, weight, member, revoking };
}

describe('weights', () => {
  it('of shardlets of which nothing is known are the mean of the others', () => {
    const perSecond = new Map([
      [1, 10],
      [2, 30],
      [9, 1_000],
    ]);
    expect(weightsOf([1, 2, 3], { atMs: 1, perSecond })).toEqual(
      new Map([...pairs(1, 10), ...pairs(2, 30), ...pairs(3, 20)]),
    );
  });

  it('are never nothing: a shardlet without load costs its member something', () => {
    const perSecond = new Map([
      [1, 0],
      [2, 40],
    ]);
    expect(weightsOf([1, 2], { atMs: 1, perSecond })!.get(1)).toBe(1);
  });

  it('are not there where nothing is known, or nothing is expected', () => {
    expect(weightsOf([1], { atMs: 0, perSecond: new Map() })).toBeUndefined();
    expect(weightsOf([1], { atMs: 1, perSecond: new Map([[1, 0]]) })).toBeUndefined();
  });
});

describe('what is given out', () => {
  it('goes to who has the least load, not the fewest shardlets', () => {
    const shardlets = [held(1, 90, 'a'), held(2, 10, 'b'), held(3, 10, 'b'), held(4, 20)];
    expect(balance(['a', 'b'], shardlets).given).toEqual(new Map([[4, 'b']]));
  });

  it('goes out heaviest first', () => {
    const { given } = balance(['a', 'b'], [held(1, 10), held(2, 30), held(3, 20)]);
    expect([...given]).toEqual([
      [2, 'a'],
      [3, 'b'],
      [1, 'b'],
    ]);
  });

  it('stays, as a child, with the member that had its parent', () => {
    const child = { ...held(3, 10), heir: 'a' };
    expect(balance(['a', 'b'], [held(1, 12, 'a'), held(2, 1, 'b'), child]).given).toEqual(
      new Map([[3, 'a']]),
    );
    expect(balance(['b'], [held(2, 1, 'b'), child]).given).toEqual(new Map([[3, 'b']]));
  });
});

describe('hand-overs', () => {
  it('bring the heaviest and the lightest member together', () => {
    const shardlets = [held(1, 60, 'a'), held(2, 20, 'a'), held(3, 20, 'a'), held(4, 60, 'b')];
    expect([...balance(['a', 'b'], shardlets).revoking]).toEqual([2]);
  });

  it('are not asked for where they lower the highest load by less than what they cost', () => {
    const small = 100 * START_SHARE - 0.5;
    const shardlets = [held(1, 100 - small, 'a'), held(2, small, 'a'), held(3, 90, 'b')];
    expect(balance(['a', 'b'], shardlets).revoking.size).toBe(0);
    // a plan that is under way goes on
    const underWay = shardlets.map((one) => (one.id === 2 ? { ...one, revoking: true } : one));
    expect([...balance(['a', 'b'], underWay).revoking]).toEqual([2]);
  });

  it('fill a member that has next to nothing, whatever the highest load is', () => {
    const hot = held(1, 1_000, 'a');
    const rest = Array.from({ length: 20 }, (_, i) => held(i + 2, 50, i % 2 === 0 ? 'b' : 'c'));
    const { revoking } = balance(['a', 'b', 'c', 'd'], [hot, ...rest]);
    expect(revoking.size).toBeGreaterThan(3);
    expect(revoking.has(1)).toBe(false);
  });

  it('leave a shardlet that is more than all others together where it is', () => {
    const shardlets = [held(1, 1_000, 'a'), held(2, 10, 'b'), held(3, 10, 'b')];
    expect(balance(['a', 'b'], shardlets).revoking.size).toBe(0);
  });
});

/** Members let go one shardlet at a time, in any order; all else stays. */
function settle(members: readonly string[], start: readonly WeighedShardlet[], pick: () => number) {
  let shardlets = [...start];
  let handOvers = 0;
  for (let round = 0; ; round++) {
    expect(round, 'it never settles').toBeLessThan(20 * (start.length + 1));
    const plan = balance(members, shardlets);
    shardlets = applied(shardlets, plan);
    const asked = shardlets.filter(({ revoking }) => revoking);
    if (asked.length === 0) return { shardlets, handOvers };
    const before = highest(members, shardlets);
    const one = asked[pick() % asked.length]!;
    const freed = shardlets.map((s) => (s === one ? { ...s, member: undefined, revoking: false } : s));
    const { given } = balance(members, freed);
    expect(given.get(one.id), 'it comes back').not.toBe(one.member);
    handOvers++;
    shardlets = applied(freed, {
      given,
      revoking: new Set(asked.map(({ id }) => id).filter((id) => id !== one.id)),
    });
    expect(highest(members, shardlets)).toBeLessThanOrEqual(before + 1e-9);
  }
}

function applied(shardlets: readonly WeighedShardlet[], { given, revoking }: Balance): WeighedShardlet[] {
  return shardlets.map((s) => ({ ...s, member: given.get(s.id) ?? s.member, revoking: revoking.has(s.id) }));
}

function highest(members: readonly string[], shardlets: readonly WeighedShardlet[]): number {
  return Math.max(
    ...members.map((m) => shardlets.filter((s) => s.member === m).reduce((sum, s) => sum + s.weight, 0)),
  );
}

it('whatever members have, all is assigned, nothing comes back, and it settles in few hand-overs', () => {
  const members = fc.integer({ min: 1, max: 9 }).map((n) => Array.from({ length: n }, (_, i) => `m${i}`));
  const weights = fc.array(
    fc.oneof(fc.double({ min: 0.1, max: 5, noNaN: true }), fc.constantFrom(1, 1, 50)),
    { minLength: 1, maxLength: 60 },
  );
  fc.assert(
    fc.property(members, weights, fc.infiniteStream(fc.nat(1_000)), (ids, all, picks) => {
      const pick = () => picks.next().value as number;
      const start = all.map((weight, i) =>
        held(i + 1, weight, pick() % 4 === 0 ? undefined : ids[pick() % ids.length]),
      );
      const { shardlets, handOvers } = settle(ids, start, pick);
      for (const { member } of shardlets) expect(ids).toContain(member);
      expect(handOvers).toBeLessThanOrEqual(start.length);
      expect(balance(ids, shardlets).revoking.size, 'settled is settled').toBe(0);
    }),
    { numRuns: 300 },
  );
});

it('small shardlets wait for a large one, and so do not leave twice (seed 1946816409)', () => {
  const start = [
    ...[held(1, 1, 'm0'), held(2, 50, 'm0'), held(3, 0.5301586305357283, 'm0'), held(4, 0.5772806477975393)],
    ...[
      held(5, 1, 'm0'),
      held(6, 1, 'm1'),
      held(7, 0.16854693764379383, 'm0'),
      held(8, 1.6099318569858438, 'm2'),
    ],
    ...[held(9, 3.839215701425979, 'm1'), held(10, 0.2896006806806428, 'm0'), held(11, 50, 'm0')],
  ];
  const ids = ['m0', 'm1', 'm2'];
  expect([...balance(ids, start).revoking]).toEqual([2]);
  // as they let go then: 12 hand-overs where small ones were asked for as well
  const picks = [807, 733, 534, 528, 648, 105, 583, 752, 720, 317, 707, 317, 694, 517, 986].values();
  expect(settle(ids, start, () => picks.next().value ?? 0).handOvers).toBeLessThanOrEqual(start.length);
});

it('many small shardlets are spread so that nobody has much more than the mean', () => {
  const ids = ['a', 'b', 'c', 'd', 'e'];
  const start = Array.from({ length: 200 }, (_, i) => held(i + 1, 1 + (i % 7), i < 150 ? 'a' : 'b'));
  const { shardlets } = settle(ids, start, () => 0);
  const mean = start.reduce((sum, { weight }) => sum + weight, 0) / ids.length;
  expect(highest(ids, shardlets)).toBeLessThan(1.08 * mean);
});

function pairs(id: number, weight: number): [number, number][] {
  return [[id, weight]];
}
