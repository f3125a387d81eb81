/**
 * What settings would have meant in a time that is past: the rule is played over recorded arrivals, with the forecasts that
 * were kept then and the trust in them as it was learned then. At every look a failure is supposed; its backlog is what did
 * arrive until the replacement would have been ready, so nothing of the future enters but that.
 *
 * The rule looks once a minute, six times less often than a worker. Recoveries take as long as the model of now says.
 */
import { MS_PER_SECOND } from '../kernel/index.ts';
import type { ArrivalForecast } from './arrivals.ts';
import { type CheckpointVerdict, judgeCheckpoint } from './checkpoint-due.ts';
import { FIRST_FORECAST_TRUST, type ForecastTrust, learnStep } from './forecast-trust.ts';
import type { RecoveryModel } from './recovery-model.ts';
import { debtFrom, type ReplayDebt, seen } from './replay-debt.ts';
import type { CheckpointSettings } from './settings.ts';

export interface ShardletHistory {
  readonly shardlet: number;
  /** so many shardlets it stands for, itself included */
  readonly weight: number;
  /** events in each step; NaN: not known */
  readonly arrivals: ArrayLike<number>;
  /** the newest forecast at the begin of each step; undefined: there was none */
  readonly forecasts: readonly (ArrivalForecast | undefined)[];
  /** size of a checkpoint; undefined: there is none yet */
  readonly bytes: number | undefined;
  /** how long one takes */
  readonly checkpointMs: number;
}

export interface RuleHistory {
  readonly fromMs: number;
  /** a multiple of LOOK_MS */
  readonly stepMs: number;
  readonly shardlets: readonly ShardletHistory[];
}

/** Of all shardlets, or of one where that is said. */
export interface RuleEffect {
  readonly checkpointsPerDay: number;
  /** undefined: no checkpoint was taken yet, so their size is not known */
  readonly bytesPerDay: number | undefined;
  /** of one shardlet, for failures at any moment alike; to one percent */
  readonly backlogP99: number;
  readonly backlogMax: number;
  readonly recoveryMsMax: number;
  /** of the time: so much arrived during the restore alone that no checkpoint would have been enough */
  readonly outOfReachShare: number;
  /** the largest of one shardlet in each hour since `fromMs`; NaN: not known */
  readonly backlogByHour: Float64Array;
}

export const LOOK_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;
const P99 = 0.99;

/**
 * Yields after each hour of one shardlet, so that whoever runs it can do other work in between. Undefined: nothing is known
 * of that time.
 */
export function* replayRule(
  history: RuleHistory,
  settings: CheckpointSettings,
  model: RecoveryModel,
): Generator<void, RuleEffect | undefined> {
  const tally = new Tally(history);
  const stepsPerHour = Math.max(1, HOUR_MS / history.stepMs);
  for (const shardlet of history.shardlets) {
    const replay = new ShardletReplay(history, shardlet, settings, model);
    for (let step = 0; step < shardlet.arrivals.length; step++) {
      replay.step(step, tally);
      if ((step + 1) % stepsPerHour === 0) yield;
    }
    tally.end(shardlet, replay.checkpoints, replay.knownSteps);
  }
  return tally.effect();
}

class ShardletReplay {
  checkpoints = 0;
  knownSteps = 0;
  private readonly history: RuleHistory;
  private readonly shardlet: ShardletHistory;
  private readonly settings: CheckpointSettings;
  private readonly model: RecoveryModel;
  private trust: ForecastTrust = FIRST_FORECAST_TRUST;
  /** undefined: what arrived before is not known */
  private debt: ReplayDebt | undefined;
  private seq = 0;

  constructor(
    history: RuleHistory,
    shardlet: ShardletHistory,
    settings: CheckpointSettings,
    model: RecoveryModel,
  ) {
    [this.history, this.shardlet, this.settings, this.model] = [history, shardlet, settings, model];
  }

  step(step: number, tally: Tally): void {
    const events = this.shardlet.arrivals[step]!;
    if (Number.isNaN(events)) {
      this.debt = undefined;
      return;
    }
    this.knownSteps++;
    const { fromMs, stepMs } = this.history;
    const [startMs, before, looks] = [fromMs + step * stepMs, this.seq, stepMs / LOOK_MS];
    this.debt ??= debtFrom({ seq: before, atMs: startMs }, before);
    for (let look = 1; look <= looks; look++) {
      this.seq = before + (events * look) / looks;
      this.look(step, startMs + look * LOOK_MS, tally);
    }
    this.learn(step);
  }

  private look(step: number, nowMs: number, tally: Tally): void {
    const { shardlet, settings, model, trust } = this;
    const debt = seen(this.debt!, this.seq, nowMs);
    const verdict = judgeCheckpoint({
      ...{ settings, model, debt, trust, nowMs },
      forecast: shardlet.forecasts[step] ?? this.flat(debt, nowMs),
      bytes: shardlet.bytes ?? 0,
      checkpointMs: shardlet.checkpointMs,
    });
    tally.failure(nowMs, verdict, this.arrived(nowMs, verdict.recovery.totalMs), shardlet.weight);
    this.debt = debt;
    if (!verdict.isDue) return;
    this.checkpoints++;
    this.debt = debtFrom({ seq: this.seq, atMs: nowMs }, this.seq, debt.measuredPerSecond);
  }

  /** Without a forecast the measured rate is all there is. */
  private flat({ measuredPerSecond = 0 }: ReplayDebt, nowMs: number): ArrivalForecast {
    const { stepMs } = this.history;
    return { fromMs: nowMs, stepMs, eventsPerStep: [(measuredPerSecond * stepMs) / MS_PER_SECOND] };
  }

