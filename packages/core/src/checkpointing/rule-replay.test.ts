import { describe, expect, it } from 'vitest';
import type { ArrivalForecast } from './arrivals.ts';
import { FIRST_RECOVERY_MODEL } from './recovery-model.ts';
import { type RuleEffect, replayRule, type ShardletHistory, sampledShardlets } from './rule-replay.ts';
import { type CheckpointSettings, checkpointSettingsSchema } from './settings.ts';

const FROM = Date.parse('2026-11-17T00:00:00Z');
const STEP_MS = 300_000;
const HOUR_MS = 3_600_000;
const DAY = 288;
/** Ten events a second. */
const EVEN = 3_000;

const even = (steps = DAY, events = EVEN): number[] => Array.from({ length: steps }, () => events);
const made = (step: number, ...eventsPerStep: number[]): ArrivalForecast => ({
  ...{ fromMs: FROM + step * STEP_MS, stepMs: STEP_MS, eventsPerStep },
});
/** Forecasts that are right about a step and the next one. */
const right = (arrivals: readonly number[]) =>
  arrivals.map((events, step) => made(step, events || EVEN, arrivals[step + 1] || events || EVEN));

const shardlet = (arrivals: readonly number[], more: Partial<ShardletHistory> = {}): ShardletHistory => ({
  ...{ shardlet: 1, weight: 1, arrivals, forecasts: right(arrivals), bytes: undefined, checkpointMs: 1_000 },
  ...more,
});

interface Played {
  readonly effect: RuleEffect | undefined;
  readonly pauses: number;
}

/** Before anybody has recovered: 2 s and 50 MB/s, 2,000 events/s. */
function play(shardlets: readonly ShardletHistory[], changes: Partial<CheckpointSettings> = {}): Played {
  const settings = checkpointSettingsSchema.parse({ checkpoint_threshold: 52, ...changes });
  const replay = replayRule({ fromMs: FROM, stepMs: STEP_MS, shardlets }, settings, FIRST_RECOVERY_MODEL);
  for (let pauses = 0; ; pauses++) {
    const { done, value } = replay.next();
    if (done) return { effect: value, pauses };
  }
}
const effectOf = (...args: Parameters<typeof play>): RuleEffect => play(...args).effect!;

describe('an even load', () => {
  // 10/s for 2 s and E/2,000 s are more than 52 from E = 6,400 on: 11 minutes
  it('is checkpointed as often as the rule says, and a failure just before costs what that allows', () => {
    const effect = effectOf([shardlet(even())]);
    expect(effect.checkpointsPerDay).toBe(130);
    expect(effect.bytesPerDay).toBeUndefined();
    expect(effect.recoveryMsMax).toBeCloseTo(5_300, 3);
    expect(effect.backlogMax).toBeCloseTo(53, 3);
    expect(effect.backlogP99).toBeGreaterThan(52);
    expect(effect.backlogP99).toBeLessThanOrEqual(effect.backlogMax);
    expect(effect.outOfReachShare).toBe(0);
    expect(effect.backlogByHour).toHaveLength(24);
    for (const backlog of effect.backlogByHour) expect(backlog).toBeCloseTo(53, 3);
  });

  it('is the same without a forecast: the measured rate is all there is', () => {
    const forecasts = even().map(() => undefined);
    expect(effectOf([shardlet(even(), { forecasts })])).toEqual(effectOf([shardlet(even())]));
  });

  it('counts checkpoints and bytes of all shardlets that one stands for', () => {
    const effect = effectOf([
      shardlet(even(), { weight: 3, bytes: 1_000 }),
      shardlet(even(DAY, 0), { bytes: 5_000 }),
    ]);
    expect(effect.checkpointsPerDay).toBe(3 * 130);
    expect(effect.bytesPerDay).toBe(3 * 130 * 1_000);
  });

  it('takes longer to recover where checkpoints are large', () => {
    // 2 s more: 10/s for 4 s and E/2,000 s are more than 52 from E = 2,400 on: 5 minutes
    const effect = effectOf([shardlet(even(), { bytes: 100_000_000 })]);
    expect(effect.checkpointsPerDay).toBe(288);
    expect(effect.recoveryMsMax).toBeCloseTo(5_500, 0);
  });

  it('spends no more time on checkpoints than allowed', () => {
    // a checkpoint of 60 s at most every 20 minutes
    const slow = shardlet(even(), { checkpointMs: 60_000 });
    expect(effectOf([slow], { checkpoint_share_max: 0.05 }).checkpointsPerDay).toBe(72);
  });

  it('says how much of the time no checkpoint is enough', () => {
    const effect = effectOf([shardlet(even(), { weight: 3 }), shardlet(even(DAY, 30))], {
      checkpoint_threshold: 10,
    });
    expect(effect.outOfReachShare).toBe(0.75);
    expect(effect.checkpointsPerDay).toBeGreaterThanOrEqual(3 * 1_440);
  });

  it('follows the aim of the settings', () => {
    const cost = { aim: 'cost', failure_interval: 1_000 } as const;
    expect(effectOf([shardlet(even())], cost).checkpointsPerDay).toBeLessThan(20);
  });
});

