/**
 * What a host remembers. This is the reference of the protocol's state: the Redis and PostgreSQL adapters
 * keep the same facts in their own form, and a differential test holds all three to equal replies.
 */
import type { DedupPolicy, ReplicaInfo, ReplicaMode, Stale, StoredRecord } from '../../hosts/index.ts';
import type { Range } from '../../keyspace/index.ts';

/** An id as sets keep it (ID_FIELD of the frame, as latin1) -> the seqs its events have in the origin. */
export type IdEntries = Map<string, number[]>;

export interface IdSet {
  /** "<shardlet>.<epoch at creation>.<generation>": never given twice */
  readonly name: string;
  /** the shardlet whose events it names */
  readonly origin: number;
  readonly openedAt: number;
  readonly entries: IdEntries;
  /** entries, counting each seq */
  count: number;
  /** Infinity while it is current; from this time on the set counts as forgotten, wherever it is still kept */
  forgetAt: number;
  /** false while its ids are still being copied from another host */
  complete: boolean;
}

export interface Replica {
  readonly shardlet: number;
  readonly bornAt: number;
  readonly stream: number;
  readonly range: Range;
  epoch: number;
  mode: Exclude<ReplicaMode, 'dropped'>;
  /** the latest policy that createShadow, createOpen or append named */
  dedup: DedupPolicy;
  firstSeq: number;
  /** without gaps, from firstSeq on */
  log: StoredRecord[];
  /** highest timestamp given or promised here; 0 on a shadow until `ready` tells it */
  last: number;
  bytes: number;
  generation: number;
  /** undefined while sealed */
  current: IdSet | undefined;
  /** names of the closed sets it refers to, own and inherited, newest first */
  known: string[];
  /** the host's change counter when epoch, mode, firstSeq or lastSeq changed last */
  change: number;
}

/** What `drop` leaves: nothing at or below its epoch can come back. */
export interface Tombstone {
  readonly shardlet: number;
  readonly epoch: number;
  readonly mode: 'dropped';
  readonly change: number;
}

export interface HostState {
  hostId: number | undefined;
  /** no record gets a timestamp at or below this any more */
  hostLast: number;
  /** nothing is created at an epoch below this */
  createFloor: number;
  /** counts changes of replicas, for `frontier` */
  changes: number;
  generation: number;
  /** of the calls that changed something */
  count: number;
  /** has the call that runs changed anything? */
  isChanged: boolean;
  mark: string;
  markPromise: number;
  readonly replicas: Map<number, Replica | Tombstone>;
  readonly idSets: Map<string, IdSet>;
}

export function emptyHostState(): HostState {
  return {
    hostId: undefined,
    hostLast: 0,
    createFloor: 0,
    changes: 0,
    generation: 0,
    count: 0,
    isChanged: false,
    mark: '',
    markPromise: 0,
    replicas: new Map(),
    idSets: new Map(),
  };
}

export function lastSeqOf(replica: Replica): number {
  return replica.firstSeq + replica.log.length - 1;
}

/** The replica if it is there in one of the modes, at exactly this epoch. */
export function replicaAt(
  state: HostState,
  shardlet: number,
  epoch: number,
  ...modes: readonly Replica['mode'][]
): Replica | undefined {
  const found = state.replicas.get(shardlet);
  if (found === undefined || found.mode === 'dropped') return undefined;
  return found.epoch === epoch && modes.includes(found.mode) ? found : undefined;
}

/** The refusal that tells what is there instead of what was asked for. */
export function staleOf(state: HostState, shardlet: number): Stale {
  const found = state.replicas.get(shardlet);
  return found === undefined
    ? { kind: 'stale', epoch: 0, mode: 'absent' }
    : { kind: 'stale', epoch: found.epoch, mode: found.mode };
}

/** The next number for what changed of a replica; such a call counts. */
export function nextChange(state: HostState): number {
  state.isChanged = true;
  return ++state.changes;
}

export function markChanged(state: HostState, replica: Replica): void {
  replica.change = nextChange(state);
}

export function infoOf(entry: Replica | Tombstone): ReplicaInfo {
  const { shardlet, epoch, mode } = entry;
  return entry.mode === 'dropped'
    ? { shardlet, epoch, mode, firstSeq: 1, lastSeq: 0 }
    : { shardlet, epoch, mode, firstSeq: entry.firstSeq, lastSeq: lastSeqOf(entry) };
}
