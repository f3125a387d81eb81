/**
 * Which events a replica knows already. A replica has one current set, which takes the ids of what is
 * stored, and refers to closed ones, which never change and are forgotten one window after their closing.
 * So an id is known for one to two windows; split, roll and merge hand on references, not copies.
 *
 * A set keeps 7 bytes of the identity (ID_FIELD) and the seq. Where such an entry meets an event, the
 * stored frame decides whether it is the same event; where the frame is trimmed or not on this host, the
 * 7 bytes do. Two events that share them are two entries.
 */
import { frameIdentity, ID_FIELD } from '../../hosts/index.ts';
import { type HostState, type IdSet, lastSeqOf, type Replica } from './host-state.ts';

export function idField(frame: Uint8Array): string {
  return String.fromCharCode(...frame.subarray(ID_FIELD.from, ID_FIELD.to));
}

export function newIdSet(name: string, origin: number, openedAt: number): IdSet {
  return { name, origin, openedAt, entries: new Map(), count: 0, forgetAt: Infinity, complete: true };
}

/** Adds an entry; one that is there already stays as it is. */
export function addId(set: IdSet, field: string, seq: number): void {
  const seqs = set.entries.get(field);
  if (seqs === undefined) set.entries.set(field, [seq]);
  else if (seqs.includes(seq)) return;
  else seqs.push(seq);
  set.count++;
}

export function removeId(set: IdSet, field: string, seq: number): void {
  const seqs = set.entries.get(field);
  if (!seqs?.includes(seq)) return;
  if (seqs.length === 1) set.entries.delete(field);
  else seqs.splice(seqs.indexOf(seq), 1);
  set.count--;
}

/** A time is over from its last microsecond on: a set is remembered for exactly one window. */
export function isForgotten(set: IdSet, now: number): boolean {
  return set.forgetAt <= now;
}

export function openNextSet(state: HostState, replica: Replica, now: number): void {
  replica.generation++;
  const name = `${replica.shardlet}.${replica.bornAt}.${replica.generation}`;
  replica.current = newIdSet(name, replica.shardlet, now);
  state.idSets.set(name, replica.current);
}

/** An empty set is not worth a reference. */
export function closeCurrentSet(state: HostState, replica: Replica, now: number): void {
  const set = replica.current!;
  replica.current = undefined;
  if (set.count === 0) {
    state.idSets.delete(set.name);
    return;
  }
  set.forgetAt = now + replica.dedup.windowMicros;
  replica.known.unshift(set.name);
}

/** Called before the events of an append are looked up, so no id stays current for longer than a window. */
export function rotateWhenDue(state: HostState, replica: Replica, now: number): boolean {
  if (now - replica.current!.openedAt < replica.dedup.windowMicros) return false;
  closeCurrentSet(state, replica, now);
  openNextSet(state, replica, now);
  return true;
}

/** The sets in which `replica` looks, in order: the current one, then the closed ones, newest first. */
export function liveSets(state: HostState, replica: Replica, now: number): IdSet[] {
  const closed = replica.known
    .map((name) => state.idSets.get(name))
    .filter((set) => set !== undefined)
    .filter((set) => !isForgotten(set, now));
  return replica.current === undefined ? closed : [replica.current, ...closed];
}

export interface KnownEvent {
  readonly shardlet: number;
  readonly seq: number | undefined;
  readonly ts: number | undefined;
}

/** Where an event is stored already; within a set the newest entry is looked at first. */
export function findKnown(
  state: HostState,
  sets: readonly IdSet[],
  frame: Uint8Array,
): KnownEvent | undefined {
  const field = idField(frame);
  for (const set of sets) {
    for (const seq of (set.entries.get(field) ?? []).toSorted((a, b) => b - a)) {
      const stored = storedRecord(state, set.origin, seq);
      if (stored === 'trimmed') return { shardlet: set.origin, seq: undefined, ts: undefined };
      if (stored === 'elsewhere') return { shardlet: set.origin, seq, ts: undefined };
      if (frameIdentity(stored.frame) === frameIdentity(frame))
        return { shardlet: set.origin, seq, ts: stored.ts };
    }
  }
  return undefined;
}

/** A shadow's records are not proven yet, so it counts as `elsewhere`. */
function storedRecord(
  state: HostState,
  origin: number,
  seq: number,
): Replica['log'][number] | 'trimmed' | 'elsewhere' {
  const replica = state.replicas.get(origin);
  if (replica === undefined || replica.mode === 'dropped' || replica.mode === 'shadow') return 'elsewhere';
  if (seq < replica.firstSeq) return 'trimmed';
  return seq > lastSeqOf(replica) ? 'elsewhere' : replica.log[seq - replica.firstSeq]!;
}

/** The replica goes: so do the sets to which no other replica on this host refers. */
export function releaseSets(state: HostState, replica: Replica): void {
  const inUse = new Set<string>();
  for (const other of state.replicas.values()) {
    if (other === replica || other.mode === 'dropped') continue;
    if (other.current !== undefined) inUse.add(other.current.name);
    for (const name of other.known) inUse.add(name);
  }
  const own = replica.current === undefined ? [] : [replica.current.name];
  for (const name of [...own, ...replica.known]) if (!inUse.has(name)) state.idSets.delete(name);
}

/**
 * Frees at most `limit` ids of forgotten sets. A shadow keeps the names: `ready` asks whether the set was
 * there, and its answer must not depend on when this ran.
 */
export function forgetIds(state: HostState, now: number, limit: number): number {
  let freed = 0;
  for (const set of [...state.idSets.values()].filter((each) => isForgotten(each, now))) {
    for (const [field, seqs] of set.entries) {
      if (freed + seqs.length > limit) return freed;
      set.entries.delete(field);
      set.count -= seqs.length;
      freed += seqs.length;
    }
    state.idSets.delete(set.name);
    forgetName(state, set.name);
  }
  return freed;
}

function forgetName(state: HostState, name: string): void {
  for (const replica of state.replicas.values()) {
    if (replica.mode === 'dropped' || replica.mode === 'shadow') continue;
    replica.known = replica.known.filter((each) => each !== name);
  }
}
