/**
 * A shardlet looks for duplicates in the id sets of all its ancestors until those are forgotten, one look-up
 * per set and event. So a restructure waits while a child would have too many. T knows when each ancestor
 * was closed, which bounds the count without asking a host; an ancestor without ids counts as well.
 */
import { INHERITED_ID_SETS_MAX } from '../hosts/index.ts';
import { invariant, MICROS_PER_MS, MS_PER_SECOND } from '../kernel/index.ts';
import type { Refusal, Shardlet, TopologyMap } from '../topology/index.ts';

/** Undefined when the children of these parents may be made now. */
export function tooManyIdSets(
  map: TopologyMap,
  parents: readonly number[],
  nowMs: number,
): Refusal | undefined {
  const family = parents.map((id) => map.shardlet(id)).filter((s) => s !== undefined);
  const endsMs = family.flatMap((parent) => ancestors(map, parent)).map((a) => forgottenAtMs(map, a));
  const living = [...new Map(endsMs).values()].filter((end) => end > nowMs).sort((a, b) => a - b);
  const count = living.length + family.length;
  if (count <= INHERITED_ID_SETS_MAX) return undefined;
  const seconds = Math.ceil((living[count - INHERITED_ID_SETS_MAX - 1]! - nowMs) / MS_PER_SECOND);
  return {
    reason: 'in_use',
    detail:
      `a successor of shardlet ${parents.join(', ')} would look for duplicates in ${count} id sets, ` +
      `${INHERITED_ID_SETS_MAX} at most; ask again in ${seconds} s, when enough of them are forgotten`,
  };
}

function ancestors(map: TopologyMap, of: Shardlet): Shardlet[] {
  const found = new Map<number, Shardlet>();
  const waiting = [...of.parents];
  for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
    const parent = found.has(id) ? undefined : map.shardlet(id);
    if (parent === undefined) continue;
    found.set(id, parent);
    waiting.push(...parent.parents);
  }
  return [...found.values()];
}

/** A set is forgotten a window after its closing, wherever its records are. */
function forgottenAtMs(map: TopologyMap, { id, stream, state }: Shardlet): readonly [number, number] {
  const window = map.stream(stream)?.dedupWindowMs;
  invariant(window !== undefined, `shardlet ${id} belongs to no stream`);
  const closedAtMs = 'finalTs' in state ? state.finalTs / MICROS_PER_MS : Number.POSITIVE_INFINITY;
  return [id, closedAtMs + window];
}
