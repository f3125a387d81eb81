/** What the pages count about a map, counted once for each version of it: a map may hold a million shardlets. */
import { isLeaf, type ShardletState, type TopologyMap } from '@foreshard/core/topology';

export type StateName = ShardletState['kind'];

export interface MapSummary {
  readonly version: number;
  /** shardlets that take appends, or will as soon as their host confirms */
  readonly leaves: number;
  readonly openLeaves: number;
  /** by host, which may be away */
  readonly openByHost: ReadonlyMap<number, number>;
  readonly leavesByHost: ReadonlyMap<number, number>;
  readonly leavesByStream: ReadonlyMap<number, number>;
  readonly byState: Readonly<Partial<Record<StateName, number>>>;
}

const summaries = new WeakMap<TopologyMap, MapSummary>();

export function summarise(map: TopologyMap): MapSummary {
  const known = summaries.get(map);
  if (known !== undefined && known.version === map.version) return known;
  const summary = count(map);
  summaries.set(map, summary);
  return summary;
}

function count(map: TopologyMap): MapSummary {
  const leavesByHost = new Map<number, number>();
  const leavesByStream = new Map<number, number>();
  const byState: Partial<Record<StateName, number>> = {};
  let leaves = 0;
  let openLeaves = 0;
  const openByHost = new Map<number, number>();
  for (const shardlet of map.shardlets()) {
    const kind = shardlet.state.kind;
    byState[kind] = (byState[kind] ?? 0) + 1;
    if (!isLeaf(shardlet)) continue;
    leaves++;
    if (kind !== 'opening') {
      openLeaves++;
      openByHost.set(shardlet.owner, (openByHost.get(shardlet.owner) ?? 0) + 1);
    }
    leavesByHost.set(shardlet.owner, (leavesByHost.get(shardlet.owner) ?? 0) + 1);
    leavesByStream.set(shardlet.stream, (leavesByStream.get(shardlet.stream) ?? 0) + 1);
  }
  return { version: map.version, leaves, openLeaves, openByHost, leavesByHost, leavesByStream, byState };
}
