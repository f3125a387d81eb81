/**
 * The heat map's matrix: load over time and key position, made to the size of the picture. Counts become
 * averages per second of the time that was observed; where nothing was observed a cell is NaN, not 0.
 */
import { type Range, range, WHOLE } from '../keyspace/index.ts';
import type { Shardlet, TopologyMap } from '../topology/index.ts';
import type { Level } from './levels.ts';
import { describeMetric, type Metric, metricValue } from './metric.ts';
import type { Observation, ObservedPart } from './observation.ts';
import { type Laying, placeOf, RowIndex, type RowRange, rowsOver } from './positions.ts';

export interface HeatQuery {
  readonly streamId: number;
  readonly metric: Metric;
  readonly fromMs: number;
  readonly toMs: number;
  readonly columnsMax: number;
  readonly rowsMax: number;
  /** only these positions */
  readonly range?: Range;
  /** only this shard */
  readonly shard?: number;
}

export interface Heat {
  readonly metric: Metric;
  /** of the values: `events/s`, `bytes/s`, `us`, `keys` */
  readonly unit: string;
  readonly level: Level;
  /** start of the first column */
  readonly fromMs: number;
  readonly columnMs: number;
  readonly columns: number;
  readonly rows: readonly RowRange[];
  /** cell of column c and row r at `c * rows.length + r`; NaN where nothing is known */
  readonly values: Float32Array;
  /** steps of the level in one column; 1: nothing was merged */
  readonly stepsPerColumn: number;
  /** most ranges of shardlets in one row; 1: nothing was merged */
  readonly segmentsPerRow: number;
}

export function heatOf(query: HeatQuery, level: Level, seen: Observation, map: TopologyMap): Heat {
  const shardlets = [...map.shardlets(query.streamId)].filter(
    (s) => query.shard === undefined || s.shard === query.shard,
  );
  const rows = rowsOver(drawn(shardlets, seen), query.range ?? extent(shardlets), query.rowsMax);
  const stepsPerColumn = Math.max(1, Math.ceil(seen.steps / Math.max(1, query.columnsMax)));
  const columns = Math.ceil(seen.steps / stepsPerColumn);
  const layings = layAll(shardlets, rows);
  const { merging } = describeMetric(query.metric);
  const frame: Frame = { metric: query.metric, columns, rows: rows.length, stepsPerColumn, seen, layings };
  return {
    metric: query.metric,
    unit: heatUnit(query.metric),
    level,
    fromMs: seen.fromMs,
    columnMs: stepsPerColumn * seen.stepMs,
    columns,
    rows,
    values: merging === 'sum' ? rates(frame) : peaks(frame),
    stepsPerColumn,
    segmentsPerRow: rows.reduce((most, row) => Math.max(most, row.segments), 1),
  };
}

export function heatUnit(metric: Metric): string {
  const { unit, merging } = describeMetric(metric);
  return merging === 'sum' ? `${unit}/s` : unit;
}

/** Those that are used now or have load in the picture: old ones would only cut rows. */
function drawn(shardlets: readonly Shardlet[], seen: Observation): Shardlet[] {
  const ids = new Set<number>();
  for (const part of seen.parts) for (const id of part.ids) ids.add(id);
  return shardlets.filter((s) =>
    s.state.kind !== 'gone' && s.state.kind !== 'closed' ? true : ids.has(s.id),
  );
}

function extent(shardlets: readonly Shardlet[]): Range {
  if (shardlets.length === 0) return WHOLE;
  let { from, to } = shardlets[0]!.range;
  for (const { range: r } of shardlets) {
    if (placeOf(r.from) < placeOf(from)) from = r.from;
    if (placeOf(r.to) > placeOf(to)) to = r.to;
  }
  return range(from, to);
}

function layAll(shardlets: readonly Shardlet[], rows: readonly Range[]): Map<number, Laying> {
  const index = new RowIndex(rows);
  const layings = new Map<number, Laying>();
  for (const { id, range: r } of shardlets) {
    const laying = index.lay(r);
    if (laying !== undefined) layings.set(id, laying);
  }
  return layings;
}

