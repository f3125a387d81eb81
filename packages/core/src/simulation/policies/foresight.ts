/**
 * What is known of the next hour, key by key: forecasts of the heavy keys and of the total by the product's own
 * selection of models, the rest by its share of what is left; or, for the oracle, the truth. Forecasts are made once
 * for a workload and shared by the policies that use them. Models are fitted on the past only, again every two days.
 */
import {
  AUTO_MODELS,
  detectSeasons,
  fitOrReason,
  forecastFrom,
  forecastOrReason,
  type Selection,
  type Series,
  select,
} from '../../forecast-models/index.ts';
import { seededRandom } from '../../kernel/index.ts';
import { DOUBT_PER_ERROR, ForecastTrust } from './forecast-trust.ts';
import { totalOf, type Workload } from './workload.ts';

export interface Outlook {
  /** events a minute, [step ahead][key] */
  readonly middle: readonly Float64Array[];
  /** quantile less middle */
  readonly doubt: readonly Float64Array[];
  /** of the total: quantile less middle, over the middle, [step ahead] */
  readonly commonDoubt: Float64Array;
}

export interface Foresight {
  /**
   * What is known at this minute, the minute itself not included; undefined when nothing is.
   * REQUIRES: a whole step.
   */
  at(minute: number, shares: Float64Array, steps: number): Outlook | undefined;
}

/** steps of ten minutes that are forecast at most */
export const STEPS_MAX = 7;
/** those of `auto` that are cheap to ask: a thousand ticks ask each series */
const EXPENSIVE = ['hybrid', 'periodic-week', 'smoothing', 'smoothing-log'];
const MODELS = AUTO_MODELS.filter(({ name }) => !EXPENSIVE.includes(name));
/** steps of ten minutes */
const WEIGHED_EVERY = 6;
/** the heaviest keys, for which all models are tried; the total is one more */
const SELECTED = 12;
const LIGHT_MODELS = ['periodic-log', 'periodic-raw', 'kalman'].map(
  (name) => AUTO_MODELS.find((model) => model.name === name)!,
);
const MOST_OF_PAST = 3;
const REFIT_MINUTES = 2 * 1_440;
/** distance of the 90 % quantile from the middle, in standard deviations */
const Z90 = 1.2816;

interface Known {
  readonly point: Float64Array;
  /** to the 90 % quantile */
  readonly doubt: Float64Array;
}

export class Forecasts implements Foresight {
  private readonly workload: Workload;
  private readonly series: readonly Float64Array[];
  private readonly trust: readonly ForecastTrust[];
  private models: Asked[] = [];
  private fittedAt = Number.NEGATIVE_INFINITY;
  /** [step of the test part][series] */
  private readonly made: Known[][] = [];
  private readonly light: Int32Array;

  constructor(workload: Workload) {
    this.workload = workload;
    this.series = [totalSeries(workload), ...heavySeries(workload)];
    this.trust = this.series.map((values) => new ForecastTrust(values));
    const heavy = new Set(workload.heavy);
    this.light = Int32Array.from([...Array(workload.keyCount).keys()].filter((key) => !heavy.has(key)));
  }

  at(minute: number, shares: Float64Array, steps: number): Outlook {
    const known = this.forecastsAt(minute);
    const { heavy, keyCount, stepMinutes } = this.workload;
    let rest = 0;
    for (const key of this.light) rest += shares[key]!;
    const middle = Array.from({ length: steps }, () => new Float64Array(keyCount));
    const doubt = middle.map((row) => row.slice());
    for (let h = 0; h < steps; h++) {
      const own = heavy.reduce((sum, _, i) => sum + known[i + 1]!.point[h]!, 0);
      const left = rest > 0 ? Math.max(0, known[0]!.point[h]! - own) / rest / stepMinutes : 0;
      for (const key of this.light) {
        middle[h]![key] = left * shares[key]!;
        doubt[h]![key] = Z90 * Math.sqrt(middle[h]![key]! / stepMinutes);
      }
      heavy.forEach((key, i) => {
        middle[h]![key] = known[i + 1]!.point[h]! / stepMinutes;
        doubt[h]![key] = known[i + 1]!.doubt[h]! / stepMinutes;
      });
    }
    const commonDoubt = Float64Array.from(
      middle,
      (_, h) => known[0]!.doubt[h]! / Math.max(1, known[0]!.point[h]!),
    );
    return { middle, doubt, commonDoubt };
  }

  /** In order, since what is trusted depends on how earlier forecasts turned out. */
  private forecastsAt(minute: number): readonly Known[] {
    const { stepMinutes, pastTotal } = this.workload;
    for (let step = this.made.length; step <= minute / stepMinutes; step++) {
      const length = pastTotal.length + step;
      if (step * stepMinutes - this.fittedAt >= REFIT_MINUTES) this.fit(length, step * stepMinutes);
      this.made.push(
        this.series.map((values, i) => {
          const own = this.models[i]!(values.subarray(0, length));
          return this.trust[i]!.next(own, length);
        }),
      );
    }
    return this.made[minute / stepMinutes]!;
  }

