/**
 * npm run bench -- coverage --data DIR: how often loads stay below their quantiles in the two weeks after a level
 * shift, planted into many series at several places, an hour and a day ahead. One shift of one trace says little: its
 * 56 origins share their truths. Test parts are left alone.
 *
 * A shift multiplies everything from one hour on. Origins begin two weeks before it (one in M4, whose series are short),
 * every hour for an hour ahead and every six for a day, with a fit every three days and a half; counted are those from
 * the shift on, so the first day holds forecasts that could not know of it.
 */
import {
  AUTO_MODELS,
  autoContestant,
  backtest,
  SCORED_LEVELS,
  type Series,
} from '@foreshard/core/forecast-models';
import { m4Series } from './forecast/m4.ts';
import { traces } from './forecast/traces.ts';

const DAY = 24;
const WEEK = 7 * DAY;
const AFTER = 2 * WEEK;
const HOUR_SECONDS = 3_600;
const TEST_FROM = 0.8;
const FIT_HOURS = 84;
/** 1: none, for comparison */
const RATIOS = [1, 2, 0.5, 1.5];
const PLACES = 4;
/** every so many of the series of M4 that are long enough */
const M4_EVERY = 6;
const M4_HOURS_MIN = 912;
/** of the two places in M4: one full week and some hours apart would fall on other hours of other days */
const M4_APART = 77;
/** days since the shift, [from, to) */
const SPANS = [
  [0, 1],
  [1, 3],
  [3, 7],
  [7, 14],
] as const;
const AIM = { level: 0.9, least: 0.87, most: 0.93 };

interface Place {
  readonly series: Series;
  /** the first hour at the new level */
  readonly at: number;
  readonly firstOrigin: number;
}

/** [level][span], and over all spans */
interface Coverage {
  readonly bySpan: readonly (readonly number[])[];
  readonly whole: readonly number[];
}

export function run({ data, json }: { data: string; json: boolean }): void {
  const places = [...tracePlaces(data), ...m4Places(data)];
  const rows = [1, DAY].flatMap((horizon) =>
    RATIOS.map((ratio) =>
      rowOf(
        horizon,
        ratio,
        places.map((place) => coverageAfter(place, ratio, horizon)),
      ),
    ),
  );
  if (json) process.stdout.write(`${JSON.stringify(rows)}\n`);
  else console.table(rows);
}

function tracePlaces(data: string): Place[] {
  return [...traces(data)].flatMap(({ series }) => {
    const whole = byTheHour(series);
    const values = whole.values.subarray(0, Math.floor(whole.values.length * TEST_FROM));
    const first = 4 * WEEK;
    const last = values.length - AFTER - DAY;
    // a temperature below zero has no level to multiply
    if (last < first || values.some((value) => value < 0)) return [];
    return Array.from({ length: PLACES }, (_, i) => {
      const at = Math.round(first + (i * (last - first)) / (PLACES - 1));
      return { series: { ...whole, values }, at, firstOrigin: at - AFTER };
    });
  });
}

function m4Places(data: string): Place[] {
  return m4Series(data)
    .filter(({ values }) => values.length >= M4_HOURS_MIN)
    .filter((_, i) => i % M4_EVERY === 0)
    .flatMap((series) => {
      const last = series.values.length - AFTER - DAY;
      return [last - M4_APART, last].map((at) => ({ series, at, firstOrigin: at - WEEK }));
    });
}

function byTheHour(series: Series): Series {
  const steps = HOUR_SECONDS / series.stepSeconds;
  const values = Float64Array.from({ length: Math.floor(series.values.length / steps) }, (_, hour) =>
    series.values.subarray(hour * steps, (hour + 1) * steps).reduce((sum, value) => sum + value, 0),
  );
  return { values, stepSeconds: HOUR_SECONDS, seasons: [DAY, WEEK] };
}

function coverageAfter({ series, at, firstOrigin }: Place, ratio: number, horizon: number): Coverage {
  const values = series.values.map((value, t) => (t < at ? value : ratio * value));
  const step = horizon === 1 ? 1 : 6;
  const origins: number[] = [];
  for (let origin = firstOrigin; origin < at + AFTER; origin += step) origins.push(origin);
  const plan = { horizon, origins, originsPerFit: FIT_HOURS / step };
  const [row] = backtest([autoContestant(AUTO_MODELS)], { ...series, values }, plan, () => 0).rows;
  const within = (shares: Float64Array, from: number, to: number) =>
    meanOf(shares.filter((_, i) => origins[i]! >= at + from * DAY && origins[i]! < at + to * DAY));
  const byLevel = SCORED_LEVELS.map((level) => row!.coverageByOrigin[String(level)]!);
  return {
    bySpan: byLevel.map((shares) => SPANS.map(([from, to]) => within(shares, from, to))),
    whole: byLevel.map((shares) => within(shares, 0, AFTER / DAY)),
  };
}

function rowOf(horizon: number, ratio: number, all: readonly Coverage[]) {
  const of = (level: number) =>
    Float64Array.from(all, ({ whole }) => whole[SCORED_LEVELS.indexOf(level)]!).sort();
  const aimed = of(AIM.level);
  const part = (share: number) => rounded(aimed[Math.round(share * (aimed.length - 1))]!);
  const isWithin = (value: number) => value >= AIM.least && value <= AIM.most;
  return {
    ahead: `${horizon} h`,
    shift: `x ${ratio}`,
    places: all.length,
    'cover .9': rounded(meanOf(aimed)),
    '10 .. 90 % of places': `${part(0.1)} .. ${part(0.9)}`,
    [`in ${AIM.least} .. ${AIM.most}`]: rounded(aimed.filter(isWithin).length / aimed.length),
    ...Object.fromEntries(
      SPANS.map(([from, to], span) => [
        to - from === 1 ? `day ${to}` : `days ${from + 1}-${to}`,
        rounded(meanOf(all.map(({ bySpan }) => bySpan[SCORED_LEVELS.indexOf(AIM.level)]![span]!))),
      ]),
    ),
    'cover .1': rounded(meanOf(of(0.1))),
    'cover .95': rounded(meanOf(of(0.95))),
  };
}

/** Of what is known: a span may lie in an outage. */
function meanOf(values: ArrayLike<number>): number {
  const known = Array.from(values).filter((value) => !Number.isNaN(value));
  return known.reduce((sum, value) => sum + value, 0) / known.length;
}

function rounded(value: number): number {
  return Number(value.toFixed(3));
}
