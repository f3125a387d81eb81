/**
 * npm run bench -- checkpoint [--data DIR] [--only taxi,...] [--json]: the rule when a checkpoint is due against fixed
 * intervals, fixed counts and the optimum, on public traces and with the product's own forecasts. Each trace is learned from
 * up to 60 %; the rest is tested, step by step, with what was known before each step.
 *
 * All are compared at the same number of checkpoints: the threshold is the one that gives that number. Failures come at any
 * moment alike. Means over traces and distances are geometric, as they are of ratios.
 */
import type { CheckpointSettings } from '@foreshard/core/checkpointing';
import { type ArrivalTrace, arrivalTraces } from './checkpoint/arrival-traces.ts';
import { ExpectedCost } from './checkpoint/cost.ts';
import { lastSteps, stepForecasts, trueSteps, trustByStep } from './checkpoint/forecasts.ts';
import { type Backlog, backlogOf, bestCount, bestInterval } from './checkpoint/rivals.ts';
import { ASSUMED, learnedModel, type RuleRun, Scene, takenByRule } from './checkpoint/scene.ts';
import { machine } from './measure/machine.ts';

export interface CheckpointBenchOptions {
  readonly data: string;
  readonly only: readonly string[];
  readonly json: boolean;
}

/** mean minutes between two checkpoints */
const DISTANCES = [30, 60, 120];
const TEST_FROM = 0.6;
const LEARNED_MINUTES = 10_080;
const SEARCHES_MAX = 60;
const MARKS = {
  p99VsInterval: '<= .50, goal .42',
  p99VsCount: '<= .85, goal .78',
  maxVsInterval: '<= .45, goal .38',
  costVsOptimum: '<= 1.06, goal 1.03',
};

const FIGURES = ['p99VsInterval', 'p99VsCount', 'maxVsInterval', 'costVsOptimum'] as const;
type Figure = (typeof FIGURES)[number];

interface Row extends Readonly<Record<Figure, number>> {
  readonly trace: string;
  readonly meanMinutes: number;
  readonly checkpoints: number;
  /** of the backlog aim: no rate of the last minutes; the step before in place of a forecast; the true future */
  readonly withoutMeasuredRate: BacklogRatios;
  readonly withoutForecast: BacklogRatios;
  readonly withTrueFuture: BacklogRatios;
  readonly optimumVsBestInterval: number;
  readonly youngDalyVsOptimum: number;
  readonly accrualVsOptimum: number;
}
type BacklogRatios = Readonly<Pick<Row, 'p99VsInterval' | 'p99VsCount' | 'maxVsInterval'>>;

export function run({ data, only, json }: CheckpointBenchOptions): void {
  const rows: Row[] = [];
  for (const trace of arrivalTraces(data, only)) {
    rows.push(...traceRows(trace));
    if (!json) console.table(rows.filter((row) => row.trace === trace.name).map(shown));
  }
  if (rows.length === 0) throw new Error(`no trace in ${data}`);
  const names = [...new Set(rows.map(({ trace }) => trace))];
  const result = {
    name: 'checkpoint',
    machine: machine(),
    ...meansOf(rows),
    arithmeticMeans: arithmeticMeansOf(rows),
    byTrace: Object.fromEntries(
      names.map((name) => [name, meansOf(rows.filter((row) => row.trace === name))]),
    ),
    assumed: {
      ...ASSUMED,
      meanMinutesBetweenCheckpoints: DISTANCES,
      testFrom: TEST_FROM,
      failures: 'at any moment alike',
    },
    rows,
  };
  if (json) process.stdout.write(`${JSON.stringify(result)}\n`);
  else {
    console.table(result.byTrace);
    console.table(
      Object.fromEntries(FIGURES.map((name) => [name, { value: result[name], mark: MARKS[name] }])),
    );
  }
}

export function traceRows(trace: ArrivalTrace, distances: readonly number[] = DISTANCES): Row[] {
  const { stepMinutes, perMinute } = trace;
  const steps = Math.floor(perMinute.length / stepMinutes);
  const firstStep = Math.floor(TEST_FROM * steps);
  const scene = new Scene(perMinute.subarray(firstStep * stepMinutes, steps * stepMinutes));
  // the trust in forecasts is learned from a week before the test
  const learnFrom = Math.max(1, firstStep - LEARNED_MINUTES / stepMinutes);
  const served = stepForecasts(trace, learnFrom);
  const last = lastSteps(trace, learnFrom);
  const futures = {
    served: { forecasts: served, trust: trustByStep(trace, served, firstStep), firstStep },
    last: { forecasts: last, trust: trustByStep(trace, last, firstStep), firstStep },
    truth: { forecasts: trueSteps(trace, firstStep), firstStep },
  };
  return distances.map((minutes) => rowOf(trace.name, scene, futures, minutes));
}

