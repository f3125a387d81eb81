/**
 * A topology store and what its hosts hold, both in a few words: for tests of the rules of a restored topology store.
 */
import type { ReplicaDetails, ReplicaMode } from '@foreshard/core/hosts';
import { type Range, slices, WHOLE } from '@foreshard/core/keyspace';
import {
  type Garbage,
  type Host,
  NO_FACTS,
  type Shardlet,
  type ShardletState,
  type Stream,
  type Topology,
} from '@foreshard/core/topology';
import type { Found, Survey } from './survey.ts';

export const VERSION = 20;
export const OPEN: ShardletState = { kind: 'open' };
const [LEFT, RIGHT] = slices(WHOLE, 2) as [Range, Range];

export { LEFT, RIGHT };

export const STREAM: Stream = {
  ...{ id: 1, name: 'main', shardCount: 1, splitKeys: false },
  ...{ retentionMs: null, retentionBytes: null, dedupWindowMs: 900_000 },
};

function host(id: number): Host {
  return {
    ...{
      id,
      name: `h${id}`,
      engine: 'redis',
      url: `redis://127.0.0.1:${6_000 + id}`,
      incarnation: 'run',
      generation: 0,
    },
    ...{ durability: 'always', state: 'active', ...NO_FACTS },
  };
}

/** At host 1, epoch 10, over all positions. */
export function shardlet(id: number, more: Partial<Shardlet> = {}): Shardlet {
  return {
    ...{ id, stream: 1, shard: 0, range: WHOLE, owner: 1, epoch: 10, state: OPEN, parents: [], lost: [] },
    ...more,
  };
}

export function topologyOf(shardlets: readonly Shardlet[], garbage: readonly Garbage[] = []): Topology {
  return { version: VERSION, streams: [STREAM], hosts: [host(1), host(2)], shardlets, garbage };
}

export function replica(hostId: number, id: number, mode: ReplicaMode, epoch = 10, range = WHOLE): Found {
  const info = { shardlet: id, epoch, mode, firstSeq: 1, lastSeq: 5 };
  if (mode === 'dropped') return { ...info, host: hostId };
  const details = { ...info, stream: 1, range, last: 1_000 } as ReplicaDetails;
  return { ...info, host: hostId, details };
}

export function survey(hostId: number, replicas: readonly Found[], createFloor = 0): Survey {
  const { url, incarnation } = host(hostId);
  const marked = { generation: 0, progress: { generation: 0, count: 0 }, mark: '' };
  return { kind: 'surveyed', host: hostId, url, incarnation, ...marked, createFloor, replicas };
}

export function silent(hostId: number): Survey {
  return { kind: 'silent', host: hostId, reason: 'it does not answer' };
}
