/**
 * The heat map as a page gets it: cells as packed numbers (a million JSON numbers would take a second to
 * parse), rows with whom they belong to now, the pattern, and the restructurings of that time.
 */

import type { ForecastStore } from '@foreshard/core/forecast-service';
import { END, formatPosition, parsePosition, type Range, range } from '@foreshard/core/keyspace';
import {
  type Heat,
  HOUR_MS,
  type HotShardlet,
  type LoadPattern,
  type PatternHints,
  patternsOf,
  type TelemetryStore,
} from '@foreshard/core/telemetry';
import type { Stream, TopologyMap, TopologyStore } from '@foreshard/core/topology';
import { TRPCError } from '@trpc/server';
import { keySharesOf } from '../hot/hot-cause.ts';
import { withForecast } from './forecast-half.ts';
import type { HeatQueryInput, ShownMetric } from './heat-query.ts';
import { type HeatMarks, marksOf } from './marks.ts';

const END_TEXT = formatPosition(END);
/** of the hottest shardlets keys are named on the axis */
const NAMED_SHARDLETS = 40;
/** of one row */
const NAMED_KEYS = 3;

export interface HeatRow {
  /** hex, half-open */
  readonly from: string;
  readonly to: string;
  /** of the leaf that covers its begin now; null: of none */
  readonly shard: number | null;
  readonly owner: string | null;
  /** ranges of shardlets in it */
  readonly segments: number;
  /** sampled keys that lie in it, the one with most events first */
  readonly keys: readonly string[];
  /** of the first key, at least; 0: no key was sampled */
  readonly keyEvents: number;
}

type BareRow = Omit<HeatRow, 'keys' | 'keyEvents'>;

export interface HeatPicture {
  readonly stream: string;
  readonly metric: ShownMetric;
  readonly unit: string;
  readonly level: Heat['level'];
  readonly fromMs: number;
  readonly columnMs: number;
  readonly columns: number;
  readonly stepsPerColumn: number;
  readonly segmentsPerRow: number;
  readonly rows: readonly HeatRow[];
  /** base64 of little-endian 32-bit floats, cell of column c and row r at c * rows + r; NaN: nothing known */
  readonly values: string;
  /** columns from this one on are forecast; null: none is */
  readonly forecastFrom: number | null;
  readonly patterns: readonly LoadPattern[];
  readonly marks: HeatMarks;
  readonly nowMs: number;
}

export interface HeatParts {
  readonly map: TopologyMap;
  readonly telemetry: TelemetryStore;
  readonly forecasts: Pick<ForecastStore, 'forecastHeat'>;
  readonly topology: Pick<TopologyStore, 'changesAfter'>;
  /** events per second of now, by shardlet: to choose the busiest stream */
  readonly eventsOf: (shardlet: number) => number;
  readonly nowMs: number;
}

export async function heatPicture(parts: HeatParts, query: HeatQueryInput): Promise<HeatPicture> {
  const { map, telemetry, nowMs } = parts;
  const stream = streamOf(parts, query.stream);
  const heat = await telemetry.heat({
    streamId: stream.id,
    metric: query.metric,
    fromMs: query.fromMs,
    toMs: query.toMs,
    columnsMax: query.columns,
    rowsMax: query.rows,
    ...(query.shard === null ? {} : { shard: query.shard }),
    ...(query.from === null || query.to === null ? {} : { range: rangeOf(query.from, query.to) }),
  });
  const busiestTime = busiestHour(heat, nowMs);
  const [half, marks, hot, recent] = await Promise.all([
    withForecast(parts.forecasts, query, stream.id, heat, nowMs),
    marksOf(parts.topology, map, stream.id, heat),
    hottestKeys(telemetry, stream.id, busiestTime),
    hottestOfLastHour(telemetry, stream.id, heat, nowMs, busiestTime),
  ]);
  return {
    stream: stream.name,
    metric: heat.metric,
    unit: heat.unit,
    level: heat.level,
    fromMs: heat.fromMs,
    columnMs: heat.columnMs,
    columns: heat.columns,
    stepsPerColumn: heat.stepsPerColumn,
    segmentsPerRow: heat.segmentsPerRow,
    rows: withKeys(rowsOf(heat, map, stream.id), hot),
    values: packed(half?.values ?? heat.values),
    forecastFrom: half?.firstColumn ?? null,
    patterns: patternsOf(observed(heat, half?.firstColumn), hintsOf([hot[0], recent[0]], heat, map)),
    marks,
    nowMs,
  };
}

