/** What lies under one place of the heat map: its shardlets, their owners, and their top keys in that time. */
import { formatPosition } from '@foreshard/core/keyspace';
import type { Shardlet } from '@foreshard/core/topology';
import { type HeatParts, rangeOf, streamOf } from './heat-picture.ts';
import type { HeatCellQuery } from './heat-query.ts';

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
  /** of the first shardlet; `key` null: its name was not sampled */
  readonly topKeys: readonly {
    readonly key: string | null;
    readonly hash: string;
    readonly events: number;
  }[];
  readonly types: readonly { readonly type: string; readonly events: number }[];
}

const LISTED_MAX = 5;
const KEYS_MAX = 5;

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
  const keys = inside[0] && (await telemetry.topKeys({ shardlet: inside[0].id, fromMs, toMs }));
  return {
    shardlets: inside.slice(0, LISTED_MAX).map(({ id, shard, owner, state, range: r }) => ({
      id,
      shard,
      owner: map.host(owner)?.name ?? `#${owner}`,
      state: state.kind,
      from: formatPosition(r.from),
      to: formatPosition(r.to),
    })),
    more: Math.max(0, inside.length - LISTED_MAX),
    topKeys: (keys?.topKeys ?? []).slice(0, KEYS_MAX).map(({ key, keyHash, events }) => ({
      key: key ?? null,
      hash: keyHash.toString(16).padStart(8, '0'),
      events,
    })),
    types: (keys?.types ?? []).slice(0, KEYS_MAX),
  };
}

function isBelow(a: { hi: number; lo: number }, b: { hi: number; lo: number }): boolean {
  return a.hi < b.hi || (a.hi === b.hi && a.lo < b.lo);
}
