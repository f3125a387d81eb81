/**
 * Questions about the future, for the console and for plans: the load of a place with quantiles, the shardlets that
 * will have the most, the forecast half of the heat map, and how probable an access is. Answers come from what the
 * worker has forecast, laid over the positions of the map of now, with the hints of now in them.
 */
import type { Hint, HintStore } from '../hints/index.ts';
import { occurrences } from '../hints/index.ts';
import type { Range } from '../keyspace/index.ts';
import { WHOLE } from '../keyspace/index.ts';
import {
  type BlockReader,
  type Heat,
  type HeatQuery,
  heatUnit,
  RowIndex,
  readKeys,
  rowsOver,
  type SeriesScope,
  type ShardletKeys,
  shareIn,
  type TelemetryStore,
} from '../telemetry/index.ts';
import type { Shardlet, TopologyMap } from '../topology/index.ts';
import { ForecastRows } from './forecast-rows.ts';
import { type HintPart, hintedLoads, partsOf } from './hinted.ts';
import {
  baselineAt,
  loadsAt,
  type PlaceForecast,
  placed,
  scaleOf,
  spreadAt,
  stepAt,
  sumOf,
} from './place-forecast.ts';
import { expectedAccesses, fromForecast, probabilityBelow } from './probability.ts';
import { residualOf } from './residual.ts';
import { RESOLUTIONS, type Resolution, resolutionFor } from './resolution.ts';
import type { ForecastRecords } from './stores.ts';
import { endMs, isYoung, LEVELS, type StreamForecast } from './stream-forecast.ts';

export interface ForecastParts {
  readonly records: Pick<ForecastRecords, 'latest' | 'between'>;
  readonly hints: Pick<HintStore, 'list'>;
  readonly telemetry: TelemetryStore;
  readonly blocks: BlockReader;
  readonly map: () => TopologyMap;
  readonly nowMs: () => number;
}

export interface RankedShardlet {
  readonly shardlet: number;
  readonly rank: number;
  readonly stepMs: number;
  /** events in the step */
  readonly expected: number;
  /** with probability .9 it is below this */
  readonly p90: number;
  /** probability that it has more than the first that is not in the list */
  readonly confidence: number;
}

/** Of one shardlet; undefined: it is not of this stream. */
export type ArrivalsAhead = (
  shardlet: number,
) =>
  | { readonly fromMs: number; readonly stepMs: number; readonly eventsPerStep: readonly number[] }
  | undefined;

export interface ForeseenStep {
  readonly atMs: number;
  /** by shardlet */
  readonly loads: ReadonlyMap<number, number>;
}

export interface MadeQuery {
  readonly streamId: number;
  readonly resolution: Resolution;
  readonly shardlets: readonly number[];
  readonly fromMs: number;
  readonly toMs: number;
  readonly steps: number;
}

export interface MadeForecast {
  /** begin of the first step */
  readonly fromMs: number;
  readonly stepMs: number;
  /** in each step, by shardlet */
  readonly events: ReadonlyMap<number, Float64Array>;
}

export interface ForecastHeatQuery extends Omit<HeatQuery, 'metric'> {
  /** what was or is forecast; or what came less what was forecast one step ahead */
  readonly show: 'forecast' | 'residual';
}

/** finer than any forecast, so that what came is never merged over the edge of a column or far over that of a row */
const ACTUAL_COLUMNS_MAX = 20_000;
const ACTUAL_ROWS_MAX = 2_000;
/** what keys and types are known by */
const KEYS_WINDOW_MS = 86_400_000;

export class ForecastStore {
  private readonly parts: ForecastParts;

  constructor(parts: ForecastParts) {
    this.parts = parts;
  }

  /** Undefined while nothing was forecast. */
  async forecastOf(query: {
    readonly scope: SeriesScope;
    readonly horizonMs: number;
    readonly resolution?: Resolution;
  }): Promise<PlaceForecast | undefined> {
    const { scope, horizonMs } = query;
    const streamId = this.streamOf(scope);
    if (streamId === undefined) return undefined;
    const { resolution } = query;
    const kept =
      resolution === undefined
        ? await this.latestReaching(streamId, resolutionFor(horizonMs))
        : await this.parts.records.latest(streamId, resolution);
    if (kept === undefined) return undefined;
    const hints = await this.hintsOf(streamId, kept.originMs, endMs(kept));
    return placed(kept, this.sharesIn(scope, kept), hints, this.stepsTo(kept, horizonMs));
  }

