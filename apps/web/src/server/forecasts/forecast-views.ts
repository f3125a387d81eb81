/** Small answers about forecasts: how far the model that serves has drifted, and rows of the ranking. */
import type { RankedShardlet } from '@foreshard/core/forecast-service';
import type { TopologyMap } from '@foreshard/core/topology';

/** `state`: of the calibration, as it is kept; `mae`: of the model that serves. Null: nothing to compare. */
export function driftOf(
  state: string | undefined,
  mae: number | undefined,
): { recent: number; expected: number } | null {
  const { errors = [] } = state === undefined ? {} : (JSON.parse(state) as { errors?: number[] });
  if (errors.length === 0 || mae === undefined) return null;
  return { recent: errors.reduce((sum, error) => sum + error, 0) / errors.length, expected: mae };
}

/** With its place on the map, and rates instead of the events of a step. */
export function rankedRow(map: TopologyMap | undefined, one: RankedShardlet) {
  const place = map?.shardlet(one.shardlet);
  return {
    ...one,
    shard: place?.shard ?? null,
    owner: place === undefined ? null : (map?.host(place.owner)?.name ?? `#${place.owner}`),
    perSecond: (one.expected * 1_000) / one.stepMs,
    p90PerSecond: (one.p90 * 1_000) / one.stepMs,
  };
}
