/**
 * Events of shardlets in memory, in segments of 1,024 places, within a budget of bytes. A settled prefix of a
 * shardlet never changes, so what was read once holds for every later reader and on every host it moves to. Three
 * things end that, and are looked at whenever something is looked up AND whenever it is put in (an answer may come
 * late):
 *
 * - a loss: what was read at an epoch e is void above q for every `lost (E, q)` of the shardlet with e < E
 * - retention: there is nothing below the shardlet's first seq
 * - the shardlet or its stream is gone
 *
 * Which losses there are is known as far as the map is: what is held of a shardlet knows of all losses up to the map's
 * version (its stamp). After a host was used again without a word of what it lost, nothing that was read before a move
 * is taken over by it: the map may be behind that move and that loss. Whether a host may be believed just now is for the caller.
 */
import type { ReadOptions, ReadReply, ReplicaInfo, StoredRecord } from '../hosts/index.ts';
import type { Shardlet, TopologyMap } from '../topology/index.ts';
import type { Source } from './run.ts';
import { S3Fifo } from './s3-fifo.ts';
import { Segment, segmentOf } from './segment.ts';

export type Records = Extract<ReadReply, { kind: 'records' }>;

/** A segment of large events takes at most this part of the budget: what is beyond is read from the host. */
const SEGMENT_SHARE_MAX = 0.25;

export interface CacheContents {
  readonly bytes: number;
  readonly bytesMax: number;
  readonly segments: number;
  /** segments let go for want of room */
  readonly evictions: number;
  /** segments of which something was void: lost, trimmed, or of a host that went back */
  readonly voided: number;
}

export interface Found {
  readonly records: StoredRecord[];
  /** one past the last record looked at */
  readonly nextSeq: number;
  readonly bytes: number;
}

interface OfShardlet {
  readonly segments: Map<number, Segment>;
  /** as the map had it when losses were looked at */
  checked: Shardlet | undefined;
  firstSeq: number;
  /** what told that: a later loss may begin the shardlet anew */
  firstSeqStamp: number;
}

export class ShardCache {
  private readonly map: TopologyMap;
  private readonly bytesMax: number;
  private readonly queue: S3Fifo;
  private readonly shardlets = new Map<number, OfShardlet>();
  private readonly byKey = new Map<string, { readonly shardlet: number; readonly index: number }>();
  private readonly stopFollowing: () => void;
  private mapVersion: number;
  /** a loss that nobody names may be of before a move that the map does not know yet: nothing is taken over by moves */
  private isLossUnnamed = false;
  private evictions = 0;
  private voided = 0;

  constructor(map: TopologyMap, bytesMax: number) {
    this.map = map;
    this.bytesMax = bytesMax;
    this.queue = new S3Fifo(bytesMax);
    this.mapVersion = map.version;
    this.stopFollowing = map.onChange((change) => {
      for (const { id, state } of change.shardlets) if (state.kind === 'gone') this.drop(id);
      if (change.streamsRemoved.length > 0) this.dropUnknown();
    });
  }

  get contents(): CacheContents {
    const { evictions, voided, bytesMax } = this;
    return { bytes: this.queue.cost, bytesMax, segments: this.queue.size, evictions, voided };
  }

  close(): void {
    this.stopFollowing();
    this.clear();
  }

  /**
   * The records that are held from `from` on, as far as they follow one another; undefined
   * where there are none. What may not know of all losses before the replica's epoch is passed over, and so is what
   * a newer replica has shown.
   */
  find(replica: ReplicaInfo, from: number, options: ReadOptions): Found | undefined {
    const { shardlet: id, epoch } = replica;
    const held = this.checked(id);
    if (held === undefined || from < held.firstSeq) return undefined;
    const records: StoredRecord[] = [];
    let [at, bytes] = [from, 0];
    for (let looked = 0; looked < options.maxRecords && bytes < options.maxBytes; ) {
      const index = segmentOf(at);
      const segment = held.segments.get(index);
      const run = segment?.runAt(at);
      if (segment === undefined || run === undefined) break;
      if (this.stampOf(run.stamp) < epoch || run.epoch > epoch) break;
      const left = { maxRecords: options.maxRecords - looked, maxBytes: options.maxBytes - bytes };
      const portion = run.portion(at, { ...options, ...left });
      for (const record of portion.records) records.push(record);
      if (segment.noteRead(at, portion.nextSeq)) this.queue.use(keyOf(id, index));
      looked += portion.looked;
      bytes += portion.bytes;
      at = portion.nextSeq;
    }
    return at === from ? undefined : { records, nextSeq: at, bytes };
  }

  /** REQUIRES an answer to a question without a key: one with a key leaves records out. `isAhead`: nobody has read it yet. */
  put(id: number, { epoch, records }: Records, host: number, isAhead = false): void {
    const held = this.checked(id) ?? this.enter(id);
    if (held === undefined || (this.isLossUnnamed && epoch < held.checked!.epoch)) return;
    const valid = this.valid(held, records, epoch);
    const source = { stamp: this.stampOf(epoch), epoch, host };
    for (const part of inSegments(valid)) this.putIn(id, held, part, source, isAhead);
    this.dropIfEmpty(id, held);
  }

  /** A host said that nothing is left below this. `epoch`: at which the question was asked. */
  trimmed(id: number, firstSeq: number): void {
    const held = this.checked(id) ?? this.enter(id);
    if (held === undefined || firstSeq <= held.firstSeq) return;
    held.firstSeq = firstSeq;
    held.firstSeqStamp = this.map.version;
    for (const index of held.segments.keys()) if (index < segmentOf(firstSeq)) this.void(id, held, index);
  }

