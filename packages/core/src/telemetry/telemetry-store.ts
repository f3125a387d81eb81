/**
 * Questions about the recorded load, for the console, forecasts and plans. It reads blocks from whatever
 * store it is given, and lays them over the positions of the map of now; values are never guessed: where
 * nothing was observed there is NaN.
 */
import type { TopologyMap } from '../topology/index.ts';
import type { InstanceRecord } from './access-records.ts';
import {
  type AccessQuery,
  accessSeries,
  instanceRuns,
  type TargetAccesses,
  topAccesses,
} from './access-roll-up.ts';
import { type BlockStore, NO_STREAM } from './block-store.ts';
import { type Heat, type HeatQuery, heatOf } from './heat.ts';
import { type HotQuery, type HotShardlet, hottest } from './hot-shardlets.ts';
import { HOUR_MS, type Level, RETENTION_DEFAULT, type RetentionMs } from './levels.ts';
import type { Metric } from './metric.ts';
import { levelFor, type Observation, observe } from './observation.ts';
import {
  type HostSeriesQuery,
  matrixOf,
  type Series,
  type SeriesMatrix,
  type SeriesQuery,
  type SeriesScope,
  seriesOf,
  shareIn,
} from './series.ts';
import { readKeys, type ShardletKeys } from './shardlet-keys.ts';

export interface TelemetryParts {
  readonly blocks: Pick<BlockStore, 'read'>;
  readonly map: () => TopologyMap;
  readonly nowMs: () => number;
  readonly retention?: RetentionMs;
}

export interface MatrixQuery {
  readonly streamId: number;
  readonly metric: Metric;
  readonly fromMs: number;
  readonly toMs: number;
  readonly step: Level;
  /** instead of the leaves of the stream */
  readonly shardlets?: readonly number[];
}

export interface KeysQuery {
  readonly shardlet: number;
  readonly fromMs: number;
  readonly toMs: number;
}

export class TelemetryStore {
  private readonly parts: TelemetryParts;

  constructor(parts: TelemetryParts) {
    this.parts = parts;
  }

  /** @throws DatabaseUnreachable, like everything here */
  async heat(query: HeatQuery): Promise<Heat> {
    const level = this.levelFor(query.fromMs, query.toMs);
    return heatOf(query, level, await this.observe(query.streamId, query, level), this.parts.map());
  }

  async series(query: SeriesQuery | HostSeriesQuery): Promise<Series> {
    const { scope } = query;
    if (scope.kind === 'host') {
      const seen = await this.observe(NO_STREAM, query, query.step);
      return seriesOf(query.metric, seen, (id) => Number(id === scope.host));
    }
    const stream = this.streamOf(scope);
    const seen = await this.observe(stream ?? UNKNOWN_STREAM, query, query.step);
    if (stream === undefined) seen.covered.fill(0);
    return seriesOf(query.metric, seen, shareIn(scope, this.parts.map()));
  }

  /** The series of many shardlets at once: what forecasts begin with. */
  async matrix(query: MatrixQuery): Promise<SeriesMatrix> {
    const shardlets =
      query.shardlets ?? [...this.parts.map().leaves(query.streamId)].map((s) => s.id).sort((a, b) => a - b);
    return matrixOf(query.metric, await this.observe(query.streamId, query, query.step), shardlets);
  }

  /** The shardlets with the most of a metric, with what is known of their keys. */
  async top(query: HotQuery): Promise<HotShardlet[]> {
    const level = this.levelFor(query.fromMs, query.toMs);
    const hot = hottest(query, await this.observe(query.streamId, query, level));
    const keys = await readKeys(this.parts.blocks, { ...query, shardlets: hot.map((h) => h.shardlet) });
    return hot.map((h) => ({ ...h, keys: keys.get(h.shardlet)! }));
  }

  /** Undefined when there is no such shardlet. */
  async topKeys({ shardlet, fromMs, toMs }: KeysQuery): Promise<ShardletKeys | undefined> {
    const stream = this.parts.map().shardlet(shardlet)?.stream;
    if (stream === undefined) return undefined;
    const keys = await readKeys(this.parts.blocks, {
      streamId: stream,
      fromMs,
      toMs,
      shardlets: [shardlet],
    });
    return keys.get(shardlet);
  }

  /** Accesses that the user's query layer has told, per step; without a target: of all. */
  accesses(query: Parameters<typeof accessSeries>[1]): Promise<Series> {
    return accessSeries(this.parts.blocks, query);
  }

  topAccesses(query: AccessQuery & { readonly n: number }): Promise<TargetAccesses[]> {
    return topAccesses(this.parts.blocks, query);
  }

  instances(query: AccessQuery): Promise<InstanceRecord[]> {
    return instanceRuns(this.parts.blocks, query);
  }

  private observe(
    stream: number,
    query: {
      readonly metric: HeatQuery['metric'] | HostSeriesQuery['metric'];
      readonly fromMs: number;
      readonly toMs: number;
    },
    level: Level,
  ): Promise<Observation> {
    const { metric, fromMs, toMs } = query;
    return observe(this.parts.blocks, { stream, metric, level, fromMs, toMs });
  }

  private levelFor(fromMs: number, toMs: number): Level {
    const { nowMs, retention = RETENTION_DEFAULT } = this.parts;
    return levelFor(fromMs, toMs, nowMs(), retention.minute - HOUR_MS);
  }

  /** Undefined for a shardlet that the topology store does not know: nothing is known of its load either. */
  private streamOf(scope: SeriesScope): number | undefined {
    return scope.kind === 'shardlet' ? this.parts.map().shardlet(scope.shardlet)?.stream : scope.streamId;
  }
}

/** No stream has it. */
const UNKNOWN_STREAM = -1;