type Future = Pick<RuleRun, 'forecasts' | 'trust' | 'firstStep'>;

function rowOf(
  trace: string,
  scene: Scene,
  { served, last, truth }: Record<'served' | 'last' | 'truth', Future>,
  minutes: number,
): Row {
  const checkpoints = Math.round(scene.minutes / minutes);
  const rivals = { interval: bestInterval(scene, checkpoints), count: bestCount(scene, checkpoints) };
  const model = learnedModel(scene);
  const ratios = (future: Future, isMeasured: boolean) =>
    ratiosTo(rivals, backlogOf(scene, takenWithCount(scene, checkpoints, { ...future, model, isMeasured })));
  const cost = new ExpectedCost(scene, minutes);
  const optimum = cost.optimum();
  const settings = settingsOf({ aim: 'cost', failure_interval: cost.failureIntervalHours });
  return {
    trace,
    meanMinutes: minutes,
    checkpoints,
    ...ratios(served, true),
    costVsOptimum: cost.of(takenByRule(scene, { ...served, model, settings, isMeasured: true })) / optimum,
    withoutMeasuredRate: ratios(served, false),
    withoutForecast: ratios(last, true),
    withTrueFuture: ratios(truth, false),
    optimumVsBestInterval: optimum / cost.bestInterval(),
    youngDalyVsOptimum: cost.youngDaly() / optimum,
    accrualVsOptimum: cost.accrual() / optimum,
  };
}

/** By the threshold that gives as many checkpoints, or the next lower number of them that some threshold gives. */
function takenWithCount(scene: Scene, count: number, run: Omit<RuleRun, 'settings'>): number[] {
  let [low, high] = [1e-6 * scene.meanPerMinute, 1e6 * scene.meanPerMinute];
  let best: number[] = [];
  for (let search = 0; search < SEARCHES_MAX && best.length !== count; search++) {
    const threshold = Math.sqrt(low * high);
    const settings = settingsOf({ aim: 'backlog', checkpoint_threshold: threshold });
    const taken = takenByRule(scene, { ...run, settings });
    if (taken.length > count) low = threshold;
    else high = threshold;
    if (taken.length <= count && taken.length >= best.length) best = taken;
  }
  return best;
}

function settingsOf(own: Partial<CheckpointSettings>): CheckpointSettings {
  return {
    aim: 'backlog',
    checkpoint_threshold: 1,
    prediction_horizon: ASSUMED.predictionHorizonMinutes,
    failure_interval: 1,
    checkpoint_share_max: 1,
    ...own,
  };
}

function ratiosTo({ interval, count }: Record<'interval' | 'count', Backlog>, own: Backlog): BacklogRatios {
  return {
    p99VsInterval: own.p99 / interval.p99,
    p99VsCount: own.p99 / count.p99,
    maxVsInterval: own.max / interval.max,
  };
}

function meansOf(rows: readonly Row[]): Record<Figure, number> {
  const mean = (figure: Figure) =>
    rounded(Math.exp(rows.reduce((sum, row) => sum + Math.log(row[figure]), 0) / rows.length));
  return figuresBy(mean);
}

function arithmeticMeansOf(rows: readonly Row[]): Record<Figure, number> {
  return figuresBy((figure) => rounded(rows.reduce((sum, row) => sum + row[figure], 0) / rows.length));
}

function figuresBy(of: (figure: Figure) => number): Record<Figure, number> {
  return Object.fromEntries(FIGURES.map((figure) => [figure, of(figure)])) as Record<Figure, number>;
}

function shown({ withoutMeasuredRate, withoutForecast, withTrueFuture, ...row }: Row) {
  const text = (ratios: BacklogRatios) => Object.values(ratios).map(rounded).join(' ');
  return {
    ...Object.fromEntries(
      Object.entries(row).map(([name, value]) => [name, typeof value === 'number' ? rounded(value) : value]),
    ),
    'without measured rate': text(withoutMeasuredRate),
    'without forecast': text(withoutForecast),
    'with true future': text(withTrueFuture),
  };
}

function rounded(value: number): number {
  return Number(value.toFixed(3));
}