describe('the backlog', () => {
  it('is what came after a failure, whatever was expected', () => {
    // 13 looks of 10/s, then 100/s: a failure at the end of the first hour meets the burst
    const arrivals = [...even(12), ...even(12, 10 * EVEN)];
    const unforeseen = arrivals.map((_, step) => made(step, EVEN, EVEN));
    const effect = effectOf([shardlet(arrivals, { forecasts: unforeseen })], { checkpoint_threshold: 1e9 });
    // all of the first hour is to be replayed: 2 s and 36,000 events, 20 s at 100/s
    expect(effect.backlogByHour[0]).toBeCloseTo(2_000, 0);
    // the failure at the end of the last minute whose recovery is known to its end
    expect(effect.recoveryMsMax).toBeCloseTo(2_000 + (36_000 + 360_000) / 2, 0);
    expect(effect.backlogMax).toBe(effect.backlogByHour[1]);
    expect(effect.backlogMax).toBeCloseTo(100 * (2 + (36_000 + 56 * 6_000) / 2_000), 0);
  });

  it('is that of one shardlet, and rare ones are not in its 99th percentile', () => {
    const busy = shardlet(even(DAY, 10 * EVEN));
    const idle = (weight: number) => shardlet(even(), { weight });
    const settings = { checkpoint_threshold: 500 };
    const [rare, frequent] = [200, 50].map((weight) => effectOf([busy, idle(weight)], settings));
    expect(frequent!.backlogP99).toBeGreaterThan(200);
    expect(rare!.backlogP99).toBeGreaterThan(frequent!.backlogP99 / 2);
    const [alone, others] = [effectOf([busy], settings), effectOf([idle(1)], settings)];
    expect(effectOf([busy, idle(1e6)], settings).backlogP99).toBeCloseTo(others.backlogP99, 6);
    expect(effectOf([busy, idle(1)], settings).backlogMax).toBe(
      Math.max(alone.backlogMax, others.backlogMax),
    );
    expect(effectOf([shardlet(even(DAY, 0))]).backlogP99).toBe(0);
  });
});

describe('a time of which nothing is known', () => {
  const gap = [...even(24), ...even(24, Number.NaN), ...even(24)];

  it('counts for nothing', () => {
    const effect = effectOf([shardlet(gap)]);
    // 10 checkpoints in each of two hours: what came in the gap is not known, and the second begins anew
    expect(effect.checkpointsPerDay).toBe((20 * DAY) / 48);
    expect([...effect.backlogByHour].map(Number.isNaN)).toEqual([false, false, true, true, false, false]);
    expect(effect.recoveryMsMax).toBeCloseTo(5_300, 3);
  });

  it('leaves out failures whose recovery reaches into it', () => {
    // one hour, and a replay that takes longer than what is left of it
    const effect = effectOf([shardlet([...even(12, 100 * EVEN), Number.NaN])], { checkpoint_threshold: 1e9 });
    // 1,000/s: at minute m it takes 2 + 30 m seconds, which end within the hour until m = 39
    expect(effect.backlogMax).toBeCloseTo(1_000 * (2 + 30 * 39), 0);
    expect(effect.recoveryMsMax).toBeCloseTo(1_000 * (2 + 30 * 60), 0);
  });

  it('is all there is: then nothing can be said', () => {
    expect(play([]).effect).toBeUndefined();
    expect(play([shardlet(even(DAY, Number.NaN))]).effect).toBeUndefined();
    const effect = effectOf([shardlet(even()), shardlet(even(DAY, Number.NaN), { bytes: 7 })]);
    expect(effect.checkpointsPerDay).toBe(130);
    expect(effect.bytesPerDay).toBeUndefined();
  });
});

