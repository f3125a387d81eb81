/** How much past an expensive model is shown: its time grows faster than what it learns from more. */
import type { ModelTask } from './model-task.ts';

/** at least four of the longest season, so that each slot is seen several times */
const SEASONS_SHOWN = 4;

export function recentOf({ values, seasons }: ModelTask, stepsMax: number): Float64Array {
  const wanted = Math.max(
    Math.min(stepsMax, values.length),
    Math.min(SEASONS_SHOWN * (seasons.at(-1) ?? 0), 4 * stepsMax),
  );
  return values.subarray(Math.max(0, values.length - wanted));
}

/** Half of the width of a normal interval as a mean absolute error. */
export function spreadFrom(halfWidth: number, normalQuantile: number): number {
  return (Math.sqrt(2 / Math.PI) * halfWidth) / normalQuantile;
}
