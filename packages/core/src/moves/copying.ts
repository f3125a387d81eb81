/**
 * How a shadow is filled: the id sets that the source inherits, then its records, chunk by chunk, each chunk
 * compared by digests of both sides while the next one is on its way. What differs is cut off and copied
 * again. Everything is found from the two replicas, so a copy that was broken off anywhere goes on there.
 *
 * The digests of the source add up: what was compared before the seal is not summed again while edges wait.
 * Then only the source is summed, beside what is still copied, and `ready` compares it with the copy, which
 * has kept its own sums. Where that finds a difference the runs of both sides tell the place.
 */
import {
  type Digest,
  EMPTY_DIGEST,
  FRAME_HEADER_BYTES,
  type IdSetInfo,
  type ReplicaDetails,
  type StoredRecord,
  sameDigest,
} from '../hosts/index.ts';
import {
  type Action,
  type Answer,
  CHUNK_BYTES_DEFAULT,
  type MoveOrder,
  type Outcome,
  stale,
} from '../machines/index.ts';
import { addDigests } from './digests.ts';
import type { MoveTask } from './move-task.ts';

export interface Span {
  readonly from: number;
  readonly to: number;
}

export interface Copy {
  readonly source: ReplicaDetails;
  /** of the copy: first and last seq it holds */
  readonly firstSeq: number;
  readonly lastSeq: number;
  /** the sum of the source over what both sides hold alike, from `from` to `to` */
  readonly verified: Span & { readonly digest: Digest };
  readonly setsLeft: readonly IdSetInfo[];
  /** read from the source and not yet on its way to the copy */
  readonly chunk: readonly StoredRecord[];
  /** the last read has come to the end of the source */
  readonly atEnd: boolean;
  readonly chunkBytes: number;
  /** what the two sides have answered about the span that is being compared */
  readonly sums: { readonly source?: Digest; readonly copy?: Digest };
  readonly comparing: Span | undefined;
  /** edges wait: the sums of the source are believed, as `ready` compares them with the copy */
  readonly hurries: boolean;
}

/** REQUIRES what `describe` has told of both sides, after the shadow was created. */
export function startCopy(source: ReplicaDetails, copy: ReplicaDetails): Copy {
  const here = new Set(copy.inheritedIdSets.map((set) => set.name));
  const from = Math.max(source.firstSeq, copy.firstSeq);
  return {
    source,
    firstSeq: copy.firstSeq,
    lastSeq: copy.lastSeq,
    verified: { from, to: from - 1, digest: EMPTY_DIGEST },
    setsLeft: source.inheritedIdSets.filter((set) => !here.has(set.name)),
    chunk: [],
    // what takes no appends has no more than it has told
    atEnd: source.mode !== 'open' && copy.lastSeq >= source.lastSeq,
    chunkBytes: CHUNK_BYTES_DEFAULT,
    sums: {},
    comparing: undefined,
    hurries: false,
  };
}

/** The same copy after both sides were asked again: what was compared stays compared while it is all there. */
export function lookedAgain(before: Copy, source: ReplicaDetails, copy: ReplicaDetails): Copy {
  const fresh = startCopy(source, copy);
  const { verified, chunkBytes, hurries } = before;
  const isThere = hurries || verified.to <= copy.lastSeq;
  const keeps = verified.from === fresh.verified.from && isThere;
  return { ...fresh, chunkBytes, hurries, ...(keeps ? { verified } : {}) };
}

/** The source takes no more appends: what is there is all there will be. */
export function hurried(copy: Copy, finalSeq: number): Copy {
  return { ...copy, hurries: true, source: { ...copy.source, lastSeq: finalSeq } };
}

/** Nothing is believed any more: both sides are summed again, run by run. */
export function doubted(copy: Copy): Copy {
  return { ...copy, hurries: false, verified: { ...copy.verified, from: -1 } };
}

/** When this one is ingested the copy has all there is, and all of it is summed. */
export function isLast(copy: Copy, actions: readonly Action[], finalSeq: number): boolean {
  const [action] = actions;
  if (actions.length !== 1 || action?.kind !== 'ingest' || !copy.hurries) return false;
  return action.records.at(-1)!.seq === finalSeq && copy.verified.to === finalSeq;
}

