import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type CheckpointQuestion, judgeCheckpoint, scheduleCheckpoint } from './checkpoint-due.ts';
import { FIRST_FORECAST_TRUST } from './forecast-trust.ts';
import { FIRST_RECOVERY_MODEL, learnReplay, learnRestore, type RecoveryModel } from './recovery-model.ts';
import { debtFrom, type ReplayDebt, seen } from './replay-debt.ts';
import { type CheckpointSettings, checkpointSettingsSchema } from './settings.ts';

const MINUTE = 60_000;
const DEFAULTS = checkpointSettingsSchema.parse({});
/** 10 s fixed, 1,000 events a second */
const MODEL = modelOf(10_000, 1_000);

function modelOf(restoreMs: number, eventsPerSecond: number): RecoveryModel {
  let model = FIRST_RECOVERY_MODEL;
  for (let i = 0; i < 400; i++) {
    model = learnRestore(model, { bytes: (i % 10) * 1_000, ms: restoreMs });
    model = learnReplay(model, { events: 1_000 * eventsPerSecond, ms: 1_000_000 });
  }
  return model;
}

function debtOf(events: number, minutes = 60): ReplayDebt {
  return {
    ...seen(debtFrom({ seq: 0, atMs: 0 }, 0), events, minutes * MINUTE),
    measuredPerSecond: undefined,
  };
}

function question(
  own: Partial<CheckpointQuestion>,
  settings: Partial<CheckpointSettings> = {},
): CheckpointQuestion {
  const debt = own.debt ?? debtOf(60_000);
  return {
    settings: { ...DEFAULTS, ...settings },
    model: MODEL,
    debt,
    // 100 a second
    forecast: { fromMs: debt.seenMs, stepMs: 5 * MINUTE, eventsPerStep: [30_000] },
    trust: FIRST_FORECAST_TRUST,
    bytes: 0,
    checkpointMs: 1_000,
    nowMs: debt.seenMs,
    ...own,
  };
}

describe('aim backlog', () => {
  it('is due when more events than the threshold would wait when a replacement is ready', () => {
    // about 10 s of restore and 60 s of replay at 100 a second
    const verdict = judgeCheckpoint(question({}, { checkpoint_threshold: 6_500 }));
    expect(verdict).toMatchObject({ isDue: true, reason: 'backlog-above-threshold', eventsToReplay: 60_000 });
    expect(verdict.backlogEvents).toBeGreaterThan(6_900);
    expect(verdict.backlogEvents).toBeLessThan(7_100);
    expect(judgeCheckpoint(question({}, { checkpoint_threshold: 7_500 }))).toMatchObject({
      isDue: false,
      reason: 'below-limit',
      isThresholdOutOfReach: false,
    });
  });

  it('is due earlier where load is about to rise, and later where it falls', () => {
    const forecast = (eventsPerStep: number[]) => ({ fromMs: 60 * MINUTE, stepMs: MINUTE, eventsPerStep });
    const settings = { checkpoint_threshold: 7_500 };
    expect(judgeCheckpoint(question({ forecast: forecast([6_000, 12_000]) }, settings)).isDue).toBe(true);
    expect(
      judgeCheckpoint(question({ forecast: forecast([6_000, 600]) }, { checkpoint_threshold: 6_500 })).isDue,
    ).toBe(false);
  });

  it('is what the settings say, exactly: above, not at', () => {
    const { backlogEvents } = judgeCheckpoint(question({}));
    expect(judgeCheckpoint(question({}, { checkpoint_threshold: backlogEvents })).isDue).toBe(false);
    expect(judgeCheckpoint(question({}, { checkpoint_threshold: backlogEvents * 0.999_999 })).isDue).toBe(
      true,
    );
    expect(judgeCheckpoint(question({}, { checkpoint_threshold: backlogEvents / 2 })).limitShare).toBeCloseTo(
      2,
      9,
    );
  });

  it('is never less due with more events, more load, a slower replay or a lower threshold', () => {
    const draw = fc.record({
      events: fc.nat(1_000_000),
      load: fc.nat(1_000_000),
      rate: fc.integer({ min: 100, max: 100_000 }),
      threshold: fc.integer({ min: 1, max: 100_000 }),
      worse: fc.constantFrom('events', 'load', 'rate', 'threshold'),
    });
    fc.assert(
      fc.property(draw, ({ worse, ...one }) => {
        const judged = ({ events, load, rate, threshold }: typeof one) => {
          const forecast = { fromMs: 60 * MINUTE, stepMs: 5 * MINUTE, eventsPerStep: [load] };
          const model = learnReplay(FIRST_RECOVERY_MODEL, { events: 100 * rate, ms: 100_000 });
          return judgeCheckpoint(
            question({ debt: debtOf(events), forecast, model }, { checkpoint_threshold: threshold }),
          );
        };
        const factor = worse === 'rate' || worse === 'threshold' ? 0.5 : 2;
        const before = judged(one);
        const after = judged({ ...one, [worse]: one[worse] * factor });
        expect(Number(after.isDue)).toBeGreaterThanOrEqual(Number(before.isDue));
        expect(after.limitShare).toBeGreaterThanOrEqual(before.limitShare);
      }),
    );
  });

  it('says that a threshold is out of reach when the restore alone lets more arrive', () => {
    const verdict = judgeCheckpoint(question({}, { checkpoint_threshold: 500 }));
    expect(verdict).toMatchObject({ isDue: true, isThresholdOutOfReach: true });
    expect(judgeCheckpoint(question({}, { checkpoint_threshold: 1_500 })).isThresholdOutOfReach).toBe(false);
  });

  it('uses the measured rate, which shows a burst before the next forecast', () => {
    const debt = { ...debtOf(60_000), measuredPerSecond: 1_000 };
    const forecast = { fromMs: 57 * MINUTE, stepMs: 5 * MINUTE, eventsPerStep: [30_000] };
    expect(judgeCheckpoint(question({ debt, forecast })).backlogEvents).toBeGreaterThan(60_000);
  });
});

