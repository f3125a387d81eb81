/**
 * A small stream as a log of its own: events are appended one group at a time, and read whole. Letters are rare, so
 * there is no queue and no batching over requests; what makes an append wait on the way of other events (the map is
 * old, the shardlet is just opening or moving) makes it wait here as well, up to a limit.
 */
import {
  type AppendReply,
  dedupOf,
  type EventHost,
  FRAME_HEADER_BYTES,
  frameIsIntact,
  framePayload,
  type StoredRecord,
  writeFrame,
} from '../hosts/index.ts';
import { ForeshardError } from '../kernel/index.ts';
import { contains, hashKey, identify } from '../keyspace/index.ts';
import type { Shardlet, Stream, TopologyMap } from '../topology/index.ts';
import type { NewEvent } from './letters.ts';

export interface LetterLogParts {
  readonly map: TopologyMap;
  /** Catches the map up with the topology store. */
  refresh(): Promise<unknown>;
  /** @throws HostUnreachable */
  host(id: number): Promise<EventHost>;
  readonly nowMs: () => number;
  sleep(ms: number): Promise<void>;
}

/** A new stream is opened by a worker within seconds. */
const WAIT_MS_MAX = 15_000;
const LOOK_PAUSE_MS = 100;
const CALL_EVENTS_MAX = 500;
const CALL_BYTES_MAX = 2_000_000;
const READ_RECORDS_MAX = 2_000;
const READ_BYTES_MAX = 4_000_000;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

export class LetterLog {
  private readonly parts: LetterLogParts;

  constructor(parts: LetterLogParts) {
    this.parts = parts;
  }

  /**
   * In order; answers which of them were stored already.
   * @throws HostUnreachable; ForeshardError overloaded, host_full, too_many_ids, unknown_stream
   */
  async append(streamName: string, events: readonly NewEvent[]): Promise<boolean[]> {
    const wasStored: boolean[] = [];
    const deadlineMs = this.parts.nowMs() + WAIT_MS_MAX;
    let left = events.map(frameOf);
    while (left.length > 0) {
      const stream = await this.opened(streamName, deadlineMs);
      const leaf = this.leafOf(stream, left[0]!);
      const count = countFor(left, leaf);
      const reply = await this.appendTo(stream, leaf, left.slice(0, count));
      if (reply.kind === 'appended') {
        const known = new Set(reply.duplicates.map(({ index }) => index));
        for (let i = 0; i < count; i++) wasStored.push(known.has(i));
        left = left.slice(count);
      } else await this.waitOrRefuse(reply, deadlineMs);
    }
    return wasStored;
  }

  /** From `from` of this shardlet to its end now, in order. @throws HostUnreachable; ForeshardError overloaded */
  async *read(shardletId: number, from: number): AsyncGenerator<StoredRecord> {
    const options = { maxRecords: READ_RECORDS_MAX, maxBytes: READ_BYTES_MAX };
    const deadlineMs = this.parts.nowMs() + WAIT_MS_MAX;
    // another process may have opened it, and appended since
    if (this.parts.map.shardlet(shardletId)?.state.kind === 'opening') await this.parts.refresh();
    for (let next = from; ; ) {
      const shardlet = this.parts.map.shardlet(shardletId);
      if (shardlet === undefined || isEmpty(shardlet)) return;
      const host = await this.parts.host(shardlet.owner);
      const reply = await host.read(shardletId, next, shardlet.epoch, options);
      if (reply.kind === 'stale') await this.wait(deadlineMs);
      else if (reply.kind === 'gone') next = reply.firstSeq;
      else {
        yield* reply.records.map(intact);
        next = reply.nextSeq;
        if (reply.atEnd || next > reply.lastSeq) return;
      }
    }
  }

  /**
   * One record, from a replica of this epoch or a later one. `undefined`: there is none (yet).
   * @throws HostUnreachable; ForeshardError past_retention, overloaded
   */
  async one(shardletId: number, seq: number, minEpoch = 0): Promise<StoredRecord | undefined> {
    const deadlineMs = this.parts.nowMs() + WAIT_MS_MAX;
    for (;;) {
      const shardlet = this.parts.map.shardlet(shardletId);
      if (shardlet === undefined || shardlet.state.kind === 'gone') throw pastRetention(shardletId, seq);
      const host = await this.parts.host(shardlet.owner);
      const reply = await host.read(shardletId, seq, minEpoch, { maxRecords: 1, maxBytes: 1 });
      if (reply.kind === 'gone') throw pastRetention(shardletId, seq);
      if (reply.kind === 'records') return reply.records[0] && intact(reply.records[0]);
      await this.wait(deadlineMs);
    }
  }