export function withOrder(copy: Copy, order: MoveOrder): Copy {
  return order.kind === 'go' ? { ...copy, chunkBytes: order.chunkBytes } : copy;
}

/** Records that the copy lacks, as far as it is known. */
export function lagOf(copy: Copy): number {
  return Math.max(0, copy.source.lastSeq - copy.lastSeq);
}

export function bytesOf(records: readonly StoredRecord[]): number {
  return records.reduce((sum, { frame }) => sum + frame.length, 0);
}

/** What to do next, side by side. Nothing: both sides hold the same, up to the last known seq of the source. */
export function nextOfCopy(task: MoveTask, copy: Copy): { readonly copy: Copy; readonly actions: Action[] } {
  const { id: shardlet } = task.shardlet;
  const { source: host } = task.move;
  const [set] = copy.setsLeft;
  if (set !== undefined) return { copy, actions: [{ kind: 'readIds', host, shardlet, set, cursor: 0 }] };
  if (copy.lastSeq + 1 < copy.source.firstSeq)
    return { copy, actions: [{ kind: 'trim', ...onCopy(task), upTo: copy.source.firstSeq }] };
  if (copy.firstSeq > copy.source.firstSeq)
    return { copy, actions: [{ kind: 'trim', ...onSource(task), upTo: copy.firstSeq }] };
  const actions: Action[] = [];
  const lastRead = copy.chunk.at(-1)?.seq ?? copy.lastSeq;
  if (copy.chunk.length > 0) {
    const toCome = Math.max(0, copy.source.lastSeq - lastRead);
    actions.push({ kind: 'ingest', ...onCopy(task), records: copy.chunk, toCome });
  }
  if (!copy.atEnd)
    actions.push({ kind: 'read', ...onSource(task), from: lastRead + 1, bytesMax: copy.chunkBytes });
  const span = unverified(copy);
  if (span !== undefined) {
    actions.push({ kind: 'digest', ...onSource(task), ...span });
    if (!copy.hurries) actions.push({ kind: 'digest', ...onCopy(task), ...span });
  }
  return { copy: { ...copy, chunk: [], comparing: span, sums: {} }, actions };
}

/** A digest holds up its host: this many records are about five milliseconds, and more than a chunk has. */
const COMPARED_RECORDS_MAX = 4_000;
/** After the seal: a worker that takes over has everything to sum. */
const SUMMED_RECORDS_MAX = 10_000;
const MEAN_RECORD_BYTES_LEAST = FRAME_HEADER_BYTES;

function unverified({ verified, lastSeq: copied, source, hurries, chunkBytes }: Copy): Span | undefined {
  const lastSeq = hurries ? source.lastSeq : copied;
  if (verified.to >= lastSeq) return undefined;
  const most = hurries
    ? SUMMED_RECORDS_MAX
    : Math.max(1, Math.min(COMPARED_RECORDS_MAX, Math.floor(chunkBytes / MEAN_RECORD_BYTES_LEAST)));
  return { from: verified.to + 1, to: Math.min(lastSeq, verified.to + most) };
}

export function onSource({ shardlet, move }: MoveTask) {
  return { host: move.source, shardlet: shardlet.id, epoch: shardlet.epoch } as const;
}

export function onCopy({ shardlet, move }: MoveTask) {
  return { host: move.dest, shardlet: shardlet.id, epoch: move.nextEpoch } as const;
}

/** What an answer means for the copy. */
export type Taken =
  | { readonly kind: 'copy'; readonly copy: Copy; readonly actions?: readonly Action[] }
  /** look at both sides again: something was trimmed, came from elsewhere, or differs */
  | { readonly kind: 'look'; readonly copy: Copy; readonly differed?: Span }
  | { readonly kind: 'end'; readonly outcome: Outcome };

export function takeAnswer(task: MoveTask, copy: Copy, answer: Answer): Taken | undefined {
  switch (answer.kind) {
    case 'read':
      return takeRead(task, copy, answer.reply);
    case 'ingest':
      return takeIngest(task, copy, answer.reply);
    case 'readIds':
      return { kind: 'copy', copy, actions: [idsOnTheirWay(task, answer)] };
    case 'ingestIds':
      return takeIds(task, copy, answer);
    case 'digest':
      return takeDigest(task, copy, answer);
    case 'truncate':
      if (answer.reply.kind === 'stale') return ended(task, 'the copy', answer.reply);
      return { kind: 'look', copy };
    case 'trim':
      if (answer.reply.kind === 'stale') return ended(task, 'trimming', answer.reply);
      return { kind: 'look', copy };
    default:
      return undefined;
  }
}

