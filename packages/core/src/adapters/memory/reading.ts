/** Looking at a host: records, places in time, the frontier, and what is there. Only frontier, promise, mark and admit change anything. */
import type {
  AdmitReply,
  BytesReply,
  FrontierReply,
  IdSetInfo,
  KnownId,
  MarkReply,
  PromiseReply,
  ReadOptions,
  ReadReply,
  ReplicaDetails,
  ReplicaInfo,
  Stale,
  StoredRecord,
} from '../../hosts/index.ts';
import { FRONTIER_LAG_MICROS, framePosition } from '../../hosts/index.ts';
import { type HostState, type IdSet, infoOf, lastSeqOf, type Replica, staleOf } from './host-state.ts';
import { liveSets } from './id-sets.ts';

/** Ids of one `readIds` reply: small enough to copy in one message. */
const IDS_PER_CHUNK = 5_000;

export function read(
  state: HostState,
  shardlet: number,
  from: number,
  minEpoch: number,
  options: ReadOptions,
): ReadReply {
  const replica = readable(state, shardlet);
  if (replica === undefined || replica.epoch < minEpoch) return staleOf(state, shardlet);
  if (from < replica.firstSeq) return { kind: 'gone', firstSeq: replica.firstSeq };
  const { records, nextSeq } = scan(replica, from, options);
  const lastSeq = lastSeqOf(replica);
  return {
    kind: 'records',
    epoch: replica.epoch,
    mode: replica.mode,
    records,
    nextSeq,
    lastSeq,
    last: lastGivenOrPromised(state, replica),
    atEnd: nextSeq > lastSeq,
  };
}

/** Looks at `maxRecords` at most, matching or not, and stops once the bytes it gives reach `maxBytes`. */
function scan(replica: Replica, from: number, options: ReadOptions) {
  const records: StoredRecord[] = [];
  let bytes = 0;
  let nextSeq = from;
  for (const record of replica.log.slice(from - replica.firstSeq).slice(0, options.maxRecords)) {
    nextSeq = record.seq + 1;
    if (options.keyHash !== undefined && framePosition(record.frame).hi !== options.keyHash) continue;
    records.push(record);
    bytes += record.frame.length;
    if (bytes >= options.maxBytes) break;
  }
  return { records, nextSeq };
}

export function seek(state: HostState, shardlet: number, ts: number): { kind: 'seq'; seq: number } | Stale {
  const replica = readable(state, shardlet);
  if (replica === undefined) return staleOf(state, shardlet);
  const later = replica.log.find((record) => record.ts > ts);
  return { kind: 'seq', seq: later?.seq ?? lastSeqOf(replica) + 1 };
}

export function bytesIn(state: HostState, shardlet: number, from: number, to: number): BytesReply {
  const replica = readable(state, shardlet);
  if (replica === undefined) return staleOf(state, shardlet);
  if (from < replica.firstSeq) return { kind: 'gone', firstSeq: replica.firstSeq };
  const counted = replica.log.filter(({ seq }) => seq >= from && seq <= to);
  return { kind: 'bytes', bytes: counted.reduce((sum, { frame }) => sum + frame.length, 0) };
}

/** `changed` is ordered by shardlet; `since` is opaque, 0 asks for everything. */
export function frontier(state: HostState, upToTs: number, since: number, now: number): FrontierReply {
  promise(state, Math.min(upToTs, now - FRONTIER_LAG_MICROS));
  return { hostLast: state.hostLast, ...changedSince(state, since) };
}

export function news(state: HostState, since: number): FrontierReply {
  return { hostLast: state.hostLast, ...changedSince(state, since) };
}

/** Uses a young promise again, as PostgreSQL does. */
export function promised(state: HostState, since: number, ageMicros: number, now: number): PromiseReply {
  const newest = now - FRONTIER_LAG_MICROS;
  if (state.hostLast <= newest - ageMicros) promise(state, newest);
  const restMicros = Math.max(0, Math.min(ageMicros, state.hostLast - newest + ageMicros));
  return { ...news(state, since), restMicros };
}