/**
 * Where keys are looked at: the whole time would mean to read all of it once more. It ends now at the latest, as the
 * keys of an hour that still runs are those of its newest minutes.
 */
function busiestHour({ fromMs, columnMs, columns, rows, values }: Heat, nowMs: number) {
  let [busiest, most] = [0, Number.NEGATIVE_INFINITY];
  for (let column = 0; column < columns; column++) {
    let sum = 0;
    for (let row = 0; row < rows.length; row++) sum += values[column * rows.length + row]! || 0;
    if (sum > most) [busiest, most] = [column, sum];
  }
  const startMs = fromMs + busiest * columnMs;
  const endMs = Math.max(startMs + columnMs, Math.min(startMs + HOUR_MS, nowMs));
  return { fromMs: startMs, toMs: endMs };
}

/** None where that hour is not in the picture, or is the busiest. */
async function hottestOfLastHour(
  telemetry: Pick<TelemetryStore, 'top'>,
  streamId: number,
  { fromMs, columnMs, columns }: Heat,
  nowMs: number,
  busiest: { readonly fromMs: number; readonly toMs: number },
): Promise<readonly HotShardlet[]> {
  const [startMs, endMs] = [nowMs - HOUR_MS, fromMs + columns * columnMs];
  if (fromMs > startMs || endMs < nowMs - columnMs || busiest.toMs >= nowMs) return [];
  return telemetry.top({ streamId, metric: 'events', fromMs: startMs, toMs: nowMs, n: 1 });
}

/** Patterns are of what came, not of what is expected. */
function observed(heat: Heat, columns = heat.columns): Heat {
  return { ...heat, columns, values: heat.values.subarray(0, columns * heat.rows.length) };
}

/** REQUIRES positions as the query's schema has them: the end of the key space has one digit more. */
export function rangeOf(from: string, to: string): Range {
  return range(parsePosition(from), to === END_TEXT ? END : parsePosition(to));
}

export function streamOf(
  { map, eventsOf }: Pick<HeatParts, 'map' | 'eventsOf'>,
  name: string | null,
): Stream {
  const stream = name === null ? busiest(map, eventsOf) : map.streamNamed(name);
  if (stream === undefined)
    throw new TRPCError({
      code: 'NOT_FOUND',
      message: name === null ? 'There is no stream yet.' : `There is no stream "${name}".`,
    });
  return stream;
}

function busiest(map: TopologyMap, eventsOf: (shardlet: number) => number): Stream | undefined {
  const loadOf = ({ id }: Stream) => [...map.leaves(id)].reduce((sum, leaf) => sum + eventsOf(leaf.id), 0);
  return map
    .streams()
    .map((stream) => ({ stream, load: loadOf(stream) }))
    .sort((a, b) => b.load - a.load || a.stream.id - b.stream.id)[0]?.stream;
}

/** Rows and leaves are both in order of position: one walk over both. */
export function rowsOf(heat: Heat, map: TopologyMap, stream: number): BareRow[] {
  const leaves = [...map.leaves(stream)].sort(
    (a, b) => a.range.from.hi - b.range.from.hi || a.range.from.lo - b.range.from.lo,
  );
  let at = 0;
  return heat.rows.map(({ from, to, segments }) => {
    while (at + 1 < leaves.length && !isAbove(leaves[at + 1]!.range.from, from)) at++;
    const leaf = leaves[at];
    return {
      from: formatPosition(from),
      to: formatPosition(to),
      shard: leaf?.shard ?? null,
      owner: leaf === undefined ? null : (map.host(leaf.owner)?.name ?? `#${leaf.owner}`),
      segments,
    };
  });
}

