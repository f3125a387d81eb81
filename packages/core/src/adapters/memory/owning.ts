/** Who may write: creation, seal, open, raise, drop. Every one of them is decided by the epoch alone. */
import type { CreateReply, EpochReply, ParentRef, ReplicaSpec, Stale } from '../../hosts/index.ts';
import {
  type HostState,
  lastSeqOf,
  markChanged,
  nextChange,
  type Replica,
  replicaAt,
  staleOf,
} from './host-state.ts';
import { closeCurrentSet, isForgotten, openNextSet, releaseSets } from './id-sets.ts';

/** Replaces a sealed, shadow or ready replica or a tombstone of a lower epoch, but never an open one. */
export function createShadow(
  state: HostState,
  shardlet: number,
  epoch: number,
  spec: ReplicaSpec,
  now: number,
): CreateReply {
  const found = state.replicas.get(shardlet);
  if (found !== undefined) {
    if (found.epoch === epoch && found.mode !== 'dropped') return { kind: 'created' };
    if (found.epoch >= epoch || found.mode === 'open') return staleOf(state, shardlet);
  }
  if (epoch < state.createFloor) return { kind: 'belowFloor', createFloor: state.createFloor };
  if (found !== undefined && found.mode !== 'dropped') releaseSets(state, found);
  add(state, newReplica(shardlet, epoch, 'shadow', spec), now);
  return { kind: 'created' };
}

/** A child knows everything its parents know: it refers to their closed sets, own and inherited. */
export function createOpen(
  state: HostState,
  shardlet: number,
  epoch: number,
  spec: ReplicaSpec,
  parents: readonly ParentRef[],
  now: number,
): CreateReply {
  const found = state.replicas.get(shardlet);
  if (found !== undefined) {
    if (found.epoch === epoch && found.mode !== 'dropped') return { kind: 'created' };
    if (found.epoch >= epoch || found.mode !== 'dropped') return staleOf(state, shardlet);
  }
  if (epoch < state.createFloor) return { kind: 'belowFloor', createFloor: state.createFloor };
  const child = newReplica(shardlet, epoch, 'open', spec);
  child.last = state.hostLast;
  for (const parent of parents) {
    const sealed = replicaAt(state, parent.shardlet, parent.epoch, 'sealed');
    if (sealed === undefined) return staleOf(state, parent.shardlet);
    child.last = Math.max(child.last, sealed.last);
    child.known.push(...sealed.known.filter((name) => !child.known.includes(name)));
  }
  child.known = child.known.filter((name) => {
    const set = state.idSets.get(name);
    return set !== undefined && !isForgotten(set, now);
  });
  add(state, child, now);
  return { kind: 'created' };
}

export function seal(state: HostState, shardlet: number, epoch: number, now: number): EpochReply {
  const replica = replicaAt(state, shardlet, epoch, 'open', 'sealed');
  if (replica === undefined) return staleOf(state, shardlet);
  if (replica.mode === 'open') {
    replica.mode = 'sealed';
    replica.last = Math.max(replica.last, state.hostLast);
    closeCurrentSet(state, replica, now);
    markChanged(state, replica);
  }
  return { kind: 'done', lastSeq: lastSeqOf(replica) };
}

export function open(state: HostState, shardlet: number, epoch: number): EpochReply {
  const replica = replicaAt(state, shardlet, epoch, 'ready', 'open');
  if (replica === undefined) return staleOf(state, shardlet);
  if (replica.mode === 'ready') {
    replica.mode = 'open';
    replica.last = Math.max(replica.last, state.hostLast);
    markChanged(state, replica);
  }
  return { kind: 'done', lastSeq: lastSeqOf(replica) };
}

export function raise(state: HostState, shardlet: number, epoch: number, now: number): EpochReply {
  const replica = state.replicas.get(shardlet);
  if (replica === undefined || (replica.mode !== 'open' && replica.mode !== 'sealed'))
    return staleOf(state, shardlet);
  if (replica.epoch === epoch && replica.mode === 'open')
    return { kind: 'done', lastSeq: lastSeqOf(replica) };
  if (replica.epoch >= epoch) return staleOf(state, shardlet);
  replica.epoch = epoch;
  replica.last = Math.max(replica.last, state.hostLast);
  if (replica.mode === 'sealed') openNextSet(state, replica, now);
  replica.mode = 'open';
  markChanged(state, replica);
  return { kind: 'done', lastSeq: lastSeqOf(replica) };
}

/** Below the floor nothing can be created any more, so where nothing was no tombstone is needed there. */
export function drop(state: HostState, shardlet: number, epoch: number): { kind: 'dropped' } | Stale {
  const found = state.replicas.get(shardlet);
  if (found !== undefined && found.epoch > epoch) return staleOf(state, shardlet);
  const nothingToDo = found === undefined ? epoch < state.createFloor : isTombstoneAt(found, epoch);
  if (nothingToDo) return { kind: 'dropped' };
  if (found !== undefined && found.mode !== 'dropped') releaseSets(state, found);
  state.replicas.set(shardlet, { shardlet, epoch, mode: 'dropped', change: nextChange(state) });
  return { kind: 'dropped' };
}

export function raiseCreateFloor(state: HostState, floor: number): void {
  if (floor > state.createFloor) state.isChanged = true;
  state.createFloor = Math.max(state.createFloor, floor);
  for (const [shardlet, entry] of state.replicas) {
    if (entry.mode !== 'dropped' || entry.epoch >= state.createFloor) continue;
    state.replicas.delete(shardlet);
    state.isChanged = true;
  }
}

/** Gives an empty store its host id. */
export function adopt(state: HostState, hostId: number): boolean {
  if (state.hostId === undefined && state.replicas.size === 0) {
    state.hostId = hostId;
    state.isChanged = true;
  }
  return state.hostId === hostId;
}

function isTombstoneAt(entry: { epoch: number; mode: string }, epoch: number): boolean {
  return entry.mode === 'dropped' && entry.epoch === epoch;
}

function newReplica(shardlet: number, epoch: number, mode: 'shadow' | 'open', spec: ReplicaSpec): Replica {
  return {
    shardlet,
    epoch,
    bornAt: epoch,
    mode,
    stream: spec.stream,
    range: spec.range,
    dedup: spec.dedup,
    firstSeq: 1,
    log: [],
    last: 0,
    bytes: 0,
    generation: 0,
    current: undefined,
    known: [],
    change: 0,
  };
}

function add(state: HostState, replica: Replica, now: number): void {
  state.replicas.set(replica.shardlet, replica);
  openNextSet(state, replica, now);
  markChanged(state, replica);
}
