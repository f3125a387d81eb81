/**
 * Forecasts as the service would have made them: at every step from what was known before it, fitted again every hour.
 */

import { FIRST_FORECAST_TRUST, type ForecastTrust, learnStep } from '@foreshard/core/checkpointing';
import {
  AUTO_MODELS,
  detectSeasons,
  type Forecaster,
  forecastFrom,
  type Selection,
  select,
} from '@foreshard/core/forecast-models';
import { RESOLUTIONS } from '@foreshard/core/forecast-service';
import type { ArrivalTrace } from './arrival-traces.ts';

const FIT_MINUTES = 60;
/** a fit of steps longer than the service's own */
const LONG_STEP_FIT_MINUTES = 360;
const MINUTES_PER_WEEK = 10_080;
const LONG_STEP_WEEKS = 4;
/** of a forecast; a recovery is shorter */
const STEPS_KEPT = 13;

export interface StepForecasts {
  readonly stepMinutes: number;
  /** the first step that is forecast */
  readonly fromStep: number;
  /** [step - fromStep]: expected arrivals of that step and those after it */
  readonly byStep: readonly Float64Array[];
}

interface Fit {
  readonly selection: Selection;
  readonly fromStep: number;
}

export function stepForecasts(
  trace: ArrivalTrace,
  fromStep: number,
  models: readonly Forecaster[] = AUTO_MODELS,
): StepForecasts {
  const { stepMinutes } = trace;
  const values = stepsOf(trace);
  const { horizon } = RESOLUTIONS['5m'];
  const stepsPerFit = stepMinutes <= 5 ? FIT_MINUTES / stepMinutes : LONG_STEP_FIT_MINUTES / stepMinutes;
  let fit: Fit | undefined;
  const byStep: Float64Array[] = [];
  for (let origin = fromStep; origin < values.length; origin++) {
    if (fit === undefined || (origin - fromStep) % stepsPerFit === 0)
      fit = fitAt(origin, values, stepMinutes, models);
    const { selection } = fit;
    const { point } = forecastFrom(selection, values.subarray(fit.fromStep, origin), horizon);
    byStep.push(point.slice(0, STEPS_KEPT).map((value) => Math.max(0, value)));
  }
  return { stepMinutes, fromStep, byStep };
}

/** The truth in place of a forecast: what the rule could reach at best. */
export function trueSteps(trace: ArrivalTrace, fromStep: number): StepForecasts {
  const values = stepsOf(trace).map((value) => (Number.isNaN(value) ? 0 : value));
  const byStep = Array.from({ length: values.length - fromStep }, (_, i) =>
    values.slice(fromStep + i, fromStep + i + STEPS_KEPT),
  );
  return { stepMinutes: trace.stepMinutes, fromStep, byStep };
}

/** The step before in place of every forecast: what a rule without forecasts would go by. */
export function lastSteps(trace: ArrivalTrace, fromStep: number): StepForecasts {
  const values = stepsOf(trace).map((value) => (Number.isNaN(value) ? 0 : value));
  const byStep = Array.from({ length: values.length - fromStep }, (_, i) =>
    values.slice(fromStep + i - 1, fromStep + i),
  );
  return { stepMinutes: trace.stepMinutes, fromStep, byStep };
}

/** [step - firstStep]: what the steps before it have shown of the forecasts. */
export function trustByStep(
  trace: ArrivalTrace,
  forecasts: StepForecasts,
  firstStep: number,
): ForecastTrust[] {
  const values = stepsOf(trace);
  const { fromStep, byStep, stepMinutes } = forecasts;
  const result: ForecastTrust[] = [];
  let trust = FIRST_FORECAST_TRUST;
  for (let step = fromStep; step < values.length; step++) {
    if (step >= firstStep) result.push(trust);
    const events = values[step]!;
    if (Number.isNaN(events)) continue;
    const forecastEvents = byStep[step - fromStep]![0]!;
    trust = learnStep(trust, { stepMs: stepMinutes * 60_000, events, forecastEvents });
  }
  return result;
}

export function stepsOf({ perMinute, stepMinutes }: ArrivalTrace): Float64Array {
  return Float64Array.from({ length: Math.floor(perMinute.length / stepMinutes) }, (_, step) =>
    perMinute.subarray(step * stepMinutes, (step + 1) * stepMinutes).reduce((sum, value) => sum + value, 0),
  );
}

function fitAt(
  origin: number,
  values: Float64Array,
  stepMinutes: number,
  models: readonly Forecaster[],
): Fit {
  const { horizon } = RESOLUTIONS['5m'];
  const weeks = stepMinutes <= 5 ? 1 : LONG_STEP_WEEKS;
  const fromStep = Math.max(0, origin - (weeks * MINUTES_PER_WEEK) / stepMinutes);
  const known = values.subarray(fromStep, origin);
  const stepSeconds = stepMinutes * 60;
  const seasons = detectSeasons(known, stepSeconds).map(({ steps }) => steps);
  return { selection: select(models, { values: known, stepSeconds, seasons }, horizon), fromStep };
}