  /** Undefined: not all of that time is known. */
  private arrived(atMs: number, durationMs: number): number | undefined {
    const { fromMs, stepMs } = this.history;
    const { arrivals } = this.shardlet;
    const endMs = atMs + durationMs;
    let events = 0;
    for (let nowMs = atMs; nowMs < endMs; ) {
      const step = Math.floor((nowMs - fromMs) / stepMs);
      const untilMs = Math.min(endMs, fromMs + (step + 1) * stepMs);
      events += ((arrivals[step] ?? Number.NaN) * (untilMs - nowMs)) / stepMs;
      nowMs = untilMs;
    }
    return Number.isNaN(events) ? undefined : events;
  }

  /** What the first step of the forecast was worth, once that is over. */
  private learn(step: number): void {
    const { fromMs, stepMs } = this.history;
    const forecast = this.shardlet.forecasts[step];
    const endMs = fromMs + (step + 1) * stepMs;
    if (forecast === undefined || forecast.fromMs + forecast.stepMs !== endMs) return;
    const events = this.arrived(forecast.fromMs, forecast.stepMs);
    if (events === undefined) return;
    const forecastEvents = forecast.eventsPerStep[0]!;
    this.trust = learnStep(this.trust, { stepMs: forecast.stepMs, events, forecastEvents });
  }
}

class Tally {
  private readonly history: RuleHistory;
  private readonly backlogs = new WeighedValues();
  private readonly byHour: Float64Array;
  private checkpointsPerDay = 0;
  private bytesPerDay: number | undefined;
  private recoveryMsMax = 0;
  private readonly looks = { all: 0, outOfReach: 0 };

  constructor(history: RuleHistory) {
    this.history = history;
    const steps = Math.max(0, ...history.shardlets.map(({ arrivals }) => arrivals.length));
    this.byHour = new Float64Array(Math.ceil((steps * history.stepMs) / HOUR_MS)).fill(Number.NaN);
  }

  /** @param backlog undefined: the end of the recovery is not known */
  failure(nowMs: number, verdict: CheckpointVerdict, backlog: number | undefined, weight: number): void {
    this.looks.all += weight;
    if (verdict.isThresholdOutOfReach) this.looks.outOfReach += weight;
    this.recoveryMsMax = Math.max(this.recoveryMsMax, verdict.recovery.totalMs);
    if (backlog === undefined) return;
    this.backlogs.add(backlog, weight);
    // a look is at the end of its minute
    const hour = Math.ceil((nowMs - this.history.fromMs) / HOUR_MS) - 1;
    if (!(this.byHour[hour]! >= backlog)) this.byHour[hour] = backlog;
  }

  end({ weight, bytes }: ShardletHistory, checkpoints: number, knownSteps: number): void {
    if (knownSteps === 0) return;
    const perDay = (weight * checkpoints * DAY_MS) / (knownSteps * this.history.stepMs);
    this.checkpointsPerDay += perDay;
    if (bytes !== undefined) this.bytesPerDay = (this.bytesPerDay ?? 0) + perDay * bytes;
  }

  effect(): RuleEffect | undefined {
    const { checkpointsPerDay, bytesPerDay, recoveryMsMax, looks, backlogs, byHour } = this;
    if (looks.all === 0) return undefined;
    return {
      ...{ checkpointsPerDay, bytesPerDay, recoveryMsMax, backlogByHour: byHour },
      backlogP99: backlogs.quantile(P99),
      backlogMax: backlogs.max,
      outOfReachShare: looks.outOfReach / looks.all,
    };
  }
}

/** Weights by size in steps of one percent: sorting hundreds of thousands of values would hold up others. */
class WeighedValues {
  max = 0;
  private total = 0;
  private readonly weights = new Map<number, number>();

  add(value: number, weight: number): void {
    const step = Math.ceil(Math.log1p(value) / STEP);
    this.weights.set(step, (this.weights.get(step) ?? 0) + weight);
    this.max = Math.max(this.max, value);
    this.total += weight;
  }

  quantile(level: number): number {
    let left = level * this.total;
    for (const [step, weight] of [...this.weights].sort(([a], [b]) => a - b)) {
      left -= weight;
      if (left <= 0) return Math.min(this.max, Math.expm1(step * STEP));
    }
    return this.max;
  }
}

const STEP = Math.log(1.01);

export interface ShardletLoad {
  readonly shardlet: number;
  readonly events: number;
}

/**
 * Shardlets to replay in place of all: half of them the busiest, where the largest backlogs are, each for itself; the others
 * evenly out of the rest, each for as many as there are to one of them.
 */
export function sampledShardlets(
  loads: readonly ShardletLoad[],
  most: number,
): { readonly shardlet: number; readonly weight: number }[] {
  const sorted = [...loads].sort((a, b) => b.events - a.events || a.shardlet - b.shardlet);
  if (sorted.length <= most) return sorted.map(({ shardlet }) => ({ shardlet, weight: 1 }));
  const busiest = Math.ceil(most / 2);
  const others = sorted.slice(busiest);
  const weight = others.length / (most - busiest);
  const chosen = Array.from({ length: most - busiest }, (_, i) => others[Math.floor((i + 0.5) * weight)]!);
  return [
    ...sorted.slice(0, busiest).map(({ shardlet }) => ({ shardlet, weight: 1 })),
    ...chosen.map(({ shardlet }) => ({ shardlet, weight })),
  ];
}