  /**
   * What is expected of any shardlet of a stream, hints included: the points that `forecastOf` answers, from one reading
   * for all of them. Undefined while nothing was forecast.
   */
  async arrivalsAhead(streamId: number, horizonMs: number): Promise<ArrivalsAhead | undefined> {
    const kept = await this.latestReaching(streamId, resolutionFor(horizonMs));
    if (kept === undefined) return undefined;
    const { stepMs } = RESOLUTIONS[kept.resolution];
    const hints = await this.hintsOf(streamId, kept.originMs, endMs(kept));
    const loads = Array.from(
      { length: this.stepsTo(kept, horizonMs) },
      (_, h) => loadsAt(kept, kept.originMs + h * stepMs, hints)!,
    );
    return (shardlet) => {
      const scope = { kind: 'shardlet', shardlet } as const;
      if (this.streamOf(scope) !== streamId) return undefined;
      const shares = kept.shares.has(shardlet) ? new Map([[shardlet, 1]]) : this.sharesIn(scope, kept);
      const eventsPerStep = loads.map((load, h) => sumOf(load, shares) * scaleOf(kept, shares, h));
      return { fromMs: kept.originMs, stepMs, eventsPerStep };
    };
  }

  /** The shardlets that will have the most load in the step around `atMs`. */
  async ranking({
    streamId,
    atMs,
    n,
  }: {
    readonly streamId: number;
    readonly atMs: number;
    readonly n: number;
  }): Promise<RankedShardlet[]> {
    const kept = await this.latestAround(streamId, atMs);
    if (kept === undefined) return [];
    const { stepMs } = RESOLUTIONS[kept.resolution];
    const step = Math.floor((atMs - kept.originMs) / stepMs);
    if (step < 0 || step >= kept.total.point.length) return [];
    const hints = await this.hintsOf(streamId, kept.originMs, endMs(kept));
    const loads = hintedLoads(
      { fromMs: kept.originMs + step * stepMs, stepMs },
      baselineAt(kept, step),
      hints,
    );
    const sorted = [...loads].sort(([a, x], [b, y]) => y - x || a - b);
    const threshold = sorted[n]?.[1] ?? 0;
    return sorted.slice(0, n).map(([shardlet, expected], i) => {
      const spread = spreadAt(kept, shardlet, step, expected);
      const table = kept.calibrated.parts[step]!;
      const at = (level: number) => Math.max(0, expected + spread * table[LEVELS.indexOf(level as never)]!);
      const confidence = 1 - probabilityBelow(threshold, expected, spread, table);
      return { shardlet, rank: i + 1, stepMs, expected, p90: at(0.9), confidence };
    });
  }

  /**
   * What every shardlet will have around `atMs`, events a second by level; empty where nothing was forecast.
   * `sureOnly`: also where so little was known that the levels are guesses.
   */
  async loadsAhead(
    streamId: number,
    atMs: number,
    { sureOnly = false }: { readonly sureOnly?: boolean } = {},
  ): Promise<Map<number, Readonly<Record<string, number>>>> {
    const kept = await this.latestAround(streamId, atMs);
    if (kept === undefined || (sureOnly && isYoung(kept))) return new Map();
    const { stepMs } = RESOLUTIONS[kept.resolution];
    const step = Math.floor((atMs - kept.originMs) / stepMs);
    const fromMs = kept.originMs + step * stepMs;
    const hints = await this.hintsOf(streamId, fromMs, fromMs + stepMs);
    const loads = loadsAt(kept, fromMs, hints) ?? new Map<number, number>();
    const table = kept.calibrated.parts[step]!;
    return new Map(
      [...loads].map(([id, expected]) => {
        const spread = spreadAt(kept, id, step, expected);
        const quantiles = LEVELS.map((level, i) => [
          String(level),
          (Math.max(0, expected + spread * table[i]!) * 1_000) / stepMs,
        ]);
        return [id, Object.fromEntries(quantiles)];
      }),
    );
  }

  /** Events of each shardlet as they were forecast one step of five minutes ahead, for the steps in [fromMs, toMs). */
  async foreseen(streamId: number, fromMs: number, toMs: number): Promise<ForeseenStep[]> {
    const made = await this.parts.records.between(streamId, '5m', fromMs, toMs);
    const hints = await this.hintsOf(streamId, fromMs, toMs);
    return made.map((kept) => ({ atMs: kept.originMs, loads: loadsAt(kept, kept.originMs, hints)! }));
  }

