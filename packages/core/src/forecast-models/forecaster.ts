/**
 * The one interface of all models. A model is fitted on the past and then asked for forecasts from any later
 * origin, so that a rolling back-test and the serving of 10,000 shardlets need no new fit per origin.
 */
import type { Series } from './series.ts';

export interface Forecast {
  /** one value per step ahead */
  readonly point: Float64Array;
  /** typical absolute error per step ahead as the model knows it from its past; what calibration starts from */
  readonly spread: Float64Array;
  /** steps since the load came to its level, where that is watched and ever changed (see level.ts) */
  readonly levelAge?: number | undefined;
}

export interface Fitted {
  /** REQUIRES: `history` begins where the series of the fit began, and may go on after it. */
  forecast(history: Float64Array, horizon: number): Forecast;
  /** what the registry keeps beside the model */
  readonly parameters: Readonly<Record<string, unknown>>;
}

export interface Forecaster {
  readonly name: string;
  /** cheap models always take part in a selection; expensive ones only where their budget allows */
  readonly cost: 'cheap' | 'expensive';
  /** fewer steps than this cannot be fitted */
  shortest(series: Series, horizon: number): number;
  fit(series: Series, horizon: number): Fitted;
}

/** A model that runs elsewhere (a thread, a process) or loads lazily. */
export interface RemoteForecaster {
  readonly name: string;
  readonly cost: 'expensive';
  shortest(series: Series, horizon: number): number;
  /** the forecast from the end of the series, or a rejection that says why there is none */
  forecast(series: Series, horizon: number, limitMs: number): Promise<Forecast>;
}

/** Why a model takes no part, as data for the console. */
export interface Unfit {
  readonly model: string;
  readonly reason: string;
}
