/**
 * How a shadow becomes a faithful copy: records and id sets come in, wrong ones go out, and `ready` compares
 * it with what the sealed source has. After that none of these operations has an effect.
 */
import type {
  Digest,
  EpochReply,
  IdSetInfo,
  IngestReply,
  KnownId,
  ReadyReply,
  Stale,
  StoredRecord,
} from '../../hosts/index.ts';
import { addToDigest, EMPTY_DIGEST, sameDigest } from '../../hosts/index.ts';
import { invariant } from '../../kernel/index.ts';
import { type HostState, lastSeqOf, markChanged, type Replica, replicaAt, staleOf } from './host-state.ts';
import { addId, idField, isForgotten, newIdSet, removeId } from './id-sets.ts';

/** Takes all of the records or, with a gap or a conflict, none. REQUIRES consecutive records. */
export function ingest(
  state: HostState,
  shardlet: number,
  epoch: number,
  records: readonly StoredRecord[],
  now: number,
): IngestReply {
  records.forEach((record, i) => {
    invariant(record.seq === records[0]!.seq + i, 'the records of an ingest follow one another');
  });
  const shadow = replicaAt(state, shardlet, epoch, 'shadow');
  if (shadow === undefined) return staleOf(state, shardlet);
  const lastSeq = lastSeqOf(shadow);
  if (records.length > 0 && records[0]!.seq > lastSeq + 1) return { kind: 'gap', lastSeq };
  const conflict = records.find((record) => differs(shadow, record));
  if (conflict !== undefined) return { kind: 'conflict', seq: conflict.seq };

  const fresh = records.filter((record) => record.seq > lastSeq);
  for (const record of fresh) keep(shadow, record, now);
  if (fresh.length > 0) markChanged(state, shadow);
  return { kind: 'ingested', lastSeq: lastSeqOf(shadow) };
}

/** What was trimmed cannot be compared and does not matter. */
function differs(shadow: Replica, record: StoredRecord): boolean {
  if (record.seq < shadow.firstSeq || record.seq > lastSeqOf(shadow)) return false;
  const held = shadow.log[record.seq - shadow.firstSeq]!;
  return held.ts !== record.ts || !sameBytes(held.frame, record.frame);
}

/** The ids of young records travel with them; older ones are past every retry within the window. */
function keep(shadow: Replica, record: StoredRecord, now: number): void {
  // the `slice` of a Buffer would be a view of what its sender may use again
  const frame = new Uint8Array(record.frame);
  shadow.log.push({ seq: record.seq, ts: record.ts, frame });
  shadow.bytes += frame.length;
  const { windowMicros, leadMicros } = shadow.dedup;
  if (record.ts > now - windowMicros - leadMicros) addId(shadow.current!, idField(frame), record.seq);
}

/**
 * Time travels as time left, since the clocks of two hosts differ; the first chunk fixes it. A set that is
 * here already and complete stays as it is. A forgotten one begins anew.
 */
export function ingestIds(
  state: HostState,
  shardlet: number,
  epoch: number,
  info: IdSetInfo,
  ids: readonly KnownId[],
  complete: boolean,
  now: number,
): { kind: 'ingested' } | Stale {
  const shadow = replicaAt(state, shardlet, epoch, 'shadow');
  if (shadow === undefined) return staleOf(state, shardlet);
  let set = state.idSets.get(info.name);
  if (set === undefined || isForgotten(set, now)) {
    set = newIdSet(info.name, info.origin, now);
    set.forgetAt = now + info.timeLeftMicros;
    set.complete = false;
    state.idSets.set(info.name, set);
    state.isChanged = true;
  }
  if (!set.complete) {
    const { count } = set;
    for (const id of ids) addId(set, String.fromCharCode(...id.field), id.seq);
    set.complete = complete;
    if (set.count !== count || complete) state.isChanged = true;
  }
  if (!shadow.known.includes(info.name)) {
    shadow.known.push(info.name);
    state.isChanged = true;
  }
  return { kind: 'ingested' };
}

