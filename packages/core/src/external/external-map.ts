/**
 * An external cluster in the terms of the topology store: one stream of one shard, whose shardlets are the
 * partitions. So recorded load, forecasts and the heat map take it as they take any stream. Its ids lie where the
 * topology store gives none.
 */
import { type Range, slices, WHOLE } from '../keyspace/index.ts';
import { type Host, NO_FACTS, type Shardlet, type Stream, type Topology } from '../topology/index.ts';
import type { ExternalCluster } from './description.ts';

/** Streams of the topology store are counted from 1 and never come here. */
const STREAMS_FROM = 0xf000_0000;
/** Shardlets and hosts of the topology store are counted from 1 as well; a cluster has a million of each. */
const IDS_FROM = 2 ** 40;
export const IDS_PER_CLUSTER = 2 ** 20;

export function streamIdOf({ number }: Pick<ExternalCluster, 'number'>): number {
  return STREAMS_FROM + number;
}

export function partitionId({ number }: Pick<ExternalCluster, 'number'>, partition: number): number {
  return IDS_FROM + number * IDS_PER_CLUSTER + partition;
}

/** Whether the stream is one of an external cluster. */
export function isExternal(streamId: number): boolean {
  return streamId >= STREAMS_FROM;
}

/**
 * Everything of the topology store, and every external cluster beside it; where names meet, the topology store's
 * stream keeps its name.
 */
export function withClusters(topology: Topology, clusters: readonly ExternalCluster[]): Topology {
  if (clusters.length === 0) return topology;
  const parts = clusters.map(topologyOf);
  return {
    ...topology,
    streams: [...parts.flatMap(({ streams }) => streams), ...topology.streams],
    hosts: [...topology.hosts, ...parts.flatMap(({ hosts }) => hosts)],
    shardlets: [...topology.shardlets, ...parts.flatMap(({ shardlets }) => shardlets)],
  };
}

export function topologyOf(cluster: ExternalCluster): Topology {
  const hostIds = new Map(cluster.hosts.map((host) => [host.name, hostId(cluster, host.number)]));
  const ranges = rangesOf(cluster);
  return {
    version: cluster.version,
    streams: [streamOf(cluster)],
    hosts: cluster.hosts.map((host) => hostOf(cluster, host.number, host.name)),
    shardlets: cluster.partitions.map(
      (partition): Shardlet => ({
        id: partitionId(cluster, partition.number),
        stream: streamIdOf(cluster),
        shard: 0,
        range: ranges.get(partition.name)!,
        owner: hostIds.get(partition.host)!,
        epoch: 0,
        state: { kind: 'open' },
        parents: [],
        lost: [],
      }),
    ),
    garbage: [],
  };
}

/** Equal slices in the order of their names, so that neighbours in a picture are neighbours in a list. */
export function rangesOf({ partitions }: Pick<ExternalCluster, 'partitions'>): ReadonlyMap<string, Range> {
  const names = partitions.map(({ name }) => name).sort(byNumberOrName);
  const all = names.length === 0 ? [] : slices(WHOLE, names.length);
  return new Map(names.map((name, i) => [name, all[i]!]));
}

const ORDER = new Intl.Collator('en', { numeric: true });

function byNumberOrName(a: string, b: string): number {
  return ORDER.compare(a, b) || (a < b ? -1 : 1);
}

function hostId({ number }: Pick<ExternalCluster, 'number'>, host: number): number {
  return IDS_FROM + number * IDS_PER_CLUSTER + host;
}

function streamOf(cluster: ExternalCluster): Stream {
  const settings = { retentionMs: null, retentionBytes: null, dedupWindowMs: 900_000 };
  return { id: streamIdOf(cluster), name: cluster.name, shardCount: 1, splitKeys: false, ...settings };
}

/** The engine is a word that the picture of the topology store needs; nothing ever connects to it. */
function hostOf(cluster: ExternalCluster, number: number, name: string): Host {
  return {
    id: hostId(cluster, number),
    name,
    engine: 'redis',
    url: `external://${cluster.name}/${encodeURIComponent(name)}`,
    incarnation: '',
    generation: 0,
    durability: 'always',
    state: 'active',
    ...NO_FACTS,
  };
}