  /** What was forecast for these shardlets at each origin in [fromMs, toMs), `steps` ahead; whoever had their ranges then. */
  async madeFor(query: MadeQuery): Promise<MadeForecast[]> {
    const { streamId, resolution, shardlets, steps } = query;
    const { stepMs } = RESOLUTIONS[resolution];
    const made = await this.parts.records.between(streamId, resolution, query.fromMs, query.toMs);
    const hints = await this.hintsOf(streamId, query.fromMs, query.toMs + steps * stepMs);
    const shares = new Map<number, ReadonlyMap<number, number>>();
    return made.map((kept) => {
      const reach = Math.min(steps, kept.total.point.length);
      for (const id of shardlets) shares.set(id, this.sharesOf(id, kept, shares.get(id)));
      const events = new Map(shardlets.map((id) => [id, new Float64Array(reach)]));
      for (let step = 0; step < reach; step++) {
        const load = loadAt(kept, step, hints);
        for (const id of shardlets)
          for (const [of, share] of shares.get(id)!) events.get(id)![step]! += share * load(of);
      }
      return { fromMs: kept.originMs, stepMs, events };
    });
  }

  /** Cells of the forecast, in the shape of the telemetry's heat map. */
  async forecastHeat(query: ForecastHeatQuery): Promise<Heat | undefined> {
    const { streamId } = query;
    const wanted: Resolution = query.toMs - query.fromMs <= 4 * 3_600_000 ? '5m' : '1h';
    const latest = await this.latestReaching(streamId, wanted);
    if (latest === undefined) return undefined;
    const { resolution } = latest;
    const { stepMs } = RESOLUTIONS[resolution];
    const fromMs = Math.floor(query.fromMs / stepMs) * stepMs;
    const steps = Math.max(0, Math.ceil((query.toMs - fromMs) / stepMs));
    const made = await this.parts.records.between(streamId, resolution, fromMs, query.toMs);
    const map = this.parts.map();
    const ids = new Set([...latest.shares.keys()]);
    const shardlets = [...map.shardlets(streamId)].filter(
      (s) => (query.shard === undefined || s.shard === query.shard) && ids.has(s.id),
    );
    const rows = rowsOver(shardlets, query.range ?? extentOf(shardlets), query.rowsMax);
    const laying = new ForecastRows(map, new RowIndex(rows), rows.length);
    const hints = await this.hintsOf(streamId, fromMs, query.toMs);
    const stepsPerColumn = Math.max(1, Math.ceil(steps / Math.max(1, query.columnsMax)));
    const columns = Math.ceil(steps / stepsPerColumn);
    const sums = new Float64Array(columns * rows.length);
    const counts = new Float64Array(columns);
    const byOrigin = new Map(made.map((one) => [one.originMs, one]));
    for (let step = 0; step < steps; step++) {
      const atMs = fromMs + step * stepMs;
      const laid = rowsAt(laying, byOrigin.get(atMs) ?? latest, atMs, hints);
      if (laid === undefined) continue;
      const column = Math.floor(step / stepsPerColumn);
      counts[column]!++;
      for (const [row, load] of laid.entries()) sums[column * rows.length + row]! += load;
    }
    const values = Float32Array.from(sums, (sum, i) => {
      const count = counts[Math.floor(i / rows.length)]!;
      return count === 0 ? Number.NaN : (sum * 1_000) / (count * stepMs);
    });
    const heat: Heat = {
      metric: 'events',
      unit: heatUnit('events'),
      level: resolution === '1h' ? 'hour' : 'minute',
      fromMs,
      columnMs: stepsPerColumn * stepMs,
      columns,
      rows,
      values,
      stepsPerColumn,
      segmentsPerRow: rows.reduce((most, row) => Math.max(most, row.segments), 1),
    };
    return query.show === 'forecast' ? heat : this.residual(query, heat);
  }

  private async residual(query: ForecastHeatQuery, forecast: Heat): Promise<Heat> {
    const toMs = Math.min(forecast.fromMs + forecast.columns * forecast.columnMs, this.parts.nowMs());
    if (toMs <= forecast.fromMs || forecast.rows.length === 0)
      return { ...forecast, values: forecast.values.slice().fill(Number.NaN) };
    const actual = await this.parts.telemetry.heat({
      streamId: query.streamId,
      metric: 'events',
      fromMs: forecast.fromMs,
      toMs,
      columnsMax: ACTUAL_COLUMNS_MAX,
      rowsMax: ACTUAL_ROWS_MAX,
      range: { from: forecast.rows[0]!.from, to: forecast.rows.at(-1)!.to },
      ...(query.shard === undefined ? {} : { shard: query.shard }),
    });
    return residualOf(forecast, actual);
  }

