/** A flush as an edge would make it, from rows of [shardlet, events, bytes, refused]. */
import { type LoadFlush, loadOf, newNamedLoads } from '@foreshard/core/telemetry';

type Row = readonly [shardlet: number, events: number, bytes: number, refused: number];

export function flushOf(atMs: number, rows: readonly Row[], duplicates = 0): LoadFlush {
  const named = newNamedLoads();
  for (const [shardlet, events, bytes, errors] of rows)
    Object.assign(loadOf(named.loads, shardlet), { events, bytes, errors });
  return { edge: 'edge-1', runMs: 1, seq: 1, atMs, duplicates, ...named };
}
