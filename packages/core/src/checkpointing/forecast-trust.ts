/**
 * How far the forecasts of arrivals have proven themselves. Where load follows the clock they are nearly all that counts; where
 * it comes in bursts that nobody foresees, the rule does better to go by the usual rate, which makes it one by count: it
 * would else be careless in every lull before a burst.
 *
 * Both are compared step by step on a logarithmic scale: how much arrivals scatter about their forecast, and about the usual
 * rate. The ratio of these variances is the part of the expectation that the usual rate gets. Constant bias is no
 * scatter: a threshold absorbs it.
 */
import { invariant, MS_PER_SECOND } from '../kernel/index.ts';

const DAY_MS = 86_400_000;
/** memory of the usual rate: a whole day, so that night and day are both in it */
const USUAL_MS = DAY_MS;
/** memory of the scatter: a whole week has its weekend in it; with one day ratios were 1 % worse, with three alike */
const SCATTER_MS = 7 * DAY_MS;
/** a part of the usual rate that is added to both sides, so that an empty step is a small load and not none */
const FLOOR_SHARE = 0.05;

/** Plain numbers, to be stored as they are. */
export interface ForecastTrust {
  readonly steps: number;
  readonly usualPerSecond: number;
  /** logarithm of arrivals over forecast, and over the usual rate */
  readonly forecastMean: number;
  readonly forecastVariance: number;
  readonly usualMean: number;
  readonly usualVariance: number;
}

export const FIRST_FORECAST_TRUST: ForecastTrust = {
  steps: 0,
  usualPerSecond: 0,
  forecastMean: 0,
  forecastVariance: 0,
  usualMean: 0,
  usualVariance: 0,
};

/** A step that is over, with the forecast made at its start. */
export interface ElapsedStep {
  readonly stepMs: number;
  readonly events: number;
  readonly forecastEvents: number;
}

/** REQUIRES: steps come in order, each once; a step without a measurement is left out. */
export function learnStep(
  trust: ForecastTrust,
  { stepMs, events, forecastEvents }: ElapsedStep,
): ForecastTrust {
  invariant(events >= 0 && Number.isFinite(events), 'a number of events arrives in a step');
  const steps = trust.steps + 1;
  const perSecond = (events / stepMs) * MS_PER_SECOND;
  const usualPerSecond =
    trust.usualPerSecond + memory(stepMs / USUAL_MS, steps) * (perSecond - trust.usualPerSecond);
  const usualEvents = ((trust.steps === 0 ? perSecond : trust.usualPerSecond) * stepMs) / MS_PER_SECOND;
  if (usualEvents === 0) return { ...trust, steps, usualPerSecond };
  const floor = FLOOR_SHARE * usualEvents;
  const overForecast = Math.log((events + floor) / (Math.max(0, forecastEvents) + floor));
  const overUsual = Math.log((events + floor) / (usualEvents + floor));
  const weight = memory(stepMs / SCATTER_MS, steps);
  const forecastMean = trust.forecastMean + weight * (overForecast - trust.forecastMean);
  const usualMean = trust.usualMean + weight * (overUsual - trust.usualMean);
  return {
    steps,
    usualPerSecond,
    forecastMean,
    forecastVariance:
      trust.forecastVariance + weight * ((overForecast - forecastMean) ** 2 - trust.forecastVariance),
    usualMean,
    usualVariance: trust.usualVariance + weight * ((overUsual - usualMean) ** 2 - trust.usualVariance),
  };
}

/** Steps in order; NaN: not known. */
export function learnSteps(
  trust: ForecastTrust,
  stepMs: number,
  steps: Iterable<Pick<ElapsedStep, 'events' | 'forecastEvents'>>,
): ForecastTrust {
  let learned = trust;
  for (const { events, forecastEvents } of steps)
    if (!Number.isNaN(events + forecastEvents))
      learned = learnStep(learned, { stepMs, events, forecastEvents });
  return learned;
}

/** The part of the expectation that the usual rate gets: 0 where forecasts are exact, 1 where they say nothing. */
export function usualShare({ forecastVariance, usualVariance }: ForecastTrust): number {
  return usualVariance > 0 ? Math.min(1, forecastVariance / usualVariance) : 0;
}

/** Events of a forecast drawn to the usual rate, geometrically, as loads differ by factors. */
export function drawnToUsual(trust: ForecastTrust, forecastEvents: number, durationMs: number): number {
  const share = usualShare(trust);
  if (share === 0) return forecastEvents;
  const usualEvents = (trust.usualPerSecond * durationMs) / MS_PER_SECOND;
  return forecastEvents ** (1 - share) * usualEvents ** share;
}

/** The plain mean of the first steps. */
function memory(weight: number, steps: number): number {
  return Math.min(1, Math.max(weight, 1 / steps));
}