  /** Probability of at least one event of a shardlet, or access to a target, within the horizon. */
  async probability(query: {
    readonly horizonMs: number;
    readonly shardlet?: number;
    readonly target?: { readonly kind: 'key' | 'metric'; readonly name: string };
  }): Promise<{ readonly probability: number; readonly expected: number } | undefined> {
    if (query.shardlet !== undefined) {
      const scope = { kind: 'shardlet', shardlet: query.shardlet } as const;
      const forecast = await this.forecastOf({ scope, horizonMs: query.horizonMs });
      return forecast === undefined ? undefined : fromForecast(forecast, query.horizonMs);
    }
    return query.target === undefined ? undefined : this.probabilityOfTarget(query.target, query.horizonMs);
  }

  /** By the accesses the query layer has told: the same hour of the last days, drawn to the rate of late. */
  private async probabilityOfTarget(target: { kind: 'key' | 'metric'; name: string }, horizonMs: number) {
    const { telemetry, nowMs } = this.parts;
    const toMs = Math.floor(nowMs() / HOUR_MS) * HOUR_MS;
    const series = await telemetry.accesses({
      target,
      fromMs: toMs - PROFILE_DAYS * 24 * HOUR_MS,
      toMs,
      step: 'hour',
    });
    const first = series.values.findIndex((value) => value > 0);
    if (first < 0) return undefined;
    const values = series.values.subarray(first);
    const expected = expectedAccesses(values, horizonMs / HOUR_MS);
    return { probability: 1 - Math.exp(-expected), expected };
  }

  /** What hints of the past were worth: what came, over what was forecast without them. */
  async effectOf(hint: Hint): Promise<{
    readonly spans: readonly {
      readonly fromMs: number;
      readonly toMs: number;
      readonly forecast: number;
      readonly expected: number;
      readonly actual: number;
    }[];
  }> {
    const { records, telemetry, map, nowMs } = this.parts;
    const stream = map().streamNamed(hint.stream);
    if (stream === undefined) return { spans: [] };
    const until = Math.min(nowMs(), hint.removedMs ?? Number.POSITIVE_INFINITY);
    const spans = occurrences(hint, until - RESOLUTIONS['1h'].keptMs, until).slice(-EFFECTS_SHOWN);
    const [concerned] = await this.resolved([hint], stream.id);
    const effects = [];
    for (const span of spans) {
      const resolution: Resolution = until - span.fromMs < RESOLUTIONS['5m'].keptMs ? '5m' : '1h';
      const { stepMs, horizon } = RESOLUTIONS[resolution];
      const [fromMs, toMs] = [
        Math.floor(span.fromMs / stepMs) * stepMs,
        Math.min(Math.ceil(span.toMs / stepMs), Math.floor(until / stepMs)) * stepMs,
      ];
      if (toMs <= fromMs) continue;
      // made before it began: afterwards the models see it coming
      const before = (await records.between(stream.id, resolution, fromMs - horizon * stepMs, fromMs + 1)).at(
        -1,
      );
      if (before === undefined) continue;
      const whole = { forecast: 0, expected: 0, actual: 0 };
      for (let atMs = fromMs; atMs < toMs; atMs += stepMs) {
        const baseline = loadsAt(before, atMs, []);
        if (baseline === undefined) break;
        const hinted = hintedLoads({ fromMs: atMs, stepMs }, baseline, [concerned!]);
        whole.forecast += sumOf(baseline, concerned!.parts);
        whole.expected += sumOf(hinted, concerned!.parts);
      }
      for (const id of concerned!.parts.keys()) {
        const range = map().shardlet(id)!.range;
        const scope = { kind: 'range', streamId: stream.id, range } as const;
        const step = resolution === '1h' ? 'hour' : 'minute';
        const { values } = await telemetry.series({ scope, metric: 'events', fromMs, toMs, step });
        whole.actual += values.reduce((sum, value) => sum + (Number.isNaN(value) ? 0 : value), 0);
      }
      effects.push({ fromMs, toMs, ...whole });
    }
    return { spans: effects };
  }

  /** Until whole hours are known, what the finer forecast reaches is all that is foreseen. */
  private async latestReaching(
    streamId: number,
    resolution: Resolution,
  ): Promise<StreamForecast | undefined> {
    const { records } = this.parts;
    return (await records.latest(streamId, resolution)) ?? (await records.latest(streamId, '5m'));
  }

  private async latestAround(streamId: number, atMs: number): Promise<StreamForecast | undefined> {
    for (const resolution of ['5m', '1h'] as const) {
      const kept = await this.parts.records.latest(streamId, resolution);
      if (kept !== undefined && kept.originMs <= atMs && atMs < endMs(kept)) return kept;
    }
    return undefined;
  }

