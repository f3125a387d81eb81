/**
 * The append: fences by epoch, refuses what is outside or ahead, drops what is known, and gives the rest
 * consecutive seqs and timestamps. The order of the checks is part of the protocol, since each has its
 * own reply: stale, outside, ahead, then the id set rotates, then tooManyIds.
 */

import type { AppendGroup, AppendReply, DedupPolicy, DuplicateOutcome } from '../../hosts/index.ts';
import {
  EDGE_CLOCK_TOLERANCE_MICROS,
  frameIdentity,
  framePosition,
  IDS_PER_SET_MAX,
  splitFrames,
} from '../../hosts/index.ts';
import { invariant } from '../../kernel/index.ts';
import { contains } from '../../keyspace/index.ts';
import { type HostState, lastSeqOf, markChanged, type Replica, replicaAt, staleOf } from './host-state.ts';
import { addId, findKnown, idField, liveSets, rotateWhenDue } from './id-sets.ts';

export function appendGroup(
  state: HostState,
  group: AppendGroup,
  now: number,
  idsPerSetMax = IDS_PER_SET_MAX,
): AppendReply {
  const replica = replicaAt(state, group.shardlet, group.epoch, 'open');
  if (replica === undefined) return staleOf(state, group.shardlet);
  const frames = splitFrames(group.frames);
  invariant(frames.length === group.count, 'a group counts its frames');
  const outside = frames.findIndex((frame) => !contains(replica.range, framePosition(frame)));
  if (outside >= 0) return { kind: 'outside', index: outside };
  const aheadMicros = group.tokenTs - (now + EDGE_CLOCK_TOLERANCE_MICROS);
  if (aheadMicros > 0) return { kind: 'ahead', aheadMicros };

  adoptPolicy(state, replica, group.dedup);
  if (rotateWhenDue(state, replica, now)) state.isChanged = true;
  const sorted = sortOut(state, replica, frames, group, now);
  if (sorted.fresh.length > 0 && replica.current!.count + sorted.fresh.length > idsPerSetMax)
    return { kind: 'tooManyIds' };

  const firstSeq = lastSeqOf(replica) + 1;
  const firstTs = nextTimestamp(state, replica, group, now);
  store(state, replica, sorted.fresh, firstSeq, firstTs);
  const duplicates = sorted.duplicates.map((each) => withTimeInGroup(each, replica, firstSeq, firstTs));
  const { expired } = sorted;
  return { kind: 'appended', firstSeq, firstTs, stored: sorted.fresh.length, duplicates, expired };
}

function adoptPolicy(state: HostState, replica: Replica, dedup: DedupPolicy): void {
  const { windowMicros, leadMicros } = replica.dedup;
  if (windowMicros !== dedup.windowMicros || leadMicros !== dedup.leadMicros) state.isChanged = true;
  replica.dedup = dedup;
}

/** What repeats an event of its own group has that event's time, which is given last. */
function withTimeInGroup(
  each: DuplicateOutcome,
  replica: Replica,
  firstSeq: number,
  firstTs: number,
): DuplicateOutcome {
  const { shardlet, seq = 0 } = each;
  return shardlet === replica.shardlet && seq >= firstSeq ? { ...each, ts: firstTs + seq - firstSeq } : each;
}

interface SortedOut {
  readonly fresh: readonly Uint8Array[];
  readonly duplicates: readonly DuplicateOutcome[];
  readonly expired: readonly number[];
}

/**
 * A known event is a duplicate even when its id has expired meanwhile: the client learns that it was
 * stored. The same event twice in one group is a duplicate of its first place.
 */
function sortOut(
  state: HostState,
  replica: Replica,
  frames: readonly Uint8Array[],
  group: AppendGroup,
  now: number,
): SortedOut {
  const sets = liveSets(state, replica, now);
  const fresh: Uint8Array[] = [];
  const seqInGroup = new Map<string, number>();
  const duplicates: DuplicateOutcome[] = [];
  const expired: number[] = [];
  frames.forEach((frame, index) => {
    const identity = frameIdentity(frame);
    const seq = seqInGroup.get(identity);
    const known =
      seq === undefined ? findKnown(state, sets, frame) : { shardlet: replica.shardlet, seq, ts: undefined };
    if (known !== undefined) duplicates.push({ index, ...known });
    else if (isExpired(group.idTimes?.[index] ?? 0, group, now)) expired.push(index);
    else {
      fresh.push(frame);
      seqInGroup.set(identity, lastSeqOf(replica) + fresh.length);
    }
  });
  return { fresh, duplicates, expired };
}

/**
 * Past window - lead the ids of an event may be forgotten, so a time that old is refused. A time ahead of
 * the clock needs no rule of its own here: it is not old, so the event is looked up like an untimed one.
 */
function isExpired(idTime: number, group: AppendGroup, now: number): boolean {
  return idTime > 0 && idTime < now - (group.dedup.windowMicros - group.dedup.leadMicros);
}

/** The edge's time is believed within a second of the host's; above all that was given, promised or handed back. */
function nextTimestamp(state: HostState, replica: Replica, group: AppendGroup, now: number): number {
  const earliest = now - EDGE_CLOCK_TOLERANCE_MICROS;
  const latest = now + EDGE_CLOCK_TOLERANCE_MICROS;
  const edgeTs = Math.min(Math.max(group.edgeTs, earliest), latest);
  return Math.max(edgeTs, replica.last + 1, state.hostLast + 1, group.tokenTs + 1);
}

function store(
  state: HostState,
  replica: Replica,
  fresh: readonly Uint8Array[],
  firstSeq: number,
  firstTs: number,
): void {
  if (fresh.length === 0) return;
  fresh.forEach((each, k) => {
    // the caller may use its buffer again, and the `slice` of a Buffer is a view of it
    const frame = new Uint8Array(each);
    replica.log.push({ seq: firstSeq + k, ts: firstTs + k, frame });
    replica.bytes += frame.length;
    addId(replica.current!, idField(frame), firstSeq + k);
  });
  replica.last = firstTs + fresh.length - 1;
  markChanged(state, replica);
}
