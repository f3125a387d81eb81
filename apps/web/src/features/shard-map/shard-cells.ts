/** The picture of the map in the browser: columns, unpacked once. Shardlets lie host by host. */
import type { HostCondition } from '../../server/cluster/host-views.ts';
import type { ShardPicture } from '../../server/shard-map/shard-picture.ts';

export interface HostBlock {
  readonly id: number;
  readonly name: string;
  readonly condition: HostCondition;
  /** index of its first shardlet */
  readonly first: number;
  readonly count: number;
}

export interface ShardCells {
  readonly total: number;
  readonly hosts: readonly HostBlock[];
  readonly streams: readonly string[];
  readonly ids: Float64Array;
  readonly streamIndex: Uint16Array;
  readonly events: Float32Array;
  readonly bytesIn: Float32Array;
  /** NaN: not known */
  readonly stored: Float32Array;
  readonly states: Uint8Array;
  readonly sizesKnown: boolean;
}

export function unpackShards(picture: ShardPicture): ShardCells {
  let first = 0;
  const hosts = picture.hosts.map((host) => {
    const block = { ...host, first };
    first += host.count;
    return block;
  });
  return {
    total: picture.total,
    hosts,
    streams: picture.streams,
    ids: new Float64Array(bytesOf(picture.ids)),
    streamIndex: new Uint16Array(bytesOf(picture.streamIndex)),
    events: new Float32Array(bytesOf(picture.events)),
    bytesIn: new Float32Array(bytesOf(picture.bytesIn)),
    stored: new Float32Array(bytesOf(picture.stored)),
    states: new Uint8Array(bytesOf(picture.states)),
    sizesKnown: picture.sizesKnown,
  };
}

function bytesOf(text: string): ArrayBuffer {
  return Uint8Array.from(atob(text), (c) => c.charCodeAt(0)).buffer;
}

export function hostOf(cells: ShardCells, index: number): HostBlock | undefined {
  return cells.hosts[hostIndexOf(cells, index) ?? -1];
}

export function hostIndexOf({ hosts }: ShardCells, index: number): number | undefined {
  let [low, high] = [0, hosts.length - 1];
  while (low <= high) {
    const middle = (low + high) >> 1;
    const host = hosts[middle]!;
    if (index < host.first) high = middle - 1;
    else if (index >= host.first + host.count) low = middle + 1;
    else return middle;
  }
  return undefined;
}

export function indexOfShardlet({ ids }: ShardCells, shardlet: number): number | undefined {
  const index = ids.indexOf(shardlet);
  return index === -1 ? undefined : index;
}
