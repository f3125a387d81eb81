/**
 * The rolling-origin back-test: from many origins in the last part of a series every model forecasts what was not
 * known yet, and is fitted again only from time to time, only on the past. All models meet the same origins, so
 * their errors can be compared pair by pair. Quantiles are calibrated as they would be in service: by errors
 * whose truth had come in before the origin.
 */
import { forecastFrom, select } from './auto.ts';
import { Quantiles } from './calibration.ts';
import type { Forecast, Forecaster, Unfit } from './forecaster.ts';
import { PointErrors, pinball, type Score, seasonalNaiveError } from './metrics.ts';
import { OnlineCalibration } from './online-calibration.ts';
import { type Series, upTo } from './series.ts';
import { fitOrReason, nonsense, type Stopwatch } from './trial.ts';

export const SCORED_LEVELS: readonly number[] = [0.1, 0.5, 0.9, 0.95];

export interface BacktestPlan {
  readonly horizon: number;
  /** the number of steps known at each origin, ascending */
  readonly origins: readonly number[];
  /** origins between two fits */
  readonly originsPerFit: number;
}

export interface BacktestRow {
  readonly model: string;
  readonly score: Score;
  /** mean check loss by level */
  readonly pinball: Readonly<Record<string, number>>;
  /** share of measurements at or below the quantile, by level */
  readonly coverage: Readonly<Record<string, number>>;
  readonly fitMs: number;
  readonly fits: number;
  /** sum of absolute errors of each origin, for paired comparisons */
  readonly byOrigin: Float64Array;
  /** coverage of each origin, by level; NaN where nothing was measured */
  readonly coverageByOrigin: Readonly<Record<string, Float64Array>>;
}

export interface BacktestResult {
  readonly rows: readonly BacktestRow[];
  readonly unfit: readonly Unfit[];
  readonly origins: number;
}

/** A model as the back-test drives it: fitted at some origins, asked at all. */
export interface Contestant {
  readonly name: string;
  fit(series: Series, horizon: number): Asked | string;
}

export interface Asked {
  forecast(history: Float64Array): Forecast;
  readonly quantiles: Quantiles | undefined;
}

export function contestantOf(model: Forecaster): Contestant {
  return {
    name: model.name,
    fit: (series, horizon) => {
      const fitted = fitOrReason(model, series, horizon);
      if (typeof fitted === 'string') return fitted;
      return { forecast: (history) => fitted.forecast(history, horizon), quantiles: undefined };
    },
  };
}

/** The models as they would serve: with what level shifts and outages do to them. */
export function autoContestant(models: readonly Forecaster[], name = 'auto'): Contestant {
  return {
    name,
    fit: (series, horizon) => {
      const selection = select(models, series, horizon);
      const [first] = selection.unfit;
      if (first !== undefined && selection.unfit.length === models.length) return first.reason;
      return {
        forecast: (history) => forecastFrom(selection, history, horizon),
        quantiles: selection.quantiles,
      };
    },
  };
}

/** Answers that were made before, by the number of steps known at each origin. */
export function replayed(name: string, answers: ReadonlyMap<number, Forecast>): Contestant {
  return {
    name,
    fit: () => ({ forecast: (history) => answers.get(history.length)!, quantiles: undefined }),
  };
}

/** Origins evenly over the last `share` of the series, the last one with its whole horizon known. */
export function evenOrigins(length: number, horizon: number, count: number, share: number): number[] {
  const last = length - horizon;
  const first = Math.max(2, Math.min(last, Math.ceil(length * (1 - share))));
  const wanted = Math.min(count, last - first + 1);
  if (wanted <= 1) return last >= 2 ? [last] : [];
  return Array.from({ length: wanted }, (_, i) => Math.round(first + (i * (last - first)) / (wanted - 1)));
}

export function backtest(
  contestants: readonly Contestant[],
  series: Series,
  plan: BacktestPlan,
  stopwatch: Stopwatch,
): BacktestResult {
  const rows: BacktestRow[] = [];
  const unfit: Unfit[] = [];
  for (const contestant of contestants) {
    const row = runContestant(contestant, series, plan, stopwatch);
    if (typeof row === 'string') unfit.push({ model: contestant.name, reason: row });
    else rows.push(row);
  }
  return { rows, unfit, origins: plan.origins.length };
}

interface Pending {
  readonly origin: number;
  readonly forecast: Forecast;
  readonly table: Quantiles;
  next: number;
}