interface Frame {
  readonly metric: Metric;
  readonly columns: number;
  readonly rows: number;
  readonly stepsPerColumn: number;
  readonly seen: Observation;
  readonly layings: ReadonlyMap<number, Laying>;
}

/** Counts, as averages per observed second. */
function rates({ columns, rows, stepsPerColumn, seen, layings }: Frame): Float32Array {
  // row by row: the steps of a shardlet lie side by side, and a hundred thousand of them are added up in half the time
  const sums = new Float64Array(columns * rows);
  for (const { ids, codes, slots, firstStep } of seen.parts) {
    const first = Math.max(0, -firstStep);
    const last = Math.min(slots, seen.steps - firstStep);
    for (let i = 0; i < ids.length; i++) {
      const laying = layings.get(ids[i]!);
      if (laying === undefined) continue;
      for (let k = 0; k < laying.shares.length; k++) {
        const share = laying.shares[k]!;
        const row = (laying.firstRow + k) * columns;
        for (let slot = first; slot < last; slot++)
          sums[row + Math.floor((firstStep + slot) / stepsPerColumn)]! += codes[i * slots + slot]! * share;
      }
    }
  }
  const seconds = observedSeconds(seen, columns, stepsPerColumn);
  const values = new Float32Array(columns * rows);
  for (let column = 0; column < columns; column++) {
    const observed = seconds[column]!;
    for (let row = 0; row < rows; row++)
      values[column * rows + row] = observed === 0 ? Number.NaN : sums[row * columns + column]! / observed;
  }
  return values;
}

function observedSeconds(seen: Observation, columns: number, stepsPerColumn: number): Float64Array {
  const seconds = new Float64Array(columns);
  seen.covered.forEach((share, step) => {
    seconds[Math.floor(step / stepsPerColumn)]! += (share * seen.stepMs) / 1_000;
  });
  return seconds;
}

/**
 * The highest of the merged steps. Within a step, shardlets in one row have different keys, which add up;
 * of their latencies the highest is shown.
 */
function peaks(frame: Frame): Float32Array {
  const { columns, rows, stepsPerColumn, seen, metric } = frame;
  const values = new Float32Array(columns * rows).fill(Number.NaN);
  const addsUp = metric === 'distinctKeys';
  if (addsUp)
    seen.covered.forEach((share, step) => {
      if (share > 0)
        values.fill(
          0,
          Math.floor(step / stepsPerColumn) * rows,
          (Math.floor(step / stepsPerColumn) + 1) * rows,
        );
    });
  for (const part of seen.parts)
    for (let slot = 0; slot < part.slots; slot++) {
      const step = part.firstStep + slot;
      if (step < 0 || step >= seen.steps) continue;
      const row = rowOfStep(frame, part, slot, addsUp);
      const at = Math.floor(step / stepsPerColumn) * rows;
      for (let r = 0; r < rows; r++) {
        const value = row[r]!;
        if (!Number.isNaN(value) && !(values[at + r]! >= value)) values[at + r] = value;
      }
    }
  return values;
}

function rowOfStep(
  { metric, rows, layings }: Frame,
  part: ObservedPart,
  slot: number,
  addsUp: boolean,
): Float64Array {
  const row = new Float64Array(rows).fill(Number.NaN);
  const { ids, codes, slots } = part;
  for (let i = 0; i < ids.length; i++) {
    const code = codes[i * slots + slot]!;
    const laying = code === 0 ? undefined : layings.get(ids[i]!);
    if (laying === undefined) continue;
    const value = metricValue(metric, code);
    for (let k = 0; k < laying.shares.length; k++) {
      const at = laying.firstRow + k;
      const before = row[at]!;
      if (addsUp) row[at] = (Number.isNaN(before) ? 0 : before) + value * laying.shares[k]!;
      else if (!(before >= value)) row[at] = value;
    }
  }
  return row;
}
