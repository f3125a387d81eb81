/**
 * Fetches into the shard cache of this edge what its readers are about to ask for: what follows the checkpoints of members
 * that poll here, what members were given or the topology moved, and, where the policy has a threshold, what the Prefetch
 * Probability Map expects and what was read soon after the same reads before. The queue decides what, and in which order; this
 * carries it out. A fetch that fails is a read that waits, as without it.
 */
import {
  type AheadRead,
  type Fetched,
  type ObservedRead,
  SEGMENT_RECORDS,
  segmentOf,
} from '@foreshard/core/caching';
import type { Poll } from '@foreshard/core/consuming';
import { HostUnreachable } from '@foreshard/core/hosts';
import { hashKey, overlaps, range } from '@foreshard/core/keyspace';
import {
  BUCKET_MS,
  type Entry,
  isCertain,
  PrefetchLedger,
  PrefetchQueue,
  type PrefetchReport,
  ReadAssociations,
  type Source,
  UNUSED_MS,
  Worth,
} from '@foreshard/core/prefetching';
import type { Change, Shardlet, TopologyMap } from '@foreshard/core/topology';
import { MemberPaces } from './member-paces.ts';
import { reportOf } from './report-of.ts';

/** One row of the map. */
export interface ExpectedOfKey {
  readonly key: string;
  readonly shardlet: number;
  readonly probability: number;
  /** null: not known */
  readonly expectedAtMs: number | null;
}

/** What the policy says, and what the map expects. */
export interface Expectations {
  /** 0: nothing is fetched for the map */
  readonly threshold: number;
  readonly keys: readonly ExpectedOfKey[];
}

export interface PrefetcherParts {
  readonly name: string;
  readonly bytesMax: number;
  readonly map: TopologyMap;
  readonly fetchAhead: (read: AheadRead) => Promise<Fetched | undefined>;
  /** undefined: not known */
  readonly lastSeq: (shardlet: Shardlet) => number | undefined;
  /** asks the hosts of the stream for news, until the function that it returns is called */
  readonly follow: (stream: number) => () => void;
  readonly expectations: () => Promise<Expectations>;
  readonly publish: (report: PrefetchReport) => Promise<void>;
  /** of the system: what the map expects has such times */
  readonly nowMs: () => number;
  readonly fault: (error: unknown) => void;
}

const TICK_MS = 5_000;
const LIMITS = { entriesMax: 512, bytesInFlightMax: 16_000_000, callsInFlightMax: 4, graceMs: 2_000 };
/** A member reads so many segments ahead: one is read while the next is fetched. */
const SEGMENTS_AHEAD = 2;
/** Of what a member was given at once. */
const WARMED_MAX = 256;
/** What is expected later is looked at again: it would only take room. */
const LEAD_MS = 10_000;
const KEYS_MAX = 64;
/** A longer history is not worth its place. */
const KEY_SEGMENTS_MAX = 8;
/** before anything was fetched */
const BYTES_UNKNOWN = 500_000;
/** What is in memory is given out only while its host was heard lately, so streams with something for readers are followed. */
const FOLLOW_MS = 30_000;
const MAP = 'map';
const READS = 'reads';
const WHY = {
  map: 'an event of a key is expected',
  reads: 'it was read soon after the same reads before',
};
/** Measured on recorded accesses (docs/performance.md). */
const ASSOCIATIONS = { objectsMax: 16_384, window: 16, readersMax: 1 };

export class Prefetcher {
  readonly queue = new PrefetchQueue(LIMITS);
  readonly ledger: PrefetchLedger;
  readonly worth: Worth;
  private readonly parts: PrefetcherParts;
  private readonly paces = new MemberPaces();
  private threshold = 0;
  private readonly associations = new ReadAssociations(ASSOCIATIONS);
  private lastRead = '';
  private judgedAtMs: number;
  private timer: NodeJS.Timeout | undefined;
  private readonly stopFollowing: () => void;
  private isStopped = false;
  /** by stream */
  private readonly followed = new Map<number, { untilMs: number; readonly end: () => void }>();

  constructor(parts: PrefetcherParts) {
    this.parts = parts;
    this.ledger = new PrefetchLedger(parts.bytesMax);
    this.judgedAtMs = parts.nowMs();
    this.worth = new Worth(this.judgedAtMs);
    this.stopFollowing = parts.map.onChange((change, before) => this.changed(change, before));
  }

  start(): void {
    void this.tick();
    this.timer = setInterval(() => void this.tick(), TICK_MS);
  }