function promise(state: HostState, ts: number): void {
  if (ts <= state.hostLast) return;
  state.hostLast = ts;
  state.isChanged = true;
}

function changedSince(state: HostState, since: number): Omit<FrontierReply, 'hostLast'> {
  const changed = [...state.replicas.values()].filter((entry) => entry.change > since);
  return { changed: changed.sort(byShardlet).map(infoOf), since: state.changes };
}

/** A repeat tells the promise that is kept: a higher one would be no part of every state with this mark. */
export function mark(
  state: HostState,
  expected: string,
  next: string,
  upToTs: number,
  since: number,
  now: number,
): Omit<Extract<MarkReply, { kind: 'marked' }>, 'progress'> | Extract<MarkReply, { kind: 'otherMark' }> {
  if (state.mark !== next) {
    if (state.mark !== expected) return { kind: 'otherMark', mark: state.mark };
    promise(state, Math.min(upToTs, now - FRONTIER_LAG_MICROS));
    state.mark = next;
    state.markPromise = state.hostLast;
    state.isChanged = true;
  }
  return { kind: 'marked', hostLast: state.markPromise, ...changedSince(state, since) };
}

export function admit(state: HostState, generation: number, upToTs: number, now: number): AdmitReply {
  if (generation <= state.generation) return { kind: 'admitted' };
  if (now < upToTs) return { kind: 'behind', byMicros: upToTs - now };
  promise(state, upToTs);
  state.generation = generation;
  state.isChanged = true;
  return { kind: 'admitted' };
}

export function describe(state: HostState, shardlet: number, now: number): ReplicaDetails | Stale {
  const replica = state.replicas.get(shardlet);
  if (replica === undefined || replica.mode === 'dropped') return staleOf(state, shardlet);
  return {
    ...infoOf(replica),
    stream: replica.stream,
    range: replica.range,
    last: lastGivenOrPromised(state, replica),
    inheritedIdSets: inheritedSets(state, replica, now).map((set) => setInfo(set, now)),
    bytes: replica.bytes,
  };
}

export function list(state: HostState, after: number, limit: number): ReplicaInfo[] {
  return [...state.replicas.values()]
    .filter((entry) => entry.shardlet > after)
    .sort(byShardlet)
    .slice(0, limit)
    .map(infoOf);
}

/** Nothing of a set that is not inherited, still incomplete or forgotten: the next `describe` will not list it. */
export function readIds(
  state: HostState,
  shardlet: number,
  name: string,
  cursor: number,
  now: number,
): { ids: KnownId[]; next: number | undefined } {
  const replica = state.replicas.get(shardlet);
  const set =
    replica === undefined || replica.mode === 'dropped'
      ? undefined
      : inheritedSets(state, replica, now).find((each) => each.name === name);
  if (set === undefined) return { ids: [], next: undefined };
  const all = [...set.entries].flatMap(([field, seqs]) =>
    seqs.map((seq) => ({ field: Uint8Array.from(field, (c) => c.charCodeAt(0)), seq })),
  );
  const end = cursor + IDS_PER_CHUNK;
  return { ids: all.slice(cursor, end), next: end < all.length ? end : undefined };
}

function readable(state: HostState, shardlet: number): Replica | undefined {
  const entry = state.replicas.get(shardlet);
  return entry === undefined || entry.mode === 'dropped' || entry.mode === 'shadow' ? undefined : entry;
}

/** What the host promised binds an open replica as well; sealing writes it down. */
function lastGivenOrPromised(state: HostState, replica: Replica): number {
  return replica.mode === 'open' ? Math.max(replica.last, state.hostLast) : replica.last;
}

function inheritedSets(state: HostState, replica: Replica, now: number): IdSet[] {
  return liveSets(state, replica, now).filter((set) => set.origin !== replica.shardlet && set.complete);
}

function setInfo(set: IdSet, now: number): IdSetInfo {
  return { name: set.name, origin: set.origin, count: set.count, timeLeftMicros: set.forgetAt - now };
}

function byShardlet(a: { shardlet: number }, b: { shardlet: number }): number {
  return a.shardlet - b.shardlet;
}
