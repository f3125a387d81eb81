/** The hosts of an external cluster with the load of their partitions, over the last minutes that are known. */
import { type ExternalCluster, partitionId, streamIdOf } from '@foreshard/core/external';
import { floorTo, MINUTE_MS, type TelemetryStore } from '@foreshard/core/telemetry';

export interface ExternalHostView {
  readonly name: string;
  readonly zone: string;
  readonly partitions: number;
  readonly eventsPerSecond: number;
  readonly capacity: number;
  /** false: nobody said what it takes, so the policy's is taken */
  readonly isCapacityKnown: boolean;
  readonly heaviest: readonly { readonly name: string; readonly eventsPerSecond: number }[];
}

const LOAD_MS = 5 * MINUTE_MS;
const HEAVIEST_MAX = 3;

export async function hostViews(
  telemetry: TelemetryStore,
  cluster: ExternalCluster,
  presetCapacity: number,
): Promise<ExternalHostView[]> {
  const loads = await loadsOf(telemetry, cluster);
  return cluster.hosts.map(({ name, zone, eventsPerSecond }) => {
    const own = cluster.partitions
      .map((partition, i) => ({ name: partition.name, host: partition.host, eventsPerSecond: loads[i] ?? 0 }))
      .filter(({ host }) => host === name)
      .sort((a, b) => b.eventsPerSecond - a.eventsPerSecond);
    return {
      name,
      zone,
      partitions: own.length,
      eventsPerSecond: own.reduce((sum, one) => sum + one.eventsPerSecond, 0),
      capacity: eventsPerSecond ?? presetCapacity,
      isCapacityKnown: eventsPerSecond !== null,
      heaviest: own
        .slice(0, HEAVIEST_MAX)
        .map((one) => ({ name: one.name, eventsPerSecond: one.eventsPerSecond })),
    };
  });
}

/** Events a second in the order of the partitions. */
async function loadsOf(telemetry: TelemetryStore, cluster: ExternalCluster): Promise<number[]> {
  if (cluster.observedToMs === null) return [];
  const shardlets = cluster.partitions.map(({ number }) => partitionId(cluster, number));
  const toMs = floorTo(Math.min(cluster.observedToMs, Date.now()), MINUTE_MS);
  const { steps, values } = await telemetry.matrix({
    ...{ streamId: streamIdOf(cluster), metric: 'events', step: 'minute', shardlets },
    ...{ fromMs: toMs - LOAD_MS, toMs },
  });
  return shardlets.map((_, row) => {
    const known = [...values.subarray(row * steps, (row + 1) * steps)].filter(
      (value) => !Number.isNaN(value),
    );
    return known.reduce((sum, value) => sum + value, 0) / Math.max(1, known.length * (MINUTE_MS / 1_000));
  });
}
