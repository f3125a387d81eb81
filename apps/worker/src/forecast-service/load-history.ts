/**
 * What a forecast begins with, out of recorded load: the series of a stream, and what the query layer has told.
 * Missing stays missing.
 */
import type { FeatureColumn, Series } from '@foreshard/core/forecast-models';
import { RESOLUTIONS, type Resolution } from '@foreshard/core/forecast-service';
import type {
  InstanceRecord,
  Series as LoadedSeries,
  SeriesScope,
  TelemetryStore,
} from '@foreshard/core/telemetry';

export type TimedSeries = Series & { readonly firstMs: number };

const MINUTE_MS = 60_000;

/** The load of a place up to `toMs`, beginning with the first step that is known. */
export async function loadSeries(
  telemetry: TelemetryStore,
  scope: SeriesScope,
  resolution: Resolution,
  span: { readonly fromMs: number; readonly toMs: number },
): Promise<TimedSeries> {
  const { stepMs } = RESOLUTIONS[resolution];
  const step = resolution === '1h' ? 'hour' : 'minute';
  const series = await telemetry.series({ scope, metric: 'events', step, ...span });
  const values = inSteps(withWholeBeginning(series), stepMs / series.stepMs);
  const first = Math.max(
    0,
    values.findIndex((value) => !Number.isNaN(value)),
  );
  return {
    values: values.subarray(first),
    stepSeconds: stepMs / 1_000,
    seasons: [],
    firstMs: series.fromMs + first * stepMs,
  };
}

/** Of the first known step at least so much has to be seen to say what the rest of it was like. */
const BEGINNING_SEEN_MIN = 0.5;

/**
 * A stream begins within a step, and what it took in of that step is not what it takes in a step. The rest is taken to
 * have been like it; a beginning of which less was seen is left out. Without this a forecast made in the first hour
 * said 28/s where 1,300/s arrived.
 */
export function withWholeBeginning({ values, covered }: LoadedSeries): Float64Array {
  const first = values.findIndex((value) => !Number.isNaN(value));
  const seen = covered?.[first];
  if (seen === undefined || seen === 0 || seen >= 1) return values;
  const whole = values.slice();
  whole[first] = seen < BEGINNING_SEEN_MIN ? Number.NaN : values[first]! / seen;
  return whole;
}

/** Sums; a step of which only a part is known is taken as if the rest had been like it. */
function inSteps(values: Float64Array, per: number): Float64Array {
  if (per === 1) return values;
  return Float64Array.from({ length: Math.floor(values.length / per) }, (_, step) => {
    const known = values.subarray(step * per, (step + 1) * per).filter((value) => !Number.isNaN(value));
    return known.length === 0 ? Number.NaN : (known.reduce((sum, v) => sum + v, 0) * per) / known.length;
  });
}

/** Requests of the query layer, and how its groups scale; nothing when it tells nothing. */
export async function loadColumns(
  telemetry: TelemetryStore,
  { values, firstMs, stepSeconds }: TimedSeries,
): Promise<FeatureColumn[]> {
  const stepMs = stepSeconds * 1_000;
  const span = { fromMs: firstMs, toMs: firstMs + values.length * stepMs };
  const step = stepMs >= 60 * MINUTE_MS ? 'hour' : 'minute';
  const accesses = await telemetry.accesses({ ...span, step });
  const runs = await telemetry.instances(span);
  const columns = [
    { name: 'requests', values: inSteps(accesses.values, stepMs / accesses.stepMs) },
    ...groupColumns(runs, span.fromMs, stepMs, values.length),
  ];
  return columns.filter((column) => column.values.some((value) => value > 0));
}

function groupColumns(
  runs: readonly InstanceRecord[],
  fromMs: number,
  stepMs: number,
  steps: number,
): FeatureColumn[] {
  const running = new Float64Array(steps);
  const started = new Float64Array(steps);
  const stepOf = (ms: number) => Math.floor((ms - fromMs) / stepMs);
  for (const run of runs) {
    const first = stepOf(Date.parse(run.started));
    const last = run.stopped === undefined ? steps - 1 : stepOf(Date.parse(run.stopped));
    if (first >= 0 && first < steps) started[first]!++;
    for (let t = Math.max(0, first); t <= Math.min(last, steps - 1); t++) running[t]!++;
  }
  return [
    { name: 'instances', values: running },
    { name: 'instances-started', values: started },
  ];
}