describe('forecasts', () => {
  const tenfold = even().map((events, step) => made(step, 10 * events, 10 * events));

  it('count in the first minutes after they were made', () => {
    // half of 100/s and of 10/s, a minute after the forecast: above the threshold at once, and then by the measured rate
    expect(effectOf([shardlet(even(), { forecasts: tenfold })]).checkpointsPerDay).toBe(288);
  });

  it('are trusted as far as their first steps came true', () => {
    const arrivals = even().map((events, step) => events + (step % 2 === 0 ? 100 : -100));
    const wild = (step: number) => (step % 2 === 0 ? 20 : 0.01) * EVEN;
    const own = arrivals.map((_, step) => made(step, wild(step), EVEN));
    const trusted = effectOf([shardlet(arrivals, { forecasts: own })]);
    expect(trusted.checkpointsPerDay).toBeLessThan(140);
    // the same, made a step earlier: their first step is another one, and that was right
    const earlier = arrivals.map((_, step) => made(step - 1, arrivals[step - 1] ?? EVEN, wild(step)));
    expect(effectOf([shardlet(arrivals, { forecasts: earlier })]).checkpointsPerDay).not.toBe(
      trusted.checkpointsPerDay,
    );
  });

  it('of hours are judged when their hour is over, by all that came in it', () => {
    const hourOf = (step: number) => Math.floor(step / 12);
    const arrivals = even().map((events, step) => events + (hourOf(step) % 2 === 0 ? 60 : -60));
    const ofHours = (factor: (hour: number) => number) =>
      arrivals.map((_, step) => ({
        ...{ fromMs: FROM + hourOf(step) * HOUR_MS, stepMs: HOUR_MS },
        eventsPerStep: [factor(hourOf(step)) * 12 * EVEN],
      }));
    const right = ofHours((hour) => (hour % 2 === 0 ? 1.02 : 0.98));
    const wrong = ofHours((hour) => (hour % 2 === 0 ? 40 : 0.02));
    const settings = { checkpoint_threshold: 100 };
    const [exact, wild] = [right, wrong].map((forecasts) =>
      effectOf([shardlet(arrivals, { forecasts })], settings),
    );
    // one checkpoint too early in the first hour, which nobody could know to be wrong
    expect(Math.abs(wild!.checkpointsPerDay - exact!.checkpointsPerDay)).toBeLessThanOrEqual(2);
    const never = wrong.map(({ fromMs, eventsPerStep }) => ({
      fromMs: fromMs - 1,
      stepMs: HOUR_MS,
      eventsPerStep,
    }));
    expect(effectOf([shardlet(arrivals, { forecasts: never })], settings).checkpointsPerDay).toBeGreaterThan(
      0,
    );
  });
});

it('pauses after each hour of each shardlet', () => {
  expect(play([shardlet(even()), shardlet(even(13))]).pauses).toBe(25);
});

describe('the sample', () => {
  const loads = Array.from({ length: 100 }, (_, i) => ({ shardlet: i + 1, events: i < 2 ? 500 : 100 - i }));

  it('is all of them where they are few', () => {
    expect(sampledShardlets(loads.slice(0, 3), 3)).toEqual([
      { shardlet: 1, weight: 1 },
      { shardlet: 2, weight: 1 },
      { shardlet: 3, weight: 1 },
    ]);
  });

  it('has the busiest, and others that stand for the rest', () => {
    const sample = sampledShardlets(loads.toReversed(), 5);
    expect(sample).toEqual([
      { shardlet: 1, weight: 1 },
      { shardlet: 2, weight: 1 },
      { shardlet: 3, weight: 1 },
      // halves of 4 to 100
      { shardlet: 28, weight: 48.5 },
      { shardlet: 76, weight: 48.5 },
    ]);
    expect(sample.reduce((sum, { weight }) => sum + weight, 0)).toBe(100);
  });
});
