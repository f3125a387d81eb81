/**
 * The arrivals that are expected from now on: the forecast of the coming steps. In the step that runs now the measured rate
 * takes the place of the forecast, the more the longer ago the forecast was made: it shows a burst that no forecast knew of.
 * All of it is drawn to the usual rate as far as forecasts have proven wrong.
 */
import { invariant, MS_PER_SECOND } from '../kernel/index.ts';
import { drawnToUsual, type ForecastTrust } from './forecast-trust.ts';

/** time constant of the measured rate (replay-debt.ts): after so long it is one of the time since the forecast */
export const MEASURED_MS = 120_000;

export interface ArrivalForecast {
  /** start of the first step */
  readonly fromMs: number;
  readonly stepMs: number;
  readonly eventsPerStep: ArrayLike<number>;
}

export interface ExpectedArrivals {
  readonly forecast: ArrivalForecast;
  readonly trust: ForecastTrust;
  /** of the last minutes; undefined when nothing was measured yet */
  readonly measuredPerSecond: number | undefined;
  /** the forecast is believed so far ahead; later arrivals are expected at the mean rate up to there */
  readonly horizonMs: number;
}

/** Events expected in [nowMs, nowMs + durationMs). */
export function arrivalsIn(expected: ExpectedArrivals, nowMs: number, durationMs: number): number {
  const events = foreseenIn(expected, nowMs, durationMs);
  return drawnToUsual(expected.trust, events, durationMs);
}

function foreseenIn(expected: ExpectedArrivals, nowMs: number, durationMs: number): number {
  const { forecast, measuredPerSecond, horizonMs } = expected;
  invariant(forecast.eventsPerStep.length > 0 && forecast.stepMs > 0, 'a forecast has steps');
  const foreseenMs = Math.min(durationMs, horizonMs);
  const measuredShare =
    measuredPerSecond === undefined ? 0 : Math.min(1, Math.max(0, nowMs - forecast.fromMs) / MEASURED_MS);
  let events = 0;
  let atMs = nowMs;
  let isRunning = true;
  while (atMs < nowMs + foreseenMs) {
    const step = stepAt(forecast, atMs);
    const endMs = Math.min(nowMs + foreseenMs, forecast.fromMs + (step + 1) * forecast.stepMs);
    const forecastPerMs = loadOf(forecast, step) / forecast.stepMs;
    const measuredPerMs = isRunning ? (measuredPerSecond ?? 0) / MS_PER_SECOND : forecastPerMs;
    events += (measuredShare * measuredPerMs + (1 - measuredShare) * forecastPerMs) * (endMs - atMs);
    atMs = endMs;
    isRunning = false;
  }
  if (durationMs <= foreseenMs) return events;
  return events * (durationMs / foreseenMs);
}

function stepAt({ fromMs, stepMs }: ArrivalForecast, atMs: number): number {
  return Math.floor((atMs - fromMs) / stepMs);
}

/** Before its first step and after its last one a forecast goes on as there. */
function loadOf({ eventsPerStep }: ArrivalForecast, step: number): number {
  const load = eventsPerStep[Math.min(eventsPerStep.length - 1, Math.max(0, step))]!;
  return Math.max(0, load);
}
