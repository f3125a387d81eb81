/** What a plan of an external cluster stands on: its newest load, and what is forecast of it. */
import { type ForecastRecords, ForecastStore } from '../forecast-service/index.ts';
import type { HintStore } from '../hints/index.ts';
import type { Policy } from '../planning/index.ts';
import { type BlockStore, floorTo, type Metric, MINUTE_MS, TelemetryStore } from '../telemetry/index.ts';
import { TopologyMap } from '../topology/index.ts';
import type { ExternalCluster } from './description.ts';
import { partitionId, streamIdOf, topologyOf } from './external-map.ts';
import type { ExternalObservation } from './external-state.ts';

export interface ObserveClusterParts {
  readonly telemetry: Pick<BlockStore, 'read'>;
  readonly forecasts: ForecastRecords;
  readonly hints: HintStore;
  readonly nowMs: () => number;
}

/** Load of now without its noise; a measurement that comes more seldom holds until the next. */
const LOAD_MS = 5 * MINUTE_MS;
const AHEAD_MINUTES = [10, 30, 60, 120, 240];

export async function observeCluster(
  { telemetry: blocks, forecasts: records, hints, nowMs }: ObserveClusterParts,
  cluster: ExternalCluster,
  { forecast: { horizon } }: Policy,
): Promise<ExternalObservation> {
  const topology = new TopologyMap(topologyOf(cluster));
  const map = () => topology;
  const telemetry = new TelemetryStore({ blocks, map, nowMs });
  const store = new ForecastStore({ records, hints, telemetry, blocks, map, nowMs });
  const toMs = floorTo(Math.min(cluster.observedToMs!, nowMs()), MINUTE_MS);
  const rates = (metric: Metric) => ratesOf(telemetry, cluster, metric, toMs);
  const steps = [...new Set([...AHEAD_MINUTES.filter((minutes) => minutes < horizon), horizon])];
  const found = new Map<
    number,
    ExternalObservation['forecasts'] extends ReadonlyMap<number, infer F> ? F : never
  >();
  for (const aheadMinutes of steps.filter((minutes) => minutes > 0)) {
    const loads = await store.loadsAhead(streamIdOf(cluster), nowMs() + aheadMinutes * MINUTE_MS);
    for (const [id, quantiles] of loads)
      found.set(id, [...(found.get(id) ?? []), { aheadMinutes, quantiles: { ...quantiles } }]);
  }
  return {
    nowMs: nowMs(),
    loads: await rates('events'),
    bytesPerSecond: await rates('bytes'),
    forecasts: found,
  };
}

async function ratesOf(
  telemetry: TelemetryStore,
  cluster: ExternalCluster,
  metric: Metric,
  toMs: number,
): Promise<Map<number, number>> {
  const shardlets = cluster.partitions.map(({ number }) => partitionId(cluster, number));
  const window = { fromMs: toMs - LOAD_MS, toMs, step: 'minute', metric, shardlets } as const;
  const { steps, values } = await telemetry.matrix({ streamId: streamIdOf(cluster), ...window });
  return new Map(
    shardlets.map((id, row) => {
      const known = [...values.subarray(row * steps, (row + 1) * steps)].filter(
        (value) => !Number.isNaN(value),
      );
      const sum = known.reduce((all, value) => all + value, 0);
      return [id, known.length === 0 ? 0 : (sum * 1_000) / (known.length * MINUTE_MS)];
    }),
  );
}