/** Never below firstSeq - 1: what was trimmed was trimmed at the source as well. */
export function truncate(state: HostState, shardlet: number, epoch: number, seq: number): EpochReply {
  const shadow = replicaAt(state, shardlet, epoch, 'shadow');
  if (shadow === undefined) return staleOf(state, shardlet);
  const keepTo = Math.max(seq, shadow.firstSeq - 1);
  if (keepTo < lastSeqOf(shadow)) {
    for (const record of shadow.log.splice(keepTo - shadow.firstSeq + 1)) {
      shadow.bytes -= record.frame.length;
      removeId(shadow.current!, idField(record.frame), record.seq);
    }
    markChanged(state, shadow);
  }
  return { kind: 'done', lastSeq: lastSeqOf(shadow) };
}

export function digest(
  state: HostState,
  shardlet: number,
  epoch: number,
  from: number,
  to: number,
): { kind: 'digest'; digest: Digest } | Stale {
  const replica = replicaAt(state, shardlet, epoch, 'shadow', 'ready', 'open', 'sealed');
  if (replica === undefined) return staleOf(state, shardlet);
  return { kind: 'digest', digest: digestOf(replica, from, to) };
}

function digestOf(replica: Replica, from: number, to: number): Digest {
  return replica.log
    .filter((record) => record.seq >= from && record.seq <= to)
    .reduce((sum, { seq, ts, frame }) => addToDigest(sum, seq, ts, frame), EMPTY_DIGEST);
}

/**
 * Records that a migration may still have to carry as ids are spared; they are the ones younger than
 * window + lead. A shadow only follows its source, which spared them; it may even be trimmed past its end.
 */
export function trim(
  state: HostState,
  shardlet: number,
  epoch: number,
  upTo: number,
  now: number,
): { kind: 'trimmed'; firstSeq: number } | Stale {
  const replica = replicaAt(state, shardlet, epoch, 'open', 'sealed', 'ready', 'shadow');
  if (replica === undefined) return staleOf(state, shardlet);
  const target = replica.mode === 'shadow' ? upTo : Math.min(upTo, firstYoungSeq(replica, now));
  cutBelow(state, replica, target);
  return { kind: 'trimmed', firstSeq: replica.firstSeq };
}

function firstYoungSeq(replica: Replica, now: number): number {
  const oldest = now - replica.dedup.windowMicros - replica.dedup.leadMicros;
  return replica.log.find((record) => record.ts > oldest)?.seq ?? lastSeqOf(replica) + 1;
}

/** Ids outlive their records: an event that was trimmed is still known until its set is forgotten. */
function cutBelow(state: HostState, replica: Replica, seq: number): void {
  if (seq <= replica.firstSeq) return;
  for (const record of replica.log.splice(0, seq - replica.firstSeq)) replica.bytes -= record.frame.length;
  replica.firstSeq = seq;
  markChanged(state, replica);
}

export function ready(
  state: HostState,
  shardlet: number,
  epoch: number,
  expect: { firstSeq: number; finalSeq: number; digest: Digest; idSets: readonly string[]; last: number },
  now: number,
): ReadyReply {
  const shadow = replicaAt(state, shardlet, epoch, 'shadow', 'ready');
  if (shadow === undefined) return staleOf(state, shardlet);
  if (shadow.mode === 'ready') return { kind: 'ready' };
  if (lastSeqOf(shadow) !== expect.finalSeq) return { kind: 'refused', because: 'lastSeq' };
  if (shadow.firstSeq > expect.firstSeq || expect.firstSeq > expect.finalSeq + 1)
    return { kind: 'refused', because: 'firstSeq' };
  const held = digestOf(shadow, expect.firstSeq, expect.finalSeq);
  if (!sameDigest(held, expect.digest)) return { kind: 'refused', because: 'digest' };
  if (!expect.idSets.every((name) => hasIdSet(state, shadow, name, now)))
    return { kind: 'refused', because: 'idSets' };

  shadow.mode = 'ready';
  shadow.last = Math.max(expect.last, state.hostLast);
  shadow.known = shadow.known.filter((name) => state.idSets.has(name));
  cutBelow(state, shadow, expect.firstSeq);
  markChanged(state, shadow);
  return { kind: 'ready' };
}

/** A set whose time ended after it began to come in is not missed. */
function hasIdSet(state: HostState, shadow: Replica, name: string, now: number): boolean {
  if (!shadow.known.includes(name)) return false;
  const set = state.idSets.get(name);
  return set === undefined || set.complete || isForgotten(set, now);
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