function isAbove(a: Range['from'], b: Range['from']): boolean {
  return a.hi > b.hi || (a.hi === b.hi && a.lo > b.lo);
}

/** The hottest shardlets of a time with their keys, the hottest first. */
export function hottestKeys(
  telemetry: Pick<TelemetryStore, 'top'>,
  streamId: number,
  window: { readonly fromMs: number; readonly toMs: number },
): Promise<readonly HotShardlet[]> {
  return telemetry.top({ streamId, metric: 'events', ...window, n: NAMED_SHARDLETS });
}

/** Keys where they lie: a key has one position, so it names one row and says nothing about the rows beside it. */
export function withKeys(rows: readonly BareRow[], hot: readonly HotShardlet[]): HeatRow[] {
  const named = new Map<number, { keys: string[]; keyEvents: number }>();
  const sampled = hot
    .flatMap(({ keys: { topKeys } }) => topKeys)
    .filter((top): top is typeof top & { key: string } => top.key !== undefined)
    .sort((a, b) => b.events - a.events || a.keyHash - b.keyHash);
  for (const { key, keyHash, events } of sampled) {
    const at = rowOf(rows, formatPosition({ hi: keyHash, lo: 0 }));
    if (at === undefined) continue;
    const known = named.get(at);
    if (known === undefined) named.set(at, { keys: [key], keyEvents: events });
    else if (known.keys.length < NAMED_KEYS && !known.keys.includes(key)) known.keys.push(key);
  }
  return rows.map((row, at) => ({ ...row, ...(named.get(at) ?? { keys: [], keyEvents: 0 }) }));
}

/** Undefined: outside of what is shown. */
function rowOf(rows: readonly BareRow[], position: string): number | undefined {
  let [low, high] = [0, rows.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (rows[middle]!.from <= position) low = middle + 1;
    else high = middle;
  }
  const { to } = rows[low - 1] ?? { to: '' };
  // the end of the key space has one digit more than all before it
  return to > position || to === END_TEXT ? low - 1 : undefined;
}

/**
 * Of the hottest shardlet in the busiest hour or in the last one, whichever stands out more: what the page of hot
 * shardlets says of this hour must not be "even" here.
 */
function hintsOf(
  hottest: readonly (HotShardlet | undefined)[],
  { rows }: Heat,
  map: TopologyMap,
): PatternHints {
  const hints = hottest.flatMap((hot) => (hot === undefined ? [] : [hintOf(hot, rows, map)]));
  hints.sort((a, b) => (b.hottest?.times ?? 0) - (a.hottest?.times ?? 0));
  return hints[0] ?? {};
}

function hintOf(hot: HotShardlet, rows: Heat['rows'], map: TopologyMap): PatternHints {
  const { share } = hot;
  const topKeyShare = keySharesOf(hot)?.top;
  const shardlet = map.shardlet(hot.shardlet);
  const leaves = shardlet === undefined ? 0 : [...map.leaves(shardlet.stream)].length;
  const inside =
    shardlet === undefined ? [] : [...rows.keys()].filter((at) => isWithin(rows[at]!, shardlet.range));
  return {
    ...(topKeyShare === undefined ? {} : { topKeyShare }),
    ...(inside.length === 0 || !Number.isFinite(share)
      ? {}
      : { hottest: { rows: { first: inside[0]!, last: inside.at(-1)! }, share, times: share * leaves } }),
  };
}

function isWithin(row: Heat['rows'][number], { from, to }: Range): boolean {
  return !isAbove(from, row.from) && isAbove(to, row.from);
}

export function packed(values: Float32Array): string {
  return Buffer.from(values.buffer, values.byteOffset, values.byteLength).toString('base64');
}