  stop(): void {
    this.isStopped = true;
    clearInterval(this.timer);
    this.stopFollowing();
    this.unfollow(Number.POSITIVE_INFINITY);
  }

  get report(): PrefetchReport {
    const { queue, ledger, worth, threshold } = this;
    return reportOf(this.parts.name, { queue, ledger, worth, threshold });
  }

  /** Every read of events. */
  observed({ shardlet, from, nextSeq, ...read }: ObservedRead): void {
    if (this.parts.bytesMax === 0) return;
    const nowMs = this.parts.nowMs();
    // of a reply over several segments each is a read
    for (let at = from; at < nextSeq; at = (segmentOf(at) + 1) * SEGMENT_RECORDS + 1) {
      const end = Math.min(nextSeq, (segmentOf(at) + 1) * SEGMENT_RECORDS + 1);
      const id = idOf(shardlet, at);
      if (read.how !== 'hit') this.queue.needed(id);
      const bytes = (read.bytes * (end - at)) / (nextSeq - from);
      this.ledger.read({ ...read, id, from: at, nextSeq: end, bytes }, nowMs);
      if (this.threshold > 0 && id !== this.lastRead) this.associate(id, nowMs);
    }
  }

  /** Members read a segment in many small reads: these are one. */
  private associate(id: string, nowMs: number): void {
    this.lastRead = id;
    for (const { id: next, probability } of this.associations.observe(id)) {
      const [shardlet, segment] = next.split('/').map(Number) as [number, number];
      const object = { id: next, shardlet, from: segment * SEGMENT_RECORDS + 1 };
      this.wantExpected(object, READS, probability, nowMs, nowMs);
    }
    this.pump();
  }

  /** A member was answered. */
  polled(group: string, member: string, poll: Poll): void {
    if (this.parts.bytesMax === 0) return;
    const claim = claimOf(group, member);
    const nowMs = this.parts.nowMs();
    const changed = this.paces.polled(claim, poll.version, nowMs, () => poll.assigned);
    for (const shardlet of changed?.lost ?? []) this.queue.cancel(claim, shardlet);
    const read = new Set(poll.batches.map(({ shardlet }) => shardlet.id));
    const unread = changed?.given.filter(({ shardlet }) => !read.has(shardlet)) ?? [];
    for (const { shardlet, seq } of unread.slice(0, WARMED_MAX))
      this.wantAfter(shardlet, seq, 'warm', claim, `member of ${group} was given the shardlet`);
    for (const { shardlet, through } of poll.batches) {
      const neededAtMs = this.paces.reached(claim, shardlet.id, through, nowMs);
      this.wantAfter(shardlet.id, through, 'readAhead', claim, `behind a member of ${group}`, neededAtMs);
    }
    this.pump();
  }

  private changed(change: Change, before: readonly (Shardlet | undefined)[]): void {
    change.shardlets.forEach(({ id, owner }, i) => {
      if (before[i] === undefined || before[i].owner === owner) return;
      for (const { claim, seq } of this.paces.holders(id))
        this.wantAfter(id, seq, 'warm', claim, `shardlet moved to host ${owner}`);
    });
    this.pump();
  }

  private wantAfter(
    shardlet: number,
    seq: number,
    source: Source,
    claim: string,
    why: string,
    neededAtMs: (ahead: number) => number = () => this.parts.nowMs(),
  ): void {
    const known = this.parts.map.shardlet(shardlet);
    const lastSeq = known && this.parts.lastSeq(known);
    for (let from = seq + 1, i = 0; i < SEGMENTS_AHEAD; i++) {
      if (lastSeq === undefined ? i > 0 : from > lastSeq) break;
      const id = idOf(shardlet, from);
      const times = { neededAtMs: neededAtMs(from - seq - 1), probability: 1, bytes: this.bytes };
      this.queue.add({ id, shardlet, from, source, claim, why, ...times }, 0);
      from = (segmentOf(from) + 1) * SEGMENT_RECORDS + 1;
    }
  }

  private get bytes(): number {
    return this.ledger.expectedBytes || BYTES_UNKNOWN;
  }

  private async tick(): Promise<void> {
    const nowMs = this.parts.nowMs();
    for (const claim of this.paces.expire(nowMs)) this.queue.cancel(claim);
    this.ledger.expire(nowMs);
    this.unfollow(nowMs);
    if (nowMs - this.judgedAtMs >= BUCKET_MS) this.judge(nowMs);
    // a store that is away is asked again
    const expectations = await this.parts.expectations().catch(() => undefined);
    if (this.isStopped) return;
    if (expectations !== undefined) this.expect(expectations, nowMs);
    this.pump();
    await this.parts.publish(this.report).catch(() => {});
  }

