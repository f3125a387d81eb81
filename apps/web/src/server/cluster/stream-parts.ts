/**
 * What questions about one stream are asked of: the map and the stores of our cluster, or those of an external
 * cluster, which is one stream by its name.
 */
import { type ClusterStore, topologyOf } from '@foreshard/core/external';
import { type ForecastRecords, ForecastStore } from '@foreshard/core/forecast-service';
import type { HintStore } from '@foreshard/core/hints';
import { type BlockStore, TelemetryStore } from '@foreshard/core/telemetry';
import { TopologyMap, type TopologyStore } from '@foreshard/core/topology';

export interface StreamParts {
  /** undefined: the topology store has not answered yet */
  readonly map: TopologyMap | undefined;
  readonly telemetry: TelemetryStore;
  readonly forecasts: ForecastStore;
  readonly topology: Pick<TopologyStore, 'changesAfter'>;
}

export interface ExternalStores {
  readonly clusters: Pick<ClusterStore, 'find'>;
  readonly telemetry: BlockStore;
  readonly forecasts: ForecastRecords;
  readonly hints: HintStore;
}

/** Undefined when there is no such cluster. */
export async function externalParts(
  { clusters, telemetry: blocks, forecasts: records, hints }: ExternalStores,
  name: string,
): Promise<StreamParts | undefined> {
  const cluster = await clusters.find(name);
  if (cluster === undefined) return undefined;
  const topology = new TopologyMap(topologyOf(cluster));
  const map = () => topology;
  const nowMs = Date.now;
  const telemetry = new TelemetryStore({ blocks, map, nowMs });
  return {
    map: topology,
    telemetry,
    forecasts: new ForecastStore({ records, hints, telemetry, blocks, map, nowMs }),
    // its restructurings are decided elsewhere
    topology: { changesAfter: async () => [] },
  };
}
