import { describe, expect, it } from 'vitest';
import { learnMemberRate, type MembersInput, membersWanted, type PaceSample } from './members-wanted.ts';

const STEP_MS = 300_000;
const usual: MembersInput = {
  ...{ lag: 0, memberRate: 100, drainMinutes: 10, members: 2, shardlets: 50, nowMs: 1_000 },
  arrivals: { from: 'forecast', stepMs: STEP_MS, perSecond: [150, 150], p90PerSecond: [190, 190] },
};
const arriving = (...p90PerSecond: number[]) => ({
  arrivals: { from: 'forecast', stepMs: STEP_MS, perSecond: p90PerSecond, p90PerSecond } as const,
});
const wanted = (changed: Partial<MembersInput>) => membersWanted({ ...usual, ...changed });

describe('the members that a group needs', () => {
  it('are enough for what is expected to arrive at most', () => {
    expect(wanted({})).toMatchObject({ now: 2, atHorizon: 2, at: null });
    expect(wanted(arriving(201))).toMatchObject({ now: 2 });
    expect(wanted(arriving(230))).toMatchObject({ now: 3, at: 1_000 });
  });

  it('are more before a peak that comes within the horizon, with the time from when on', () => {
    expect(wanted(arriving(190, 190, 260, 520, 300))).toMatchObject({
      now: 2,
      atHorizon: 6,
      at: 1_000 + 2 * STEP_MS,
    });
    const late = [...Array.from({ length: 6 }, () => 190), 900];
    expect(wanted(arriving(...late))).toMatchObject({ now: 2, atHorizon: 2, at: null });
  });

  it('process the backlog within the time that is asked for', () => {
    // 120,000 in 10 min are 200/s
    expect(wanted({ lag: 120_000 })).toMatchObject({ now: 4, at: 1_000 });
    expect(wanted({ lag: 120_000, drainMinutes: 20 })).toMatchObject({ now: 3 });
    // what is on its way is no backlog
    expect(wanted({ lag: 380 })).toMatchObject({ now: 2 });
  });

  it('are never more than shardlets, which is said, and never none', () => {
    const few = wanted({ ...arriving(1_000), shardlets: 3 });
    expect(few).toMatchObject({ now: 3, atHorizon: 3, why: { limitedByShardlets: true } });
    expect(wanted(arriving(0))).toMatchObject({ now: 1, why: { limitedByShardlets: false } });
  });

  it('are not known where something is missing', () => {
    for (const [changed, because] of [
      [{ lag: undefined }, 'lag'],
      [{ arrivals: undefined }, 'arrivals'],
      [{ memberRate: undefined }, 'rate'],
    ] as const)
      expect(wanted(changed)).toEqual({
        now: null,
        atHorizon: null,
        at: null,
        why: { kind: 'unknown', because },
      });
  });
});

describe('what a member can process', () => {
  const samples = (perSecond: number, members: number | undefined, count = 5): PaceSample[] =>
    Array.from({ length: count }, (_, i) => ({ atMs: i * 15_000, processed: i * 15 * perSecond, members }));

  it('is what each processed, once a minute is known', () => {
    expect(learnMemberRate(undefined, samples(300, 3), false)).toBe(100);
    expect(learnMemberRate(undefined, samples(300, 3, 3), false)).toBeUndefined();
    expect(learnMemberRate(undefined, samples(300, undefined), false)).toBeUndefined();
    expect(learnMemberRate(undefined, samples(0, 3), true)).toBeUndefined();
  });

  it('rises with what is seen, and falls only while the group is behind', () => {
    expect(learnMemberRate(100, samples(200, 1), false)).toBe(150);
    expect(learnMemberRate(100, samples(50, 1), false)).toBe(100);
    expect(learnMemberRate(100, samples(50, 1), true)).toBe(95);
  });

  it('is not taken from a time in which members came or went, or positions were set back', () => {
    const joined = [
      ...samples(300, 3, 2),
      ...samples(900, 4).map((s) => ({ ...s, atMs: s.atMs + 30_000, processed: s.processed + 9_000 })),
    ];
    expect(learnMemberRate(undefined, joined, false)).toBe(225);
    const back = samples(300, 3).map((s, i) => (i < 4 ? { ...s, processed: s.processed + 1e6 } : s));
    expect(learnMemberRate(undefined, back, false)).toBeUndefined();
  });
});
