import { CHEAP_MODELS } from '@foreshard/core/forecast-models';
import { seededRandom } from '@foreshard/core/kernel';
import { describe, expect, it } from 'vitest';
import { type ArrivalTrace, byTheMinute } from './arrival-traces.ts';
import { ExpectedCost } from './cost.ts';
import { lastSteps, stepForecasts, trueSteps, trustByStep } from './forecasts.ts';
import { backlogOf, bestCount, bestInterval, everyCount, everyInterval } from './rivals.ts';
import { learnedModel, Scene, takenByRule } from './scene.ts';

const STEP_MINUTES = 5;
const FIRST_STEP = 576;
/** the decisions are compared up to here; what comes later is changed */
const CHANGED_STEP = 640;
const FEW_MODELS = CHEAP_MODELS.filter(({ name }) =>
  ['naive', 'seasonal-day', 'kalman', 'smoothing'].includes(name),
);
const SETTINGS = {
  aim: 'backlog',
  checkpoint_threshold: 60,
  prediction_horizon: 30,
  failure_interval: 40,
  checkpoint_share_max: 1,
} as const;

/** Days of 288 steps with noise; from a step on multiplied. */
function traceOf(changedFrom: number, factor: number, steps = 720): ArrivalTrace {
  const random = seededRandom(7);
  const rows = Float64Array.from({ length: steps }, (_, step) => {
    const load = 300 * (1.2 + Math.sin((2 * Math.PI * step) / 288)) * (0.8 + 0.4 * random.next());
    return step >= changedFrom ? load * factor + 50 : load;
  });
  return { name: 'made', perMinute: byTheMinute(rows, STEP_MINUTES), stepMinutes: STEP_MINUTES };
}

function sceneOf({ perMinute }: ArrivalTrace): Scene {
  return new Scene(perMinute.subarray(FIRST_STEP * STEP_MINUTES));
}

function brief(perMinute: readonly number[]): Scene {
  return new Scene(Float64Array.from(perMinute));
}

describe('no decision knows the future', () => {
  const [known, changed] = [traceOf(CHANGED_STEP, 1), traceOf(CHANGED_STEP, 6)];
  // of the known part only, so that both have the same
  const model = learnedModel(sceneOf(known));
  const decided = (trace: ArrivalTrace, aim: 'backlog' | 'cost') => {
    const forecasts = stepForecasts(trace, FIRST_STEP - 100, FEW_MODELS);
    const trust = trustByStep(trace, forecasts, FIRST_STEP);
    const settings = { ...SETTINGS, aim };
    return takenByRule(sceneOf(trace), {
      settings,
      model,
      forecasts,
      trust,
      firstStep: FIRST_STEP,
      isMeasured: true,
    });
  };
  const before = (minutes: readonly number[]) =>
    minutes.filter((minute) => minute <= (CHANGED_STEP - FIRST_STEP) * STEP_MINUTES);

  it.each(['backlog', 'cost'] as const)('aim %s: other rows later change no earlier checkpoint', (aim) => {
    const [one, other] = [decided(known, aim), decided(changed, aim)];
    expect(before(one).length).toBeGreaterThan(3);
    expect(before(other)).toEqual(before(one));
    expect(other).not.toEqual(one);
  });

  it('nor an earlier forecast or trust in it', () => {
    const [one, other] = [known, changed].map((trace) => {
      const forecasts = stepForecasts(trace, FIRST_STEP, FEW_MODELS);
      const upTo = CHANGED_STEP - FIRST_STEP + 1;
      return [
        forecasts.byStep.slice(0, upTo),
        trustByStep(trace, forecasts, FIRST_STEP).slice(0, upTo),
        lastSteps(trace, FIRST_STEP).byStep.slice(0, upTo),
      ];
    });
    expect(other).toEqual(one);
  });

  it('but with the true future they would', () => {
    const decidedWithTruth = (trace: ArrivalTrace) =>
      takenByRule(sceneOf(trace), {
        settings: SETTINGS,
        model,
        forecasts: trueSteps(trace, FIRST_STEP),
        firstStep: FIRST_STEP,
        isMeasured: false,
      });
    // a step or two early already
    expect(trueSteps(changed, FIRST_STEP).byStep[CHANGED_STEP - FIRST_STEP - 1]![1]).not.toBe(
      trueSteps(known, FIRST_STEP).byStep[CHANGED_STEP - FIRST_STEP - 1]![1],
    );
    expect(decidedWithTruth(changed)).not.toEqual(decidedWithTruth(known));
  });
});

