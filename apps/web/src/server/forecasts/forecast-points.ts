/** Points of actual against forecast, their scores, and as many of them as a chart shows. */

export interface ForecastPoint {
  readonly ms: number;
  /** events per second; null: not known (yet) */
  readonly actual: number | null;
  readonly forecast: number | null;
  /** the forecast without hints, where that is another */
  readonly baseline: number | null;
  /** 80 % interval */
  readonly band: readonly [number, number] | null;
  readonly residual: number | null;
}

/** what a chart can show, and what costs little */
const POINTS_MAX = 600;
export const DAY_MS = 86_400_000;

/** events of one step */
export interface StepForecast {
  readonly forecast: number;
  readonly low: number;
  readonly high: number;
}

export function pointOf(
  ms: number,
  actual: number,
  told: (StepForecast & { readonly baseline: number }) | undefined,
  perSecond: number,
): ForecastPoint {
  const known = Number.isNaN(actual) ? null : actual * perSecond;
  if (told === undefined)
    return { ms, actual: known, forecast: null, baseline: null, band: null, residual: null };
  const { forecast, low, high, baseline } = told;
  return {
    ms,
    actual: known,
    forecast: forecast * perSecond,
    baseline: baseline === forecast ? null : baseline * perSecond,
    band: [low * perSecond, high * perSecond],
    residual: known === null ? null : known - forecast * perSecond,
  };
}

/** Of the points behind now; `actual`: events of a step by its begin, a day further back. */
export function scoresOf(
  behind: readonly ForecastPoint[],
  actual: ReadonlyMap<number, number>,
  perSecond: number,
) {
  const known = behind.filter((point) => point.residual !== null);
  const naive = known
    .map(({ ms, actual: value }) => Math.abs(value! - (actual.get(ms - DAY_MS) ?? Number.NaN) * perSecond))
    .filter((miss) => !Number.isNaN(miss));
  const inside = known.filter(({ actual: value, band }) => value! >= band![0] && value! <= band![1]);
  return {
    covered: known.length === 0 ? null : inside.length / known.length,
    mae: mean(known.map(({ residual }) => Math.abs(residual!))),
    rmse: root(mean(known.map(({ residual }) => residual! ** 2))),
    naiveMae: mean(naive),
  };
}

function mean(values: readonly number[]): number | null {
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
}

function root(value: number | null): number | null {
  return value === null ? null : Math.sqrt(value);
}

/** Every so many-th point: a forecast has no spikes between its steps that would be lost. */
export function thinned(points: readonly ForecastPoint[]): ForecastPoint[] {
  const stride = Math.ceil(points.length / POINTS_MAX);
  return points.filter((_, i) => i % stride === 0 || i === points.length - 1);
}