class Tally {
  readonly errors = new PointErrors();
  readonly pinball = new Float64Array(SCORED_LEVELS.length);
  readonly covered = new Float64Array(SCORED_LEVELS.length);
  count = 0;

  add(truth: number, point: number, quantiles: Float64Array): void {
    this.errors.add(truth, point);
    if (Number.isNaN(truth)) return;
    this.count++;
    SCORED_LEVELS.forEach((level, i) => {
      this.pinball[i]! += pinball(truth, quantiles[i]!, level);
      if (truth <= quantiles[i]!) this.covered[i]!++;
    });
  }

  byLevel(sums: Float64Array): Record<string, number> {
    return Object.fromEntries(SCORED_LEVELS.map((level, i) => [String(level), sums[i]! / this.count]));
  }
}

function runContestant(
  contestant: Contestant,
  series: Series,
  plan: BacktestPlan,
  stopwatch: Stopwatch,
): BacktestRow | string {
  const { values } = series;
  const calibration = new OnlineCalibration(plan.horizon, SCORED_LEVELS);
  const uncalibrated = new Quantiles(plan.horizon, { origins: [] });
  const tally = new Tally();
  const byOrigin = new Float64Array(plan.origins.length);
  const coveredByOrigin = SCORED_LEVELS.map(() => new Float64Array(plan.origins.length));
  const pending: Pending[] = [];
  let asked: Asked | undefined;
  let levelKnownAt = 0;
  let fitMs = 0;
  let fits = 0;
  for (const [i, origin] of plan.origins.entries()) {
    learnUntil(origin, pending, calibration, values);
    if (i % plan.originsPerFit === 0) {
      const start = stopwatch();
      const fitted = contestant.fit(upTo(series, origin), plan.horizon);
      if (typeof fitted === 'string') return fitted;
      fitMs += stopwatch() - start;
      fits++;
      asked = fitted;
    }
    const forecast = asked!.forecast(values.subarray(0, origin));
    const wrong = nonsense(forecast, plan.horizon);
    if (wrong !== undefined) return wrong;
    if (origin - (forecast.levelAge ?? origin) > levelKnownAt) {
      calibration.settle();
      levelKnownAt = origin;
    }
    const table = asked!.quantiles ?? uncalibrated;
    const own = new Tally();
    byOrigin[i] = scoreOrigin([tally, own], values, origin, forecast, table, calibration, plan);
    coveredByOrigin.forEach((covered, level) => {
      covered[i] = own.covered[level]! / own.count;
    });
    pending.push({ origin, forecast, table, next: 1 });
  }
  const naiveError = seasonalNaiveError(values.subarray(0, plan.origins[0]), series.seasons[0] ?? 1);
  return {
    model: contestant.name,
    score: tally.errors.score(naiveError),
    pinball: tally.byLevel(tally.pinball),
    coverage: tally.byLevel(tally.covered),
    fitMs: fits === 0 ? 0 : fitMs / fits,
    fits,
    byOrigin,
    coverageByOrigin: Object.fromEntries(
      SCORED_LEVELS.map((level, k) => [String(level), coveredByOrigin[k]!]),
    ),
  };
}

/** Tells the calibration every truth known at `origin`. */
function learnUntil(
  origin: number,
  pending: Pending[],
  calibration: OnlineCalibration,
  values: Float64Array,
): void {
  for (const one of pending)
    for (; one.next <= one.forecast.point.length && one.origin + one.next <= origin; one.next++)
      calibration.observe(values[one.origin + one.next - 1]!, one.forecast, one.table, one.next);
  while (pending.length > 0 && pending[0]!.next > pending[0]!.forecast.point.length) pending.shift();
}

function scoreOrigin(
  tallies: readonly Tally[],
  values: Float64Array,
  origin: number,
  forecast: Forecast,
  table: Quantiles,
  calibration: OnlineCalibration,
  plan: BacktestPlan,
): number {
  let absolute = 0;
  for (let h = 1; h <= plan.horizon; h++) {
    const truth = values[origin + h - 1]!;
    const quantiles = calibration.quantiles(forecast, table, h);
    for (const tally of tallies) tally.add(truth, forecast.point[h - 1]!, quantiles);
    if (!Number.isNaN(truth)) absolute += Math.abs(truth - forecast.point[h - 1]!);
  }
  return absolute;
}
