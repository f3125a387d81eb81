/**
 * What a forecast begins with, out of recorded load: the series of a stream, the loads of its shardlets with the
 * past of their ranges, and what the query layer has told. Missing stays missing.
 */
import type { FeatureColumn, Series } from '@foreshard/core/forecast-models';
import { RESOLUTIONS, type Resolution, type ShardletLoads } from '@foreshard/core/forecast-service';
import { comparePositions, type Range } from '@foreshard/core/keyspace';
import type { Heat, InstanceRecord, SeriesScope, TelemetryStore } from '@foreshard/core/telemetry';
import { isLeaf, type Shardlet, type TopologyMap } from '@foreshard/core/topology';

export type TimedSeries = Series & { readonly firstMs: number };

const MINUTE_MS = 60_000;
/** rows of the picture: boundaries of all shardlets that ever were, so more than there are shardlets now */
const ROWS_MAX = 60_000;
const KEY_HASHES = 2 ** 32;

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
  const values = inSteps(series.values, stepMs / series.stepMs);
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

/** Sums; a step of which only a part is known is taken as if the rest had been like it. */
function inSteps(values: Float64Array, per: number): Float64Array {
  if (per === 1) return values;
  return Float64Array.from({ length: Math.floor(values.length / per) }, (_, step) => {
    const known = values.subarray(step * per, (step + 1) * per).filter((value) => !Number.isNaN(value));
    return known.length === 0 ? Number.NaN : (known.reduce((sum, v) => sum + v, 0) * per) / known.length;
  });
}

/** Of every leaf, whoever covered its range then. */
export async function loadShardlets(
  telemetry: TelemetryStore,
  map: TopologyMap,
  streamId: number,
  resolution: Resolution,
  toMs: number,
  spanMs: number = RESOLUTIONS[resolution].sharesMs,
): Promise<ShardletLoads[]> {
  const { stepMs } = RESOLUTIONS[resolution];
  const heat = await telemetry.heat({
    streamId,
    metric: 'events',
    fromMs: toMs - spanMs,
    toMs,
    columnsMax: spanMs / stepMs,
    rowsMax: ROWS_MAX,
  });
  const leaves = [...map.leaves(streamId)]
    .filter(isLeaf)
    .sort((a, b) => comparePositions(a.range.from, b.range.from));
  return laidOver(heat, leaves);
}

/** Rows and leaves are both in order: one walk over both. */
function laidOver(heat: Heat, leaves: readonly Shardlet[]): ShardletLoads[] {
  const rows = heat.rows.length;
  const seconds = heat.columnMs / 1_000;
  let row = 0;
  return leaves.map(({ id, range }) => {
    const loads = new Float64Array(heat.columns);
    while (row < rows && comparePositions(heat.rows[row]!.to, range.from) <= 0) row++;
    for (; row < rows && comparePositions(heat.rows[row]!.to, range.to) <= 0; row++)
      for (let column = 0; column < heat.columns; column++)
        loads[column]! += heat.values[column * rows + row]! * seconds;
    return { id, width: widthOf(range), loads };
  });
}

function widthOf({ from, to }: Range): number {
  return (to.hi - from.hi + (to.lo - from.lo) / KEY_HASHES) / KEY_HASHES;
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
