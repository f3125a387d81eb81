import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  FIRST_RECOVERY_MODEL,
  learnReplay,
  learnRestore,
  type RecoveryModel,
  recoveryOf,
  replayEventsPerSecond,
  restoreRates,
} from './recovery-model.ts';

const observations = fc.array(
  fc.record({ bytes: fc.integer({ min: 0, max: 1e10 }), ms: fc.integer({ min: 0, max: 1e7 }) }),
  { maxLength: 60 },
);

function learned(
  restores: readonly { bytes: number; ms: number }[],
  from = FIRST_RECOVERY_MODEL,
): RecoveryModel {
  return restores.reduce(learnRestore, from);
}

function lineOf(fixedMs: number, msPerByte: number, count = 60) {
  return Array.from({ length: count }, (_, i) => {
    const bytes = ((i * 37) % 50) * 4_000_000;
    return { bytes, ms: fixedMs + msPerByte * bytes };
  });
}

describe('the time of a restore', () => {
  it('is learned as a fixed part and a part per byte', () => {
    const { fixedMs, msPerByte } = restoreRates(learned(lineOf(700, 1 / 20_000)));
    expect(fixedMs).toBeGreaterThan(700 * 0.95);
    expect(fixedMs).toBeLessThan(700 * 1.1);
    expect(msPerByte * 20_000).toBeGreaterThan(0.95);
    expect(msPerByte * 20_000).toBeLessThan(1.05);
  });

  it('follows a machine that became four times slower within two half lives', () => {
    const before = learned(lineOf(500, 1 / 40_000));
    const after = learned(lineOf(2_000, 1 / 10_000, 60), before);
    const { restoreMs } = recoveryOf(after, { bytes: 100_000_000, events: 0 });
    expect(restoreMs).toBeGreaterThan(12_000 * 0.8);
    expect(restoreMs).toBeLessThan(12_000 * 1.1);
  });

  it('is known at one size after restores of that size, and more for a larger one', () => {
    const model = learned(Array.from({ length: 30 }, () => ({ bytes: 10_000_000, ms: 4_000 })));
    const { restoreMs } = recoveryOf(model, { bytes: 10_000_000, events: 0 });
    expect(restoreMs).toBeGreaterThan(3_700);
    expect(restoreMs).toBeLessThan(4_100);
    expect(recoveryOf(model, { bytes: 20_000_000, events: 0 }).restoreMs).toBeGreaterThan(restoreMs);
  });

  it('is not decided by one large restore that scatters', () => {
    const small = Array.from({ length: 20 }, (_, i) => ({ bytes: i * 10_000, ms: 100 }));
    const model = learned([...small, { bytes: 5e9, ms: 400_000 }]);
    expect(recoveryOf(model, { bytes: 50_000, events: 0 }).restoreMs).toBeLessThan(400);
  });

  it('has no negative part, and is never shorter for more bytes or events', () => {
    fc.assert(
      fc.property(observations, fc.nat(1e9), fc.nat(1e9), (restores, bytes, more) => {
        const model = learned(restores);
        const { fixedMs, msPerByte } = restoreRates(model);
        expect(fixedMs).toBeGreaterThanOrEqual(0);
        expect(msPerByte).toBeGreaterThanOrEqual(0);
        const { totalMs } = recoveryOf(model, { bytes, events: more });
        expect(Number.isFinite(totalMs)).toBe(true);
        expect(recoveryOf(model, { bytes: bytes + more, events: 2 * more }).totalMs).toBeGreaterThanOrEqual(
          totalMs,
        );
      }),
    );
  });

  it('refuses what is no measurement', () => {
    expect(() => learnRestore(FIRST_RECOVERY_MODEL, { bytes: -1, ms: 5 })).toThrow('bytes');
    expect(() => learnRestore(FIRST_RECOVERY_MODEL, { bytes: 1, ms: Number.NaN })).toThrow('time');
  });
});

describe('the rate of replay', () => {
  it('is events over time of all replays that are remembered', () => {
    let model = FIRST_RECOVERY_MODEL;
    for (let i = 1; i <= 50; i++) model = learnReplay(model, { events: 1_000 * i, ms: 100 * i });
    expect(replayEventsPerSecond(model)).toBeGreaterThan(9_000);
    expect(replayEventsPerSecond(model)).toBeLessThanOrEqual(10_000);
    const { replayMs, restoreMs, totalMs } = recoveryOf(model, { bytes: 0, events: 20_000 });
    expect(replayMs).toBeCloseTo((20_000 / replayEventsPerSecond(model)) * 1_000, 6);
    expect(totalMs).toBe(restoreMs + replayMs);
  });

  it('forgets', () => {
    let model = FIRST_RECOVERY_MODEL;
    for (let i = 0; i < 40; i++) model = learnReplay(model, { events: 100_000, ms: 1_000 });
    for (let i = 0; i < 100; i++) model = learnReplay(model, { events: 1_000, ms: 1_000 });
    expect(replayEventsPerSecond(model)).toBeLessThan(6_000);
  });

  it('learns nothing from a replay of nothing', () => {
    expect(learnReplay(FIRST_RECOVERY_MODEL, { events: 0, ms: 50 })).toBe(FIRST_RECOVERY_MODEL);
    expect(learnReplay(FIRST_RECOVERY_MODEL, { events: 50, ms: 0 })).toBe(FIRST_RECOVERY_MODEL);
  });
});

describe('the stated error', () => {
  it('is unknown before the first observation', () => {
    const recovery = recoveryOf(FIRST_RECOVERY_MODEL, { bytes: 1_000, events: 10 });
    expect(recovery).toMatchObject({
      restoreErrorShare: undefined,
      replayErrorShare: undefined,
      restores: 0,
      replays: 0,
    });
  });

  it('is that of predictions made before the observation', () => {
    const expectedMs = recoveryOf(FIRST_RECOVERY_MODEL, { bytes: 0, events: 0 }).totalMs;
    const model = learnRestore(FIRST_RECOVERY_MODEL, { bytes: 0, ms: 2 * expectedMs });
    expect(recoveryOf(model, { bytes: 0, events: 0 })).toMatchObject({ restores: 1 });
    expect(recoveryOf(model, { bytes: 0, events: 0 }).restoreErrorShare).toBeCloseTo(0.5, 9);
    const replayed = learnReplay(model, { events: 2_000, ms: 4_000 });
    expect(recoveryOf(replayed, { bytes: 0, events: 0 }).replayErrorShare).toBeCloseTo(0.75, 9);
  });

  it('becomes small where restores follow the line, and stays where they scatter', () => {
    const exact = learned(lineOf(700, 1 / 20_000, 200));
    expect(recoveryOf(exact, { bytes: 0, events: 0 }).restoreErrorShare).toBeLessThan(0.02);
    const scattered = learned(
      lineOf(700, 1 / 20_000, 200).map((one, i) => ({ ...one, ms: one.ms * (i % 2 ? 1.3 : 0.7) })),
    );
    expect(recoveryOf(scattered, { bytes: 0, events: 0 }).restoreErrorShare).toBeGreaterThan(0.2);
  });
});