function ended(task: MoveTask, what: string, found: Parameters<typeof stale>[1]): Taken {
  return { kind: 'end', outcome: stale(`${task.name}: ${what}`, found) };
}

function takeRead(task: MoveTask, copy: Copy, reply: Extract<Answer, { kind: 'read' }>['reply']): Taken {
  if (reply.kind === 'stale') return ended(task, 'the source', reply);
  if (reply.kind === 'gone') return { kind: 'look', copy };
  const { records, atEnd, lastSeq } = reply;
  return { kind: 'copy', copy: { ...copy, chunk: records, atEnd, source: { ...copy.source, lastSeq } } };
}

function takeIngest(task: MoveTask, copy: Copy, reply: Extract<Answer, { kind: 'ingest' }>['reply']): Taken {
  switch (reply.kind) {
    case 'ingested':
      // shadow writes of the edges may have gone further
      return { kind: 'copy', copy: { ...copy, lastSeq: reply.lastSeq } };
    case 'gap':
      return { kind: 'look', copy };
    case 'conflict':
      return { kind: 'look', copy, differed: { from: reply.seq, to: reply.seq } };
    case 'full':
      return { kind: 'end', outcome: full(task) };
    case 'stale':
      // it was complete without this chunk, which edges had sent as well
      if (reply.mode === 'ready' && reply.epoch === task.move.nextEpoch) return { kind: 'copy', copy };
      return ended(task, 'the copy', reply);
  }
}

function full({ name, move }: MoveTask): Outcome {
  return { kind: 'blocked', detail: `${name}: host ${move.dest} has no memory left` };
}

function idsOnTheirWay(task: MoveTask, { action, reply }: Extract<Answer, { kind: 'readIds' }>): Action {
  const { ids, next } = reply;
  const { set } = action;
  return { kind: 'ingestIds', ...onCopy(task), set, ids, complete: next === undefined, ...nextOf(next) };
}

/** Where the set goes on, carried with the chunk before. */
function nextOf(next: number | undefined): { next?: number } {
  return next === undefined ? {} : { next };
}

function takeIds(
  task: MoveTask,
  copy: Copy,
  { action, reply }: Extract<Answer, { kind: 'ingestIds' }>,
): Taken {
  if (reply.kind === 'full') return { kind: 'end', outcome: full(task) };
  if (reply.kind === 'stale') return ended(task, 'the copy', reply);
  if (action.next === undefined)
    return {
      kind: 'copy',
      copy: { ...copy, setsLeft: copy.setsLeft.filter((s) => s.name !== action.set.name) },
    };
  const { source: host } = task.move;
  const more: Action = {
    kind: 'readIds',
    host,
    shardlet: task.shardlet.id,
    set: action.set,
    cursor: action.next,
  };
  return { kind: 'copy', copy, actions: [more] };
}

function takeDigest(
  task: MoveTask,
  before: Copy,
  { action, reply }: Extract<Answer, { kind: 'digest' }>,
): Taken {
  if (reply.kind === 'stale') return ended(task, 'comparing', reply);
  if (before.hurries) return { kind: 'copy', copy: summed(before, action, reply.digest) };
  const side = action.host === task.move.source ? 'source' : 'copy';
  const copy = { ...before, sums: { ...before.sums, [side]: reply.digest } };
  const { source: a, copy: b } = copy.sums;
  if (a === undefined || b === undefined) return { kind: 'copy', copy };
  const span = { from: action.from, to: action.to };
  if (!sameDigest(a, b) || a.count !== span.to - span.from + 1) return { kind: 'look', copy, differed: span };
  return { kind: 'copy', copy: summed({ ...copy, comparing: undefined }, span, a) };
}

/** What does not follow the sum was asked for before the source was trimmed. */
function summed(copy: Copy, { from, to }: Span, digest: Digest): Copy {
  const { verified } = copy;
  if (from !== verified.to + 1 || digest.count !== to - from + 1) return copy;
  return { ...copy, verified: { from: verified.from, to, digest: addDigests(verified.digest, digest) } };
}
