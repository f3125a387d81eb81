/** Replies of the functions as the values of the port. A reply is a list that begins with its kind. */
import {
  type FrontierReply,
  type KnownId,
  REPLICA_MODES,
  type ReadOptions,
  type ReadReply,
  type ReplicaDetails,
  type ReplicaInfo,
  type ReplicaMode,
  type Stale,
  type StoredRecord,
  splitFrames,
} from '../../hosts/index.ts';
import { invariant } from '../../kernel/index.ts';

export type Reply = readonly (number | Buffer | null)[];

/** The functions number the modes in the order of the port, from 1. */
export function modeOf(code: number): ReplicaMode {
  const mode = REPLICA_MODES[code - 1];
  invariant(mode !== undefined, `unknown mode ${code}`);
  return mode;
}

export function staleReply(epoch: number, mode: number): Stale {
  return { kind: 'stale', epoch, mode: mode === 0 ? 'absent' : modeOf(mode) };
}

export function kindOf(reply: Reply): string {
  return String(reply[0]);
}

export function numberAt(reply: Reply, index: number): number {
  return reply[index] as number;
}

export function textAt(reply: Reply, index: number): string {
  return String(reply[index]);
}

/** Without what a Buffer adds: the port speaks of plain bytes. */
function bytesAt(reply: Reply, index: number): Uint8Array {
  const buffer = reply[index] as Buffer;
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length);
}

/** The refusal every operation shares; undefined for any other reply. */
export function asStale(reply: Reply): Stale | undefined {
  return kindOf(reply) === 'stale' ? staleReply(numberAt(reply, 1), numberAt(reply, 2)) : undefined;
}

const INFO_FIELDS = 5;

export function infoAt(reply: Reply, at: number): ReplicaInfo {
  const [shardlet, epoch, mode, firstSeq, lastSeq] = reply.slice(at, at + INFO_FIELDS) as number[];
  return { shardlet: shardlet!, epoch: epoch!, mode: modeOf(mode!), firstSeq: firstSeq!, lastSeq: lastSeq! };
}

export function infosFrom(reply: Reply, from: number): ReplicaInfo[] {
  const count = (reply.length - from) / INFO_FIELDS;
  return Array.from({ length: count }, (_, i) => infoAt(reply, from + i * INFO_FIELDS));
}

/** hostLast and the new `since`, then what changed. */
export function frontierFrom(reply: Reply, from: number): FrontierReply {
  const changed = infosFrom(reply, from + 2).sort((a, b) => a.shardlet - b.shardlet);
  return { hostLast: numberAt(reply, from), changed, since: numberAt(reply, from + 1) };
}

const DETAIL_FIELDS = 1 + INFO_FIELDS + 7;
const ID_SET_FIELDS = 4;

export function detailsOf(reply: Reply): ReplicaDetails {
  const [stream, fromHi, fromLo, toHi, toLo, last, bytes] = reply.slice(
    1 + INFO_FIELDS,
    DETAIL_FIELDS,
  ) as number[];
  const sets = (reply.length - DETAIL_FIELDS) / ID_SET_FIELDS;
  return {
    ...infoAt(reply, 1),
    stream: stream!,
    range: { from: { hi: fromHi!, lo: fromLo! }, to: { hi: toHi!, lo: toLo! } },
    last: last!,
    inheritedIdSets: Array.from({ length: sets }, (_, i) =>
      idSetAt(reply, DETAIL_FIELDS + i * ID_SET_FIELDS),
    ),
    bytes: bytes!,
  };
}

function idSetAt(reply: Reply, at: number) {
  return {
    name: textAt(reply, at),
    origin: numberAt(reply, at + 1),
    count: numberAt(reply, at + 2),
    timeLeftMicros: numberAt(reply, at + 3),
  };
}

const READ_HEADER_FIELDS = 6;
const RUN_FIELDS = 3;

/** REQUIRES a reply that is not stale. */
export function readReply(reply: Reply, options: ReadOptions): ReadReply {
  if (kindOf(reply) === 'gone') return { kind: 'gone', firstSeq: numberAt(reply, 1) };
  const [epoch, mode, lastSeq, last, seen] = reply.slice(1, READ_HEADER_FIELDS) as number[];
  const { records, isCut } = takeRecords(reply, options.maxBytes);
  const nextSeq = isCut ? records.at(-1)!.seq + 1 : seen! + 1;
  return {
    kind: 'records',
    epoch: epoch!,
    mode: modeOf(mode!) as Exclude<ReplicaMode, 'dropped'>,
    records,
    nextSeq,
    lastSeq: lastSeq!,
    last: last!,
    atEnd: nextSeq > lastSeq!,
  };
}

/** The host stops at the end of an entry; here the records stop at the one that reaches the limit. */
function takeRecords(reply: Reply, maxBytes: number): { records: StoredRecord[]; isCut: boolean } {
  const records: StoredRecord[] = [];
  let bytes = 0;
  for (let at = READ_HEADER_FIELDS; at < reply.length; at += RUN_FIELDS) {
    const [seq, ts] = [numberAt(reply, at), numberAt(reply, at + 1)];
    for (const [k, frame] of splitFrames(bytesAt(reply, at + 2)).entries()) {
      records.push({ seq: seq + k, ts: ts + k, frame });
      bytes += frame.length;
      if (bytes >= maxBytes) return { records, isCut: true };
    }
  }
  return { records, isCut: false };
}

export function idsOf(reply: Reply): { ids: KnownId[]; next: number | undefined } {
  const ids: KnownId[] = [];
  for (let at = 1; at < reply.length; at += 2)
    ids.push({ field: bytesAt(reply, at), seq: numberAt(reply, at + 1) });
  const next = numberAt(reply, 0);
  return { ids, next: next < 0 ? undefined : next };
}
