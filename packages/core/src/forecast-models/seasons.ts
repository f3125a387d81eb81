/**
 * Which seasons a series has. The calendar proposes (a day, a week; a multiple of a shorter rhythm where neither
 * fits the step), the data decide: a proposal is kept when the series resembles itself one season back clearly
 * more than it resembles itself at neighbouring distances. So an alias of a day is never taken for a season.
 */
import { momentsOf } from './transform.ts';

const DAY_SECONDS = 86_400;
const WEEK_SECONDS = 7 * DAY_SECONDS;
const HOUR_SECONDS = 3_600;
/** a season has to be seen this often to be told from chance */
const PERIODS_MIN = 2;
/** correlation one season back below which there is none */
const CORRELATION_MIN = 0.2;
const READ_MAX = 20_000;

export interface SeasonFinding {
  readonly steps: number;
  readonly name: 'hour' | 'day' | 'week';
  readonly correlation: number;
}

/** Seasons in steps, ascending, with how much the series resembles itself that far back. */
export function detectSeasons(values: Float64Array, stepSeconds: number): readonly SeasonFinding[] {
  const proposals = [
    { name: 'hour', steps: HOUR_SECONDS / stepSeconds },
    { name: 'day', steps: DAY_SECONDS / stepSeconds },
    { name: 'week', steps: WEEK_SECONDS / stepSeconds },
  ] as const;
  const recent = values.subarray(Math.max(0, values.length - Math.max(READ_MAX, proposals[2].steps * 4)));
  const found: SeasonFinding[] = [];
  for (const { name, steps } of proposals) {
    // an hour of minutes is a rhythm only for those that lack the day
    if (name === 'hour' && values.length >= PERIODS_MIN * (DAY_SECONDS / stepSeconds)) continue;
    if (!Number.isInteger(steps) || steps < 2 || values.length < PERIODS_MIN * steps) continue;
    const correlation = autocorrelation(recent, steps);
    // beside a day, a week is proposed whatever it looks like: the models find out
    const isBesideDay = name === 'week' && stepSeconds < DAY_SECONDS;
    if (correlation < CORRELATION_MIN && !isBesideDay) continue;
    const isPeak = isBesideDay || correlation > autocorrelation(recent, Math.round(steps / 2));
    if (isPeak) found.push({ steps, name, correlation });
  }
  // a week without a day is an artefact of a trend
  const hasDay = found.some(({ name }) => name === 'day') || stepSeconds >= DAY_SECONDS;
  return found.filter(({ name }) => name !== 'week' || hasDay);
}

/** Missing values take no part; NaN when nothing remains. */
export function autocorrelation(values: Float64Array, lag: number): number {
  const { mean, deviation } = momentsOf(values.filter((value) => !Number.isNaN(value)));
  let sum = 0;
  let count = 0;
  for (let t = lag; t < values.length; t++) {
    const product = (values[t]! - mean) * (values[t - lag]! - mean);
    if (Number.isNaN(product)) continue;
    sum += product;
    count++;
  }
  return count === 0 ? Number.NaN : sum / count / deviation ** 2;
}