  private async opened(name: string, deadlineMs: number): Promise<Stream> {
    for (;;) {
      const stream = this.parts.map.streamNamed(name);
      if (stream !== undefined) return stream;
      await this.wait(deadlineMs);
    }
  }

  private leafOf({ id }: Stream, { hi, lo }: Framed): Shardlet {
    for (const leaf of this.parts.map.leaves(id)) if (contains(leaf.range, { hi, lo })) return leaf;
    throw new ForeshardError('unknown_stream', 'The stream of the dead letters was deleted meanwhile.');
  }

  private async appendTo(stream: Stream, { id, owner, epoch }: Shardlet, framed: readonly Framed[]) {
    const host = await this.parts.host(owner);
    const group = {
      ...{ shardlet: id, epoch, edgeTs: this.parts.nowMs() * 1_000, tokenTs: 0, dedup: dedupOf(stream) },
      ...{ frames: joined(framed), count: framed.length },
    };
    const [reply] = await host.append([group]);
    return reply!;
  }

  private async waitOrRefuse(
    reply: Exclude<AppendReply, { kind: 'appended' }>,
    deadlineMs: number,
  ): Promise<void> {
    if (reply.kind === 'full')
      throw new ForeshardError('host_full', 'The host of the dead letters has no memory left.');
    if (reply.kind === 'tooManyIds')
      throw new ForeshardError('too_many_ids', 'The stream of the dead letters holds too many ids just now.');
    await this.wait(deadlineMs);
  }

  /** @throws ForeshardError overloaded */
  private async wait(deadlineMs: number): Promise<void> {
    if (this.parts.nowMs() >= deadlineMs)
      throw new ForeshardError(
        'overloaded',
        'The stream is not open yet, or is being moved: try again in a moment.',
        { retryAfterSeconds: 2 },
      );
    await this.parts.sleep(LOOK_PAUSE_MS);
    await this.parts.refresh();
  }
}

/** Not opened yet, or all of it was trimmed. */
function isEmpty({ state }: Shardlet): boolean {
  return state.kind === 'opening' || state.kind === 'gone';
}

/** A copy of a damaged record would get a checksum that fits. */
function intact(record: StoredRecord): StoredRecord {
  if (frameIsIntact(record.frame)) return record;
  throw new ForeshardError('internal', `A record is damaged (seq ${record.seq}): its checksum does not fit.`);
}

/** The event of a record, as text. */
export function textOf({ frame }: Pick<StoredRecord, 'frame'>): string {
  return decoder.decode(framePayload(frame));
}

interface Framed {
  readonly hi: number;
  readonly lo: number;
  readonly frame: Uint8Array;
}

function frameOf({ key, source, id, text }: NewEvent): Framed {
  const payload = encoder.encode(text);
  const hi = hashKey(key);
  const identity = new Uint32Array(4);
  identify(hi, source, id, identity);
  const frame = new Uint8Array(FRAME_HEADER_BYTES + payload.length);
  writeFrame(frame, 0, hi, identity, payload, 0, payload.length);
  return { hi, lo: identity[0]!, frame };
}

/** So many of the first ones go to this shardlet in one call; at least one. */
function countFor(framed: readonly Framed[], { range }: Shardlet): number {
  let bytes = 0;
  let count = 0;
  for (const one of framed) {
    bytes += one.frame.length;
    const fits = count < CALL_EVENTS_MAX && bytes <= CALL_BYTES_MAX && contains(range, one);
    if (count > 0 && !fits) break;
    count++;
  }
  return count;
}

function joined(framed: readonly Framed[]): Uint8Array {
  const bytes = new Uint8Array(framed.reduce((sum, { frame }) => sum + frame.length, 0));
  let at = 0;
  for (const { frame } of framed) {
    bytes.set(frame, at);
    at += frame.length;
  }
  return bytes;
}

function pastRetention(shardlet: number, seq: number): ForeshardError {
  return new ForeshardError(
    'past_retention',
    `The event ${seq} of shardlet ${shardlet} is past its retention.`,
  );
}
