/** A planted expensive model that knows what will come, and the load of the tests. */
import type { Forecast } from '@foreshard/core/forecast-models';

const HOUR_MS = 3_600_000;

interface Task {
  readonly values: Float64Array;
  readonly firstMs: number;
  readonly stepSeconds: number;
  readonly horizon: number;
}

export async function forecast({ values, firstMs, stepSeconds, horizon }: Task): Promise<Forecast> {
  const stepMs = stepSeconds * 1_000;
  const point = Float64Array.from({ length: horizon }, (_, h) => {
    const ms = firstMs + (values.length + h) * stepMs;
    return (loadAt(Math.floor(ms / HOUR_MS) * HOUR_MS) * stepMs) / HOUR_MS;
  });
  return { point, spread: new Float64Array(horizon).fill(1) };
}

/** Events of an hour: a day with a peak in the afternoon. */
export function loadAt(ms: number): number {
  const hour = (ms / HOUR_MS) % 24;
  const noise = (ms / HOUR_MS) * 7_919;
  return Math.round(10_000 + 6_000 * Math.sin((2 * Math.PI * (hour - 9)) / 24) + (noise % 400));
}
