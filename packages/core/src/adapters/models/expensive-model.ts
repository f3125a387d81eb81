/** The expensive models by name, each in a thread of its own. */
import { ThreadedModel } from './threaded-model.ts';

export const EXPENSIVE_MODEL_NAMES = ['mstl', 'arima', 'prophet', 'lstm'] as const;
export type ExpensiveModelName = (typeof EXPENSIVE_MODEL_NAMES)[number];

/** time a fit may take; the slowest, the network without native code, needs ten seconds on a busy machine */
export const MODEL_LIMIT_MS = 60_000;

const PERIODS: Record<ExpensiveModelName, number> = { mstl: 2, arima: 3, prophet: 2, lstm: 4 };

export function expensiveModel(name: ExpensiveModelName): ThreadedModel {
  return new ThreadedModel(name, new URL(`./${name}.ts`, import.meta.url), PERIODS[name]);
}