describe('any aim', () => {
  it.each(['backlog', 'cost'] as const)('%s: nothing is due when nothing came', (aim) => {
    const verdict = judgeCheckpoint(question({ debt: debtOf(0) }, { aim, checkpoint_threshold: 1 }));
    expect(verdict).toMatchObject({ isDue: false, reason: 'nothing-new' });
  });

  it.each(['backlog', 'cost'] as const)('%s: spends at most its share of the time on checkpoints', (aim) => {
    const settings = { aim, checkpoint_threshold: 1, failure_interval: 0.01, checkpoint_share_max: 0.1 };
    const after = (minutes: number) =>
      judgeCheckpoint(question({ debt: debtOf(60_000, minutes), checkpointMs: 30_000 }, settings));
    expect(after(4.9)).toMatchObject({ isDue: false, reason: 'too-soon' });
    expect(after(5)).toMatchObject({ isDue: true });
  });
});

describe('aim cost', () => {
  const settings = { aim: 'cost', failure_interval: 10 } as const;

  /** Looked at every second until it is due. */
  function secondsUntilDue(
    perSecond: number,
    model: RecoveryModel,
    failureHours: number,
    checkpointMs: number,
  ): number {
    let debt = debtFrom({ seq: 0, atMs: 0 }, 0);
    for (let second = 1; second < 100_000; second++) {
      debt = seen(debt, perSecond * second, second * 1_000);
      const asked = question({ debt, model, checkpointMs }, { aim: 'cost', failure_interval: failureHours });
      if (judgeCheckpoint(asked).isDue) return second;
    }
    return Number.NaN;
  }

  it('comes at the interval of Young and Daly while the rate is constant', () => {
    // sqrt(2 x cost x time between failures x replay rate / arrival rate)
    const young = Math.sqrt(2 * 2 * 36_000 * (1_000 / 100));
    const seconds = secondsUntilDue(100, MODEL, 10, 2_000);
    expect(seconds / young).toBeGreaterThan(0.99);
    expect(seconds / young).toBeLessThan(1.02);
  });

  it('comes at twice the interval when failures are four times rarer', () => {
    const ratio = secondsUntilDue(100, MODEL, 40, 2_000) / secondsUntilDue(100, MODEL, 10, 2_000);
    expect(ratio).toBeCloseTo(2, 1);
  });

  it('waits for the end of a burst, and comes soon after it', () => {
    const calm = { ...debtOf(60_000, 30), measuredPerSecond: 60_000 / 1_800 };
    const share = (measuredPerSecond: number) =>
      judgeCheckpoint(question({ debt: { ...calm, measuredPerSecond } }, settings)).limitShare;
    expect(share(4 * calm.measuredPerSecond)).toBeCloseTo(share(calm.measuredPerSecond) / 2, 6);
    expect(share(calm.measuredPerSecond / 4)).toBeCloseTo(share(calm.measuredPerSecond) * 2, 6);
  });

  it('says why', () => {
    const due = question({ debt: debtOf(1_000_000, 600) }, settings);
    expect(judgeCheckpoint(due)).toMatchObject({
      isDue: true,
      reason: 'replay-costs-a-checkpoint',
      isThresholdOutOfReach: false,
    });
  });

  it('does not care about the threshold, nor the other aim about failures', () => {
    const one = question({ debt: debtOf(60_000) }, settings);
    const shareOf = (own: Partial<CheckpointSettings>) =>
      judgeCheckpoint({ ...one, settings: { ...one.settings, ...own } }).limitShare;
    expect(shareOf({ checkpoint_threshold: 1 })).toBe(shareOf({}));
    expect(shareOf({ aim: 'backlog', failure_interval: 1 })).toBe(shareOf({ aim: 'backlog' }));
  });
});

