/** Reads what a decision needs from a map that is the topology store itself: for stores in memory. */
import type { Loaded, NextIds } from './deciding.ts';
import { involves } from './involvement.ts';
import type { Shardlet } from './model.ts';
import type { TopologyMap } from './topology-map.ts';
import type { Needs } from './topology-store.ts';

export function loadFromMap(map: TopologyMap, needs: Needs, nowMs: number, nextIds: NextIds): Loaded {
  return {
    version: map.version + 1,
    nowMs,
    streams: map.streams(),
    hosts: map.hosts(),
    shardlets: neededShardlets(map, needs),
    garbage: needs.garbage ? map.garbage() : [],
    nextIds,
  };
}

/** In the order of ids, like the rows of a database. */
function neededShardlets(map: TopologyMap, needs: Needs): Shardlet[] {
  const { shardletsOfStream, shardletsOfHost } = needs;
  const found = new Map<number, Shardlet>();
  const add = (s: Shardlet | undefined) => s !== undefined && found.set(s.id, s);
  for (const id of needs.shardlets ?? []) add(map.shardlet(id));
  if (shardletsOfStream !== undefined) for (const s of map.shardlets(shardletsOfStream)) add(s);
  if (shardletsOfHost !== undefined)
    for (const s of map.shardlets()) if (involves(s, shardletsOfHost)) add(s);
  return [...found.values()].sort((a, b) => a.id - b.id);
}
