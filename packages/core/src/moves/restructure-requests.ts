/**
 * What people want of shardlets in place, as the topology store wants to hear it: which parents end, which ranges go
 * on.
 */
import { comparePositions, type Position, range } from '../keyspace/index.ts';
import type { SplitPlan } from '../restructuring/index.ts';
import type { Shardlet, TopologyMap } from '../topology/index.ts';
import type { RestructureRequest } from './operating.ts';

export type RequestedRestructure = RestructureRequest | { readonly unknown: number };

/** A fresh shardlet of the same range. */
export function rollRequest(map: TopologyMap, id: number): RequestedRestructure {
  const parent = map.shardlet(id);
  return parent === undefined ? { unknown: id } : { parents: [id], children: [parent.range] };
}

/** One shardlet from the first to the last; the topology store refuses parents that are no neighbours. */
export function mergeRequest(map: TopologyMap, parents: readonly number[]): RequestedRestructure {
  const found = parents.map((id) => map.shardlet(id));
  const missing = found.indexOf(undefined);
  if (missing >= 0) return { unknown: parents[missing]! };
  const ranges = (found as Shardlet[]).map((s) => s.range).sort((a, b) => comparePositions(a.from, b.from));
  return { parents, children: [range(ranges[0]!.from, ranges.at(-1)!.to)] };
}

/** Cut where somebody wants it; undefined when that is not inside. */
export function cutAt({ range: { from, to } }: Shardlet, at: Position): SplitPlan | undefined {
  if (comparePositions(from, at) >= 0 || comparePositions(at, to) >= 0) return undefined;
  const children = [range(from, at), range(at, to)];
  return { children, shares: [], basis: 'middle', explanation: 'cut at the position that was named' };
}
