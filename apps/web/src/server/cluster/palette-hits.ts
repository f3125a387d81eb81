/** What the command palette can jump to: hosts and streams by name, shardlets by id. */
import type { TopologyMap } from '@foreshard/core/topology';

const HITS_MAX = 8;

export interface PaletteHits {
  readonly hosts: readonly string[];
  readonly streams: readonly string[];
  readonly shardlet: { readonly id: number; readonly stream: string; readonly owner: string } | null;
}

export function paletteHits(map: TopologyMap, typed: string): PaletteHits {
  const text = typed.trim().toLowerCase();
  const named = (all: readonly { readonly name: string }[]) =>
    all
      .map(({ name }) => name)
      .filter((name) => name.toLowerCase().includes(text))
      .slice(0, HITS_MAX);
  return { hosts: named(map.hosts()), streams: named(map.streams()), shardlet: shardletOf(map, text) };
}

function shardletOf(map: TopologyMap, text: string): PaletteHits['shardlet'] {
  const id = /^#?(\d{1,15})$/.exec(text)?.[1];
  const shardlet = id === undefined ? undefined : map.shardlet(Number(id));
  if (shardlet === undefined) return null;
  return {
    id: shardlet.id,
    stream: map.stream(shardlet.stream)?.name ?? '',
    owner: map.host(shardlet.owner)?.name ?? '',
  };
}