describe('the next checkpoint', () => {
  it('is due now when the verdict says so', () => {
    const asked = question({}, { checkpoint_threshold: 1 });
    expect(scheduleCheckpoint(asked)).toMatchObject({ isDue: true, nextDueMs: asked.nowMs });
  });

  it('is due when the events that are forecast have come', () => {
    // 7,500 = 100/s x 75 s: 65 s of replay, 65,000 events, 50 s from now
    const asked = question({}, { checkpoint_threshold: 7_500, prediction_horizon: 10 });
    const { nextDueMs } = scheduleCheckpoint(asked);
    expect(nextDueMs! - asked.nowMs).toBeGreaterThanOrEqual(50_000);
    expect(nextDueMs! - asked.nowMs).toBeLessThanOrEqual(70_000);
  });

  it('is unknown beyond the horizon', () => {
    expect(scheduleCheckpoint(question({}, { checkpoint_threshold: 1_000_000 })).nextDueMs).toBeNull();
  });

  it('waits until the member may spend time on it again', () => {
    const asked = question(
      { debt: debtOf(60_000, 1), checkpointMs: 30_000 },
      { checkpoint_threshold: 1, prediction_horizon: 10 },
    );
    const { nextDueMs, reason } = scheduleCheckpoint(asked);
    expect(reason).toBe('too-soon');
    expect(nextDueMs).toBe(5 * MINUTE);
  });

  it('is the first look at which the same rule says so, when loads come as forecast', () => {
    const loads = fc.array(fc.nat(100_000), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(
        loads,
        fc.integer({ min: 1, max: 50_000 }),
        fc.constantFrom('backlog' as const, 'cost' as const),
        (eventsPerStep, threshold, aim) => {
          const own = { aim, checkpoint_threshold: threshold, prediction_horizon: 60, failure_interval: 1 };
          const asked = question(
            { forecast: { fromMs: 60 * MINUTE, stepMs: 5 * MINUTE, eventsPerStep } },
            own,
          );
          const { isDue, nextDueMs } = scheduleCheckpoint(asked);
          if (isDue) return;
          const later = (nowMs: number) => {
            let events = 60_000;
            for (let atMs = 60 * MINUTE; atMs < nowMs; atMs += MINUTE) {
              const step = Math.floor((atMs - 60 * MINUTE) / (5 * MINUTE));
              events += eventsPerStep[Math.min(step, eventsPerStep.length - 1)]! / 5;
            }
            const debt = { ...seen(asked.debt, events, nowMs), measuredPerSecond: undefined };
            return judgeCheckpoint({ ...asked, debt, nowMs }).limitShare;
          };
          for (
            let minute = 61;
            minute <= 120 && minute * MINUTE < (nextDueMs ?? Number.POSITIVE_INFINITY);
            minute++
          )
            expect(later(minute * MINUTE)).toBeLessThanOrEqual(1 + 1e-6);
          if (nextDueMs !== null) expect(later(nextDueMs)).toBeGreaterThan(1 - 1e-6);
        },
      ),
    );
  });
});

it('has defaults with a unit each', () => {
  expect(DEFAULTS).toEqual({
    aim: 'backlog',
    checkpoint_threshold: 10_000,
    prediction_horizon: 30,
    failure_interval: 24,
    checkpoint_share_max: 0.1,
  });
  expect(checkpointSettingsSchema.safeParse({ checkpoint_threshold: 0 }).success).toBe(false);
  expect(checkpointSettingsSchema.safeParse({ treshold: 5 }).success).toBe(false);
});
