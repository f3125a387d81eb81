/** A cluster of which nothing was seen yet but its map, for tests. */
import type { TopologyMap } from '../topology/index.ts';
import type { Observed } from './state-from-observations.ts';

export const NOW_MS = Date.UTC(2026, 2, 1, 17);

export function observed(map: TopologyMap, change: Partial<Observed> = {}): Observed {
  return {
    ...{ map, nowMs: NOW_MS, loads: new Map(), bytes: new Map(), forecasts: new Map() },
    ...{ topKeyShares: new Map(), hosts: new Map(), moves: [], reshapedAtMs: new Map() },
    ...change,
  };
}