  private async hintsOf(streamId: number, fromMs: number, toMs: number): Promise<HintPart[]> {
    const name = this.parts.map().stream(streamId)?.name;
    if (name === undefined) return [];
    const hints = (await this.parts.hints.list({ stream: name })).filter(
      (hint) => occurrences(hint, fromMs, toMs).length > 0,
    );
    return this.resolved(hints, streamId);
  }

  private async resolved(hints: readonly Hint[], streamId: number): Promise<HintPart[]> {
    const leaves = [...this.parts.map().leaves(streamId)];
    const needsKeys = hints.some(({ scope }) => scope.keys !== undefined || scope.types !== undefined);
    const toMs = this.parts.nowMs();
    const keys: Map<number, ShardletKeys> = needsKeys
      ? await readKeys(this.parts.blocks, {
          streamId,
          fromMs: toMs - KEYS_WINDOW_MS,
          toMs,
          shardlets: leaves.map(({ id }) => id),
        })
      : new Map();
    return hints.map((hint) => partsOf(hint, leaves, keys));
  }

  /** Of each shardlet that was forecast, how much belongs to the place. */
  private sharesIn(scope: SeriesScope, kept: StreamForecast): Map<number, number> {
    const map = this.parts.map();
    const wanted =
      scope.kind === 'shardlet' && !kept.shares.has(scope.shardlet) ? rangeOf(map, scope.shardlet) : scope;
    const share = wanted === undefined ? () => 0 : shareIn(wanted, map);
    return new Map(
      [...kept.shares.keys()].map((id) => [id, share(id)] as const).filter(([, part]) => part > 0),
    );
  }

  /** @param before of the forecast before: structures seldom change, and looking through all shardlets takes its time */
  private sharesOf(id: number, kept: StreamForecast, before: ReadonlyMap<number, number> | undefined) {
    if (kept.shares.has(id)) return new Map([[id, 1]]);
    const holds =
      before !== undefined && before.size > 0 && [...before.keys()].every((of) => kept.shares.has(of));
    return holds ? before : this.sharesIn({ kind: 'shardlet', shardlet: id }, kept);
  }

  private stepsTo(kept: StreamForecast, horizonMs: number): number {
    const { stepMs } = RESOLUTIONS[kept.resolution];
    const until = this.parts.nowMs() + horizonMs - kept.originMs;
    return Math.max(1, Math.min(kept.total.point.length, Math.ceil(until / stepMs)));
  }

  private streamOf(scope: SeriesScope): number | undefined {
    return scope.kind === 'shardlet' ? this.parts.map().shardlet(scope.shardlet)?.stream : scope.streamId;
  }
}

const HOUR_MS = 3_600_000;
const PROFILE_DAYS = 14;
const EFFECTS_SHOWN = 10;

/** What a shardlet was forecast to have. Only where a hint holds all of them have to be looked at. */
function loadAt(kept: StreamForecast, step: number, hints: readonly HintPart[]): (id: number) => number {
  const { stepMs } = RESOLUTIONS[kept.resolution];
  const fromMs = kept.originMs + step * stepMs;
  if (hints.every(({ hint }) => occurrences(hint, fromMs, fromMs + stepMs).length === 0)) {
    const total = kept.total.point[step]!;
    return (id) => kept.own.get(id)?.point[step] ?? (kept.shares.get(id) ?? 0) * total;
  }
  const loads = hintedLoads({ fromMs, stepMs }, baselineAt(kept, step), hints);
  return (id) => loads.get(id) ?? 0;
}

function rangeOf(map: TopologyMap, id: number): SeriesScope | undefined {
  const shardlet = map.shardlet(id);
  return shardlet === undefined
    ? undefined
    : { kind: 'range', streamId: shardlet.stream, range: shardlet.range };
}

function extentOf(shardlets: readonly Shardlet[]): Range {
  const sorted = [...shardlets].sort((a, b) => a.range.from.hi - b.range.from.hi);
  return sorted.length === 0 ? WHOLE : { from: sorted[0]!.range.from, to: sorted.at(-1)!.range.to };
}

/** Undefined when the time is not in the forecast. */
function rowsAt(laying: ForecastRows, kept: StreamForecast, atMs: number, hints: readonly HintPart[]) {
  const step = stepAt(kept, atMs);
  if (step === undefined) return undefined;
  if (hints.length === 0) return laying.baseline(kept, step);
  return laying.laid(loadsAt(kept, atMs, hints)!);
}
