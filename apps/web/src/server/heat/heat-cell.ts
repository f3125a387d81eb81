/** What lies under one place of the heat map: its shardlets, their owners, and its top keys in that time. */
import { formatPosition, type Range } from '@foreshard/core/keyspace';
import type { HotShardlet } from '@foreshard/core/telemetry';
import type { Shardlet } from '@foreshard/core/topology';
import { type HeatParts, rangeOf, streamOf } from './heat-picture.ts';
import type { HeatCellQuery } from './heat-query.ts';

type TopKey = HotShardlet['keys']['topKeys'][number];

export interface CellShardlet {
  readonly id: number;
  readonly shard: number;
  readonly owner: string;
  readonly state: Shardlet['state']['kind'];
  readonly from: string;
  readonly to: string;
}

export interface HeatCell {
  readonly shardlets: readonly CellShardlet[];
  /** those that are not listed */
  readonly more: number;
  /** who owns its shardlets now, the one with most of them first */
  readonly owners: readonly { readonly name: string; readonly shardlets: number }[];
  /** in the place alone, of its busiest shardlets; `key` null: its name was not sampled */
  readonly topKeys: readonly {
    readonly key: string | null;
    readonly hash: string;
    readonly events: number;
  }[];
  /** of the busiest shardlet */
  readonly types: readonly { readonly type: string; readonly events: number }[];
}

const LISTED_MAX = 5;
const KEYS_MAX = 5;
/** Each is a look into the recorded load. */
const KEYED_SHARDLETS = 5;

export async function heatCell(
  parts: Pick<HeatParts, 'map' | 'telemetry' | 'eventsOf'>,
  query: HeatCellQuery & { readonly from: string; readonly to: string },
): Promise<HeatCell> {
  const { map, telemetry, eventsOf } = parts;
  const stream = streamOf(parts, query.stream);
  const { from, to } = rangeOf(query.from, query.to);
  const inside = [...map.leaves(stream.id)]
    .filter(({ range: r }) => isBelow(r.from, to) && isBelow(from, r.to))
    .sort((a, b) => eventsOf(b.id) - eventsOf(a.id) || a.id - b.id);
  const { fromMs, toMs } = query;
  const counted = await Promise.all(
    inside.slice(0, KEYED_SHARDLETS).map(({ id }) => telemetry.topKeys({ shardlet: id, fromMs, toMs })),
  );
  const nameOf = (owner: number) => map.host(owner)?.name ?? `#${owner}`;
  return {
    shardlets: inside.slice(0, LISTED_MAX).map(({ id, shard, owner, state, range: r }) => ({
      id,
      shard,
      owner: nameOf(owner),
      state: state.kind,
      from: formatPosition(r.from),
      to: formatPosition(r.to),
    })),
    more: Math.max(0, inside.length - LISTED_MAX),
    types: (counted[0]?.types ?? []).slice(0, KEYS_MAX),
    owners: countedNames(inside.map(({ owner }) => nameOf(owner))),
    topKeys: topKeysIn(
      counted.flatMap((one) => one?.topKeys ?? []),
      { from, to },
    ).map(({ key, keyHash, events }) => ({
      key: key ?? null,
      hash: keyHash.toString(16).padStart(8, '0'),
      events,
    })),
  };
}

/** A shardlet may reach beyond the place: keys outside of it say nothing about it. */
function topKeysIn(counted: readonly TopKey[], { from, to }: Range): TopKey[] {
  return counted
    .filter(({ keyHash }) => keyHash >= from.hi && isBelow({ hi: keyHash, lo: 0 }, to))
    .sort((a, b) => b.events - a.events || a.keyHash - b.keyHash)
    .slice(0, KEYS_MAX);
}

function countedNames(names: readonly string[]): HeatCell['owners'] {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts]
    .map(([name, shardlets]) => ({ name, shardlets }))
    .sort((a, b) => b.shardlets - a.shardlets || (a.name < b.name ? -1 : 1));
}

function isBelow(a: { hi: number; lo: number }, b: { hi: number; lo: number }): boolean {
  return a.hi < b.hi || (a.hi === b.hi && a.lo < b.lo);
}
