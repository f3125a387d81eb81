/** What passes between the thread of an expensive model and its caller, and what an expensive model is: one function. */
import type { Forecast } from '../../forecast-models/index.ts';

export interface ModelTask {
  /** module of the model, as a URL */
  readonly module: string;
  readonly values: Float64Array;
  readonly stepSeconds: number;
  readonly seasons: readonly number[];
  readonly firstMs: number | undefined;
  readonly horizon: number;
}

export type ModelReply = { readonly forecast: Forecast } | { readonly failed: string };

/** Every expensive model's module exports this under the name `forecast`. */
export type ForecastFunction = (task: ModelTask) => Promise<Forecast>;