  private fit(length: number, minute: number): void {
    const { stepMinutes } = this.workload;
    this.fittedAt = minute;
    this.models = this.series.map((all, i) => {
      const values = all.subarray(0, length);
      const seasons = detectSeasons(values, 60 * stepMinutes).map(({ steps }) => steps);
      const series: Series = { values, stepSeconds: 60 * stepMinutes, seasons };
      return i <= SELECTED ? selected(series) : single(series);
    });
  }
}

type Asked = (history: Float64Array) => Known;

function selected(series: Series): Asked {
  const selection = seldomWeighed(select(MODELS, series, STEPS_MAX));
  return (history) => {
    const forecast = forecastFrom(selection, history, STEPS_MAX);
    return {
      point: forecast.point.map((value) => Math.max(0, value)),
      doubt: forecast.spread.map((spread, h) => Math.max(0, spread * selection.quantiles.at(0.9, h + 1))),
    };
  };
}

/** One model in place of a selection, where a key is light and there are many of them. */
function single(series: Series): Asked {
  const fitted = LIGHT_MODELS.map((model) => fitOrReason(model, series, STEPS_MAX)).find(
    (one) => typeof one !== 'string',
  );
  const most = series.values.reduce((a, b) => Math.max(a, b), 0);
  return (history) => {
    const made = fitted === undefined ? 'no model fits' : forecastOrReason(fitted, history, STEPS_MAX);
    const last = history.at(-1) ?? 0;
    if (typeof made === 'string') return { point: all(last), doubt: all(Math.sqrt(last)) };
    return {
      // beyond it a regression has left its ground
      point: made.point.map((value) => Math.min(MOST_OF_PAST * most, Math.max(0, value))),
      doubt: made.spread.map((value) => DOUBT_PER_ERROR * value),
    };
  };
}

function all(value: number): Float64Array {
  return new Float64Array(STEPS_MAX).fill(value);
}

/** How the models stand is looked at once an hour: it takes ten times as long as the forecasts themselves. */
function seldomWeighed(selection: Selection): Selection {
  const { standing } = selection;
  if (standing === undefined) return selection;
  let weights: Float64Array[] = [];
  let weighedAt = Number.NEGATIVE_INFINITY;
  const seldom: Pick<typeof standing, 'weights'> = {
    weights(values) {
      if (values.length - weighedAt >= WEIGHED_EVERY) {
        weights = standing.weights(values);
        weighedAt = values.length;
      }
      return weights;
    },
  };
  return { ...selection, standing: seldom as typeof standing };
}

/** Past and test part in steps; whoever uses it cuts off what has not happened yet. */
function totalSeries(workload: Workload): Float64Array {
  const { pastTotal, stepMinutes } = workload;
  const values = withTest(pastTotal, workload);
  totalOf(workload).forEach((events, minute) => {
    values[pastTotal.length + Math.floor(minute / stepMinutes)]! += events;
  });
  return values;
}

function heavySeries(workload: Workload): Float64Array[] {
  const { pastTotal, pastHeavy, heavy, keyCount, stepMinutes, minutes, start, key, count } = workload;
  const series = pastHeavy.map((past) => withTest(past, workload));
  const place = new Int32Array(keyCount).fill(-1);
  for (const [i, own] of heavy.entries()) place[own] = i;
  for (let minute = 0; minute < minutes; minute++)
    for (let row = start[minute]!; row < start[minute + 1]!; row++) {
      const i = place[key[row]!]!;
      if (i >= 0) series[i]![pastTotal.length + Math.floor(minute / stepMinutes)]! += count[row]!;
    }
  return series;
}

function withTest(past: Float64Array, { minutes, stepMinutes }: Workload): Float64Array {
  const values = new Float64Array(past.length + Math.floor(minutes / stepMinutes));
  values.set(past);
  return values;
}

/** The true means of the coming steps: the same planner cannot do better than with these. */
export class Truth implements Foresight {
  private readonly workload: Workload;

  constructor(workload: Workload) {
    this.workload = workload;
  }

  at(minute: number, _shares: Float64Array, steps: number): Outlook {
    const { keyCount, stepMinutes, minutes, start, key, count } = this.workload;
    const middle = Array.from({ length: steps }, () => new Float64Array(keyCount));
    middle.forEach((row, h) => {
      const from = Math.min(minutes, minute + h * stepMinutes);
      const to = Math.min(minutes, from + stepMinutes);
      for (let at = start[from]!; at < start[to]!; at++)
        row[key[at]!]! += count[at]! / Math.max(1, to - from);
    });
    return {
      middle,
      doubt: middle.map((row) => new Float64Array(row.length)),
      commonDoubt: new Float64Array(steps),
    };
  }
}

/** forecasts are lost for so long at a time */
const LOST_MINUTES = 180;

/** The same, lost in this part of all three-hour spans: the service is down, and nobody is told when. */
export function losing(foresight: Foresight, share: number, seed: number): Foresight {
  return {
    at(minute, shares, steps) {
      const random = seededRandom(seed + 7_919 * (1 + Math.floor(minute / LOST_MINUTES)));
      return random.next() < share ? undefined : foresight.at(minute, shares, steps);
    },
  };
}