  private judge(nowMs: number): void {
    this.judgedAtMs = nowMs;
    const outcome = this.ledger.takeOutcome(nowMs);
    if (this.threshold > 0) this.worth.observe(outcome, nowMs);
  }

  private expect({ threshold, keys }: Expectations, nowMs: number): void {
    this.threshold = threshold;
    const soon = keys
      .map((key) => ({ ...key, neededAtMs: key.expectedAtMs ?? nowMs }))
      .filter(({ neededAtMs }) => neededAtMs >= nowMs && neededAtMs < nowMs + LEAD_MS)
      .sort((a, b) => a.neededAtMs - b.neededAtMs || b.probability - a.probability);
    for (const key of soon.slice(0, KEYS_MAX)) this.expectKey(key, nowMs);
  }

  /** All that a reader of its whole history would ask for. */
  private expectKey(key: ExpectedOfKey & { readonly neededAtMs: number }, nowMs: number): void {
    const objects = this.historyOf(key);
    const { probability, neededAtMs } = key;
    for (const { shardlet, from } of objects)
      this.wantExpected({ id: idOf(shardlet, from), shardlet, from }, MAP, probability, neededAtMs, nowMs);
  }

  private wantExpected(
    object: { readonly id: string; readonly shardlet: number; readonly from: number },
    source: typeof MAP | typeof READS,
    probability: number,
    neededAtMs: number,
    nowMs: number,
  ): void {
    const { bytes } = this;
    this.ledger.whatIf.offer(object.id, probability, bytes, neededAtMs + UNUSED_MS, nowMs);
    if (this.threshold === 0 || !this.worth.isOn) return;
    const why = `${WHY[source]} (${Math.round(100 * probability)} %)`;
    this.queue.add({ ...object, source, claim: source, why, neededAtMs, probability, bytes }, this.threshold);
  }

  private historyOf({ key, shardlet }: ExpectedOfKey): { shardlet: number; from: number }[] {
    const { map, lastSeq } = this.parts;
    const known = map.shardlet(shardlet);
    if (known === undefined) return [];
    const hi = hashKey(key);
    const covered = range({ hi, lo: 0 }, { hi: hi + 1, lo: 0 });
    const objects: { shardlet: number; from: number }[] = [];
    for (const one of map.shardlets(known.stream)) {
      if (one.state.kind === 'gone' || !overlaps(one.range, covered)) continue;
      for (let from = 1; from <= (lastSeq(one) ?? 0); from += SEGMENT_RECORDS)
        objects.push({ shardlet: one.id, from });
      if (objects.length > KEY_SEGMENTS_MAX) return [];
    }
    return objects;
  }

  private pump(): void {
    if (this.isStopped) return;
    for (const entry of this.queue.take(this.parts.nowMs()))
      void this.fetch(entry).finally(() => this.pump());
  }

  private async fetch({ id, shardlet, from, source, neededAtMs }: Entry): Promise<void> {
    const known = this.parts.map.shardlet(shardlet);
    if (!isCertain(source) && known !== undefined) this.follow(known.stream, neededAtMs + FOLLOW_MS);
    const read = known && { host: known.owner, shardlet, from, minEpoch: 0 };
    const fetched = await (read && this.parts.fetchAhead(read).catch((error: unknown) => this.failed(error)));
    const isWanted = this.queue.landed(id);
    if (fetched === undefined) return;
    this.ledger.fetched({ id, source, ...fetched }, this.parts.nowMs());
    if (!isWanted) this.ledger.dropped(id);
  }

  private follow(stream: number, untilMs: number): void {
    const known = this.followed.get(stream);
    if (known !== undefined) known.untilMs = Math.max(known.untilMs, untilMs);
    else this.followed.set(stream, { untilMs, end: this.parts.follow(stream) });
  }

  private unfollow(nowMs: number): void {
    for (const [stream, { untilMs, end }] of this.followed) {
      if (untilMs >= nowMs) continue;
      this.followed.delete(stream);
      end();
    }
  }

  private failed(error: unknown): undefined {
    if (!(error instanceof HostUnreachable)) this.parts.fault(error);
  }
}

function idOf(shardlet: number, seq: number): string {
  return `${shardlet}/${segmentOf(seq)}`;
}

function claimOf(group: string, member: string): string {
  return `${group}\n${member}`;
}