describe('a failure at any moment', () => {
  it('meets the events that arrive until a replacement is ready', () => {
    // 60 a minute for ever: replay of 600 a minute, restore of 10 s
    const scene = brief(Array.from({ length: 240 }, () => 60));
    const backlogs = scene.backlogs([60, 120, 180]);
    expect(backlogs).toHaveLength(240);
    expect(backlogs[0]).toBeCloseTo(60 * (10 / 60 + 30 / 600), 6);
    expect(backlogs.at(-1)).toBeCloseTo(60 * (10 / 60 + (59.5 * 60) / 600), 6);
  });

  it('does not count where the log is missing', () => {
    const scene = brief([
      ...Array.from({ length: 50 }, () => 60),
      ...Array.from({ length: 50 }, () => Number.NaN),
    ]);
    expect(scene.backlogs([]).length).toBe(50);
    expect(scene.meanPerMinute).toBe(60);
  });
});

describe('fixed rules', () => {
  const scene = brief([...Array.from({ length: 100 }, () => 10), ...Array.from({ length: 100 }, () => 90)]);

  it('take as many checkpoints as asked for', () => {
    expect(everyInterval(scene, 4)).toEqual([50, 100, 150]);
    expect(everyInterval(scene, 4, 0.5)).toEqual([25, 75, 125, 175]);
    // 10,000 events: every 2,500
    expect(everyCount(scene, 4).map((at) => Number(at.toFixed(2)))).toEqual([116.67, 144.44, 172.22, 200]);
  });

  it('are judged by their best start', () => {
    const first = backlogOf(scene, everyInterval(scene, 3));
    const best = bestInterval(scene, 3);
    expect(best.p99).toBeLessThanOrEqual(first.p99);
    expect(best.max).toBeLessThan(first.max);
    expect(bestCount(scene, 3).max).toBeLessThanOrEqual(backlogOf(scene, everyCount(scene, 3)).max);
  });
});

describe('expected cost', () => {
  it('has the optimum of all plans', () => {
    const random = seededRandom(3);
    for (let round = 0; round < 20; round++) {
      const scene = brief(Array.from({ length: 11 }, () => Math.floor(100 * random.next() ** 3)));
      const cost = new ExpectedCost(scene, 3);
      let least = Number.POSITIVE_INFINITY;
      for (let plan = 0; plan < 1 << 10; plan++) {
        const taken = Array.from({ length: 10 }, (_, i) => i + 1).filter(
          (minute) => plan & (1 << (minute - 1)),
        );
        least = Math.min(least, cost.of(taken));
      }
      expect(cost.optimum()).toBeCloseTo(least, 9);
    }
  });

  it('is least at the interval of Young and Daly, and with the accrual rule, while the rate is constant', () => {
    const scene = brief(Array.from({ length: 6_000 }, () => 50));
    const cost = new ExpectedCost(scene, 60);
    const optimum = cost.optimum();
    expect(cost.youngDaly() / optimum).toBeCloseTo(1, 3);
    expect(cost.accrual() / optimum).toBeCloseTo(1, 3);
    expect(cost.bestInterval()).toBeGreaterThanOrEqual(optimum);
    // 60 min: 3,600 s squared over twice 2 s of checkpoint at a tenth of the rate
    expect(cost.failureIntervalHours).toBeCloseTo(3_600 / (2 * 2 * 10), 6);
  });
});
