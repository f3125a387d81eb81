/**
 * The fast lane: a key that turned hot within seconds is split below the key, where its stream allows it. It is a
 * measure against heat that is there, not foreseen: no forecast and no plan has a part in it, and nothing is moved. The
 * planner spreads the parts over hosts later.
 */
import { z } from 'zod';
import { comparePositions, overlaps, type Position, type Range, range } from '../keyspace/index.ts';
import type { Policy } from '../planning/index.ts';
import { isLeaf, type Shardlet, type TopologyMap } from '../topology/index.ts';

/** Where edges tell hot keys: a hash in the control Redis by shardlet and key. It may be lost: they tell again. */
export const HOT_KEYS_KEY = '{foreshard}:hot-keys';

export const hotKeySchema = z.object({
  shardlet: z.int().min(1),
  keyHash: z.int().min(0).max(0xffff_ffff),
  /** as one edge saw it, at least */
  perSecond: z.number().positive(),
  atMs: z.int(),
});
export type HotKey = z.infer<typeof hotKeySchema>;

export function hotKeyField({ shardlet, keyHash }: HotKey): string {
  return `${shardlet}:${keyHash}`;
}

/** Told again while it goes on; what was told earlier is over. */
export const HOT_KEY_LIFETIME_MS = 30_000;

/** Operations a second from which a key is too much for its shardlet or its host. */
export function hotKeyLimit({ shardlet, capacity }: Policy): number {
  return Math.min(
    shardlet.rate_cap * shardlet.fullness,
    capacity.events_per_second * shardlet.host_share_max * shardlet.key_share_max,
  );
}

export type Relief =
  | { readonly kind: 'split'; readonly children: readonly Range[]; readonly ways: number }
  | { readonly kind: 'left'; readonly because: string };

/** How to split the shardlet of a hot key, or why it is left as it is. */
export function reliefFor(
  map: TopologyMap,
  { shardlet: id, keyHash, perSecond }: HotKey,
  policy: Policy,
): Relief {
  const leaf = map.shardlet(id);
  if (leaf === undefined || !isLeaf(leaf)) return left(`shardlet ${id} takes no events any more`);
  if (leaf.state.kind !== 'open') return left(`shardlet ${id} is ${leaf.state.kind}`);
  if (map.stream(leaf.stream)?.splitKeys !== true) return left('its stream splits no keys');
  const limit = hotKeyLimit(policy);
  if (perSecond <= limit) return left('it is not too hot for the policy that holds');
  const parts = partsOf(map, leaf, keyHash);
  const room = Math.floor(policy.shardlet.key_ways_max / parts);
  if (room < 2) return left(`the key has ${parts} parts already, of ${policy.shardlet.key_ways_max}`);
  const ways = Math.min(room, Math.max(2, Math.ceil(perSecond / limit)));
  const children = cutBelow(leaf.range, keyHash, ways);
  if (children.length < 2) return left('there is no cut left inside the key');
  return { kind: 'split', children, ways };
}

/** Leaves of the stream that carry a part of the key. */
function partsOf(map: TopologyMap, { stream, shard }: Shardlet, keyHash: number): number {
  const key = range({ hi: keyHash, lo: 0 }, { hi: keyHash + 1, lo: 0 });
  let count = 0;
  for (const leaf of map.leaves(stream)) if (leaf.shard === shard && overlaps(leaf.range, key)) count++;
  return count;
}

const LO_END = 2 ** 32;

/** The part of the key that lies in the range, in equal pieces; what lies beside it stays with the outer ones. */
function cutBelow({ from, to }: Range, keyHash: number, ways: number): Range[] {
  const first = from.hi === keyHash ? from.lo : 0;
  const end = to.hi === keyHash ? to.lo : LO_END;
  const cuts: Position[] = [];
  for (let i = 1; i < ways; i++)
    cuts.push({ hi: keyHash, lo: Math.floor(first + ((end - first) * i) / ways) });
  const edges = [from, ...cuts.filter((cut) => comparePositions(cut, from) > 0), to];
  return edges.slice(1).flatMap((edge, i) => {
    const start = edges[i]!;
    return comparePositions(start, edge) < 0 ? [range(start, edge)] : [];
  });
}

function left(because: string): Relief {
  return { kind: 'left', because };
}
