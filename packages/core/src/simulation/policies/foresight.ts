/**
 * What is known of the next hour, key by key: forecasts of the heavy keys and of the total by the product's own
 * selection of models, the rest by its share of what is left; or, for the oracle, the truth. Forecasts are made once
 * for a workload and shared by the policies that use them. Models are fitted on the past only, again every two days.
 */
import {
  AUTO_MODELS,
  detectSeasons,
  type Forecast,
  forecastFrom,
  type Selection,
  type Series,
  select,
} from '../../forecasting/index.ts';
import { totalOf, type Workload } from './workload.ts';

export interface Outlook {
  /** events a minute, [step ahead][key] */
  readonly middle: readonly Float64Array[];
  /** quantile less middle */
  readonly doubt: readonly Float64Array[];
}

export interface Foresight {
  readonly stepsAhead: number;
  /** What is known at this minute, the minute itself not included. REQUIRES: a whole step. */
  at(minute: number, shares: Float64Array): Outlook;
}

/** of `auto`, all but the dearest to ask; a thousand ticks ask each series */
const MODELS = AUTO_MODELS.filter(({ name }) => !['hybrid', 'periodic-week', 'smoothing'].includes(name));
const REFIT_MINUTES = 2 * 1_440;

export class Forecasts implements Foresight {
  readonly stepsAhead: number;
  private readonly workload: Workload;
  private readonly series: readonly Float64Array[];
  private readonly quantile: number;
  private selections: Selection[] = [];
  private fittedAt = Number.NEGATIVE_INFINITY;
  private readonly cache = new Map<number, { point: Float64Array; doubt: Float64Array }[]>();

  constructor(workload: Workload, stepsAhead: number, quantile: number) {
    this.workload = workload;
    this.stepsAhead = stepsAhead;
    this.quantile = quantile;
    this.series = [seriesOf(workload, undefined), ...workload.heavy.map((key) => seriesOf(workload, key))];
  }

  at(minute: number, shares: Float64Array): Outlook {
    const known = this.forecastsAt(minute);
    const { heavy, keyCount, stepMinutes } = this.workload;
    const isHeavy = new Set(heavy);
    let rest = 0;
    for (let key = 0; key < keyCount; key++) if (!isHeavy.has(key)) rest += shares[key]!;
    const middle = Array.from({ length: this.stepsAhead }, () => new Float64Array(keyCount));
    const doubt = middle.map((row) => row.slice());
    for (let h = 0; h < this.stepsAhead; h++) {
      const left = Math.max(
        0,
        known[0]!.point[h]! - heavy.reduce((sum, _, i) => sum + known[i + 1]!.point[h]!, 0),
      );
      for (let key = 0; key < keyCount; key++)
        middle[h]![key] = rest > 0 ? (left * shares[key]!) / rest / stepMinutes : 0;
      for (let key = 0; key < keyCount; key++)
        doubt[h]![key] = 1.3 * Math.sqrt(middle[h]![key]! / stepMinutes);
      heavy.forEach((key, i) => {
        middle[h]![key] = known[i + 1]!.point[h]! / stepMinutes;
        doubt[h]![key] = known[i + 1]!.doubt[h]! / stepMinutes;
      });
    }
    return { middle, doubt };
  }

  private forecastsAt(minute: number): { point: Float64Array; doubt: Float64Array }[] {
    const cached = this.cache.get(minute);
    if (cached !== undefined) return cached;
    const length = this.workload.pastTotal.length + minute / this.workload.stepMinutes;
    if (minute - this.fittedAt >= REFIT_MINUTES || minute < this.fittedAt) this.fit(length, minute);
    const made = this.series.map((values, i) => this.one(this.selections[i]!, values.subarray(0, length)));
    this.cache.set(minute, made);
    return made;
  }

  private fit(length: number, minute: number): void {
    const { stepMinutes } = this.workload;
    this.fittedAt = minute;
    this.selections = this.series.map((all) => {
      const values = all.subarray(0, length);
      const seasons = detectSeasons(values, 60 * stepMinutes).map(({ steps }) => steps);
      const series: Series = { values, stepSeconds: 60 * stepMinutes, seasons };
      return select(MODELS, series, this.stepsAhead);
    });
  }

  private one(selection: Selection, history: Float64Array) {
    const forecast: Forecast = forecastFrom(selection, history, this.stepsAhead);
    const point = forecast.point.map((value) => Math.max(0, value));
    const doubt = forecast.spread.map((spread, h) =>
      Math.max(0, spread * selection.quantiles.at(this.quantile, h + 1)),
    );
    return { point, doubt };
  }
}

/** Past and test part of one key, or of all, in steps; whoever uses it cuts off what has not happened yet. */
function seriesOf(workload: Workload, key: number | undefined): Float64Array {
  const { pastTotal, pastHeavy, heavy, stepMinutes, minutes, start } = workload;
  const past = key === undefined ? pastTotal : pastHeavy[heavy.indexOf(key)]!;
  const values = new Float64Array(past.length + Math.floor(minutes / stepMinutes));
  values.set(past);
  const total = key === undefined ? totalOf(workload) : undefined;
  for (let minute = 0; minute < minutes; minute++) {
    const at = past.length + Math.floor(minute / stepMinutes);
    if (total !== undefined) values[at]! += total[minute]!;
    else
      for (let row = start[minute]!; row < start[minute + 1]!; row++)
        if (workload.key[row] === key) values[at]! += workload.count[row]!;
  }
  return values;
}

/** The true means of the coming steps: the same planner cannot do better than with these. */
export class Truth implements Foresight {
  readonly stepsAhead: number;
  private readonly workload: Workload;

  constructor(workload: Workload, stepsAhead: number) {
    this.workload = workload;
    this.stepsAhead = stepsAhead;
  }

  at(minute: number): Outlook {
    const { keyCount, stepMinutes, minutes, start, key, count } = this.workload;
    const middle = Array.from({ length: this.stepsAhead }, () => new Float64Array(keyCount));
    middle.forEach((row, h) => {
      const from = Math.min(minutes, minute + h * stepMinutes);
      const to = Math.min(minutes, from + stepMinutes);
      for (let at = start[from]!; at < start[to]!; at++)
        row[key[at]!]! += count[at]! / Math.max(1, to - from);
    });
    return { middle, doubt: middle.map((row) => new Float64Array(row.length)) };
  }
}
