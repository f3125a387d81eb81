/**
 * One group's shardlet over the test part of a trace: its arrivals, when checkpoints are taken, and what a failure at any
 * moment would have met. Time is in minutes since the start of the part; a checkpoint may be taken at any moment.
 */
import {
  type CheckpointSettings,
  debtFrom,
  FIRST_FORECAST_TRUST,
  FIRST_RECOVERY_MODEL,
  type ForecastTrust,
  judgeCheckpoint,
  learnReplay,
  learnRestore,
  type RecoveryModel,
  type ReplayDebt,
  seen,
} from '@foreshard/core/checkpointing';
import { seededRandom } from '@foreshard/core/kernel';
import type { StepForecasts } from './forecasts.ts';

/** What is the same on every trace. */
export const ASSUMED = {
  /** replay over mean arrival rate */
  replayOverMeanRate: 10,
  restoreFixedSeconds: 2,
  checkpointBytes: 80_000_000,
  restoreBytesPerSecond: 10_000_000,
  checkpointSeconds: 2,
  /** observations that the recovery model has learned from, each off by up to this share */
  recoveriesLearned: 40,
  recoveryScatter: 0.2,
  predictionHorizonMinutes: 30,
  pollMinutes: 1,
} as const;

const MS_PER_MINUTE = 60_000;

export class Scene {
  readonly minutes: number;
  /** events before each minute, from 0 */
  readonly before: Float64Array;
  private readonly perMinute: Float64Array;
  readonly meanPerMinute: number;

  constructor(perMinute: Float64Array) {
    this.perMinute = perMinute;
    this.minutes = perMinute.length;
    this.before = new Float64Array(this.minutes + 1);
    let known = 0;
    for (const [minute, arrived] of perMinute.entries()) {
      const isKnown = !Number.isNaN(arrived);
      this.before[minute + 1] = this.before[minute]! + (isKnown ? arrived : 0);
      known += Number(isKnown);
    }
    this.meanPerMinute = this.before[this.minutes]! / known;
  }

  get restoreMinutes(): number {
    const { restoreFixedSeconds, checkpointBytes, restoreBytesPerSecond } = ASSUMED;
    return (restoreFixedSeconds + checkpointBytes / restoreBytesPerSecond) / 60;
  }

  get replayedPerMinute(): number {
    return ASSUMED.replayOverMeanRate * this.meanPerMinute;
  }

  isKnown(minute: number): boolean {
    return !Number.isNaN(this.perMinute[minute]!);
  }

  /** Events up to a moment; after the end they go on as in the last minute. */
  eventsAt(moment: number): number {
    const minute = Math.min(this.minutes - 1, Math.floor(moment));
    const perMinute = this.before[minute + 1]! - this.before[minute]!;
    return this.before[minute]! + (moment - minute) * perMinute;
  }

  /** The moment of an event, looked for from a minute on; undefined: it does not come any more. */
  momentOf(event: number, fromMinute: number): number | undefined {
    let minute = fromMinute;
    while (minute < this.minutes && this.before[minute + 1]! < event) minute++;
    if (minute >= this.minutes) return undefined;
    const perMinute = this.before[minute + 1]! - this.before[minute]!;
    return perMinute > 0 ? minute + (event - this.before[minute]!) / perMinute : minute;
  }

  /** Events that arrive until a replacement is ready, for a failure at the middle of every known minute, ascending. */
  backlogs(checkpoints: readonly number[]): Float64Array {
    const result: number[] = [];
    let taken = 0;
    let last = 0;
    for (let minute = 0; minute < this.minutes; minute++) {
      const moment = minute + 0.5;
      for (; taken < checkpoints.length && checkpoints[taken]! <= moment; taken++) last = checkpoints[taken]!;
      if (!this.isKnown(minute)) continue;
      const events = this.eventsAt(moment) - this.eventsAt(last);
      const recovery = this.restoreMinutes + events / this.replayedPerMinute;
      result.push(this.eventsAt(moment + recovery) - this.eventsAt(moment));
    }
    return Float64Array.from(result).sort();
  }
}

/** Learned as in service, from recoveries whose times scatter. */
export function learnedModel(scene: Scene): RecoveryModel {
  const random = seededRandom(1);
  const scattered = (value: number) => value * (1 + ASSUMED.recoveryScatter * (2 * random.next() - 1));
  let model = FIRST_RECOVERY_MODEL;
  for (let i = 0; i < ASSUMED.recoveriesLearned; i++) {
    const bytes = 2 * ASSUMED.checkpointBytes * random.next();
    const seconds = ASSUMED.restoreFixedSeconds + bytes / ASSUMED.restoreBytesPerSecond;
    model = learnRestore(model, { bytes, ms: scattered(seconds * 1_000) });
    const events = 120 * scene.meanPerMinute * random.next();
    model = learnReplay(model, { events, ms: scattered((events / scene.replayedPerMinute) * MS_PER_MINUTE) });
  }
  return model;
}

export interface RuleRun {
  readonly settings: CheckpointSettings;
  readonly model: RecoveryModel;
  readonly forecasts: StepForecasts;
  /** by step of the scene; absent: forecasts are trusted */
  readonly trust?: readonly ForecastTrust[];
  readonly firstStep: number;
  /** whether the rate of the last minutes is looked at */
  readonly isMeasured: boolean;
}

/** The moments at which the product's rule takes a checkpoint when it is asked once a minute. */
export function takenByRule(scene: Scene, run: RuleRun): number[] {
  const taken: number[] = [];
  let debt: ReplayDebt = debtFrom({ seq: 0, atMs: 0 }, 0);
  for (let minute = 1; minute < scene.minutes; minute += ASSUMED.pollMinutes) {
    debt = seen(debt, scene.before[minute]!, minute * MS_PER_MINUTE);
    if (!isDue(minute, debt, run)) continue;
    taken.push(minute);
    debt = debtFrom({ seq: debt.lastSeq, atMs: debt.seenMs }, debt.lastSeq, debt.measuredPerSecond);
  }
  return taken;
}

function isDue(minute: number, debt: ReplayDebt, run: RuleRun): boolean {
  const { settings, model, forecasts, trust, firstStep, isMeasured } = run;
  const { stepMinutes, fromStep, byStep } = forecasts;
  const step = Math.floor(minute / stepMinutes);
  return judgeCheckpoint({
    settings,
    model,
    debt: isMeasured ? debt : { ...debt, measuredPerSecond: undefined },
    forecast: {
      fromMs: step * stepMinutes * MS_PER_MINUTE,
      stepMs: stepMinutes * MS_PER_MINUTE,
      eventsPerStep: byStep[Math.min(byStep.length - 1, firstStep - fromStep + step)]!,
    },
    trust: trust?.[step] ?? FIRST_FORECAST_TRUST,
    bytes: ASSUMED.checkpointBytes,
    checkpointMs: ASSUMED.checkpointSeconds * 1_000,
    nowMs: minute * MS_PER_MINUTE,
  }).isDue;
}