  /** A host went back to an older state: nothing that it has, or that was read of it, is certain. */
  dropOfHost(host: number): void {
    for (const [id, held] of [...this.shardlets]) {
      const isOwner = this.map.shardlet(id)?.owner === host;
      for (const [index, segment] of [...held.segments]) {
        if (!isOwner && !segment.dropOfHost(host)) continue;
        if (isOwner || segment.isEmpty) this.void(id, held, index);
        else this.recost(id, held, index);
      }
      this.dropIfEmpty(id, held);
    }
  }

  /** A host that lost something is used again without a word of what: whatever it has, or will be known to have, is read of it. */
  readAnew(): void {
    this.isLossUnnamed = true;
    this.clear();
  }

  clear(): void {
    for (const [id, held] of [...this.shardlets]) this.voidAll(id, held);
  }

  private stampOf(stamp: number): number {
    return Math.max(stamp, this.map.version);
  }

  /** What is held, after all losses that the map knows; undefined when nothing is. */
  private checked(id: number): OfShardlet | undefined {
    // the store was restored from a backup: its versions say something else now
    if (this.map.version < this.mapVersion) this.clear();
    this.mapVersion = this.map.version;
    const held = this.shardlets.get(id);
    if (held === undefined) return undefined;
    const shardlet = this.map.shardlet(id);
    if (shardlet === undefined || shardlet.state.kind === 'gone') {
      this.drop(id);
      return undefined;
    }
    if (this.isLossUnnamed && held.checked?.epoch !== shardlet.epoch) {
      this.voidAll(id, held);
      return undefined;
    }
    if (held.checked !== shardlet) this.takeLosses(held, shardlet);
    held.checked = shardlet;
    return held;
  }

  private takeLosses(held: OfShardlet, { id, lost }: Shardlet): void {
    for (const { epoch, seq } of lost) {
      if (epoch > held.firstSeqStamp) held.firstSeq = 1;
      for (const [index, segment] of [...held.segments]) {
        if (!segment.cutAbove(seq, epoch)) continue;
        if (segment.isEmpty) this.void(id, held, index);
        else {
          this.voided++;
          this.recost(id, held, index);
        }
      }
    }
    held.firstSeqStamp = this.map.version;
    for (const segment of held.segments.values()) segment.raiseStamps(this.map.version);
  }

  private enter(id: number): OfShardlet | undefined {
    const shardlet = this.map.shardlet(id);
    if (shardlet === undefined || shardlet.state.kind === 'gone') return undefined;
    const held = { segments: new Map(), checked: shardlet, firstSeq: 1, firstSeqStamp: this.map.version };
    this.shardlets.set(id, held);
    return held;
  }

  private valid(held: OfShardlet, records: readonly StoredRecord[], epoch: number): readonly StoredRecord[] {
    let lastValid = Number.POSITIVE_INFINITY;
    for (const loss of held.checked?.lost ?? [])
      if (epoch < loss.epoch) lastValid = Math.min(lastValid, loss.seq);
    const isValid = ({ seq }: StoredRecord) => seq >= held.firstSeq && seq <= lastValid;
    return records.every(isValid) ? records : records.filter(isValid);
  }

  private putIn(
    id: number,
    held: OfShardlet,
    records: readonly StoredRecord[],
    source: Source,
    isAhead: boolean,
  ): void {
    const index = segmentOf(records[0]!.seq);
    const segment = held.segments.get(index) ?? new Segment();
    segment.raiseStamps(this.map.version);
    const bytes = records.reduce((sum, { frame }) => sum + frame.length, 0);
    if (segment.cost + bytes > this.bytesMax * SEGMENT_SHARE_MAX) return;
    segment.put(records, source);
    if (!isAhead) segment.noteRead(records[0]!.seq, records.at(-1)!.seq + 1);
    held.segments.set(index, segment);
    this.byKey.set(keyOf(id, index), { shardlet: id, index });
    this.recost(id, held, index);
  }

  private recost(id: number, held: OfShardlet, index: number): void {
    for (const key of this.queue.put(keyOf(id, index), held.segments.get(index)!.cost)) {
      const { shardlet, index: evicted } = this.byKey.get(key)!;
      this.evictions++;
      this.forget(shardlet, evicted);
    }
  }

  private forget(id: number, index: number): void {
    this.byKey.delete(keyOf(id, index));
    const held = this.shardlets.get(id);
    if (held === undefined) return;
    held.segments.delete(index);
    this.dropIfEmpty(id, held);
  }

  /** What retention took stays known: an answer from before it may still come. */
  private dropIfEmpty(id: number, held: OfShardlet): void {
    if (held.segments.size === 0 && held.firstSeq === 1) this.shardlets.delete(id);
  }

  private void(id: number, held: OfShardlet, index: number): void {
    this.voided++;
    this.queue.remove(keyOf(id, index));
    this.byKey.delete(keyOf(id, index));
    held.segments.delete(index);
  }

  private voidAll(id: number, held: OfShardlet): void {
    for (const index of [...held.segments.keys()]) this.void(id, held, index);
    this.shardlets.delete(id);
  }

  private drop(id: number): void {
    const held = this.shardlets.get(id);
    if (held !== undefined) this.voidAll(id, held);
  }

  private dropUnknown(): void {
    for (const id of [...this.shardlets.keys()]) if (this.map.shardlet(id) === undefined) this.drop(id);
  }
}

function keyOf(shardlet: number, index: number): string {
  return `${shardlet}/${index}`;
}

function inSegments(records: readonly StoredRecord[]): StoredRecord[][] {
  const parts: StoredRecord[][] = [];
  for (const record of records) {
    const part = parts.at(-1);
    if (part !== undefined && segmentOf(part[0]!.seq) === segmentOf(record.seq)) part.push(record);
    else parts.push([record]);
  }
  return parts;
}
