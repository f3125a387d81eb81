/**
 * The merge of a stream's shardlets into one log in (ts, shardlet, seq) order. A passive machine: it is told
 * what hosts and the topology store answer, and decides what to read next and which records may be given out. It does
 * no IO.
 *
 * A record may be given out when nothing at or below its timestamp can come any more, from any shardlet:
 * - seq and ts rise together, so nothing unread of a shardlet is at or below the last record read of it;
 * - a frontier answer promises that nothing at or below its `hostLast` will be appended on that host. It
 *   raises the bound of a shardlet only if it shows it open there, once it is read to the `lastSeq` of that
 *   same answer. A shardlet that is sealed, in flight between hosts, or on a host that does not answer keeps
 *   the bound it had: the log waits for it.
 * - a shardlet is finished only when the topology store says that it is closed and it is read to its finalSeq. A
 * child enters
 *   when the last of its parents is finished: until then a parent stands for it, as every record of a child
 *   is later than all of its parents'.
 * (docs/architecture/protocol.md, "Order across shardlets")
 *
 * A host that went back to an older state (`lost` of a shardlet, above seq L) voids what was read of it above L
 * and what it promised. Whoever read with an older map begins anew with a notice, from L + 1 where that is
 * below its place. What the host gives at or below the reader's place moves the whole place back before it:
 * the reader gets some records twice and misses none. Until that can no longer come, the log waits.
 */

import type { HostTables } from '@foreshard/core/heads';
import type { ReadReply, ReplicaInfo, StoredRecord } from '@foreshard/core/hosts';
import { invariant } from '@foreshard/core/kernel';
import type { Shardlet, TopologyMap } from '@foreshard/core/topology';
import { Leaf, type LeafStart } from './leaf.ts';
import { comparePlaces, endOf, type LogPosition, placeBefore } from './log-position.ts';
import { MergeFront } from './merge-front.ts';
import type { HostRequest, Lost, MergedRecord, MergeOptions, Portion, Trimmed } from './merge-terms.ts';

const RECORDS_AHEAD_DEFAULT = 65_536;
/** a smaller read costs the host more for the call than for the records */
const READ_RECORDS_MIN = 16;
/** a larger one holds a host up for others */
const READ_RECORDS_MAX = 2_048;

type Records = Extract<ReadReply, { kind: 'records' }>;

export class MergeMachine {
  private readonly leaves = new Map<number, Leaf>();
  /** shardlets that were read to their end; their records may still be queued */
  private readonly finished = new Set<number>();
  private readonly front = new MergeFront();
  private readonly hungry = new Set<Leaf>();
  private readonly trims: Trimmed[] = [];
  private readonly losses: Lost[] = [];
  /** by shardlet: the epoch of the last loss that this machine has taken into account */
  private readonly lossesKnown = new Map<number, number>();
  /** leaves that may still give records at or below the place where this reader began */
  private readonly unproven = new Set<Leaf>();
  private lastPlace: LogPosition;
  /** a host lost what may have been read of it: only a new machine, from `restartFrom`, reads on right */
  mustRestart = false;
  private setBackTo: LogPosition | undefined;
  /** the map's version */
  private readonly startVersion: number;
  private readonly topology: TopologyMap;
  private readonly tables: HostTables;
  private readonly options: MergeOptions;

  constructor(topology: TopologyMap, tables: HostTables, options: MergeOptions) {
    this.topology = topology;
    this.tables = tables;
    this.options = options;
    this.startVersion = topology.version;
    this.lastPlace = options.after;
    for (const { id } of topology.hosts()) this.front.promise(id, tables.hostLast(id) ?? 0);
    for (const shardlet of options.candidates ?? topology.shardlets(options.stream)) {
      this.noteLoss(shardlet);
      this.consider(shardlet);
    }
  }

  /** The place after the last record given out. */
  get after(): LogPosition {
    const { ts, shardlet, seq } = this.lastPlace;
    return { ts, shardlet, seq };
  }

  /** Where the next machine has to begin. */
  get restartFrom(): LogPosition {
    return this.setBackTo ?? this.after;
  }

  /** All losses up to the map's version are taken into account, and can no longer move the reader's place back. */
  get isProven(): boolean {
    const { ts } = this.options.after;
    for (const leaf of this.unproven)
      if (!leaf.skipped && this.front.boundOf(leaf) >= ts) this.unproven.delete(leaf);
    return this.unproven.size === 0 && !this.mustRestart;
  }

  /** Nothing at or below this can come that is not queued already. */
  get bound(): number {
    return this.front.bound;
  }

  /** Records that are read and wait for the bound to rise. */
  get hasQueued(): boolean {
    return this.front.first !== undefined;
  }

  /** A shardlet with nothing queued is not known to be at its end: it holds the log back by itself. */
  get isStuck(): boolean {
    return this.front.isStuck;
  }

  /** True when every record up to `place` was given out. */
  isPast(place: LogPosition): boolean {
    const first = this.front.first;
    if (first !== undefined && comparePlaces(headPlace(first), place) <= 0) return false;
    return this.bound >= place.ts;
  }

  /** Moves the place forward where nothing was left out: a cursor at the head then costs no search. */
  moveToBound(): void {
    const first = this.front.first;
    const upTo = Math.min(this.bound, first === undefined ? Number.POSITIVE_INFINITY : first.headTs - 1);
    if (Number.isFinite(upTo) && upTo > this.lastPlace.ts) this.lastPlace = endOf(upTo);
  }

  /** Gives out the next records in order: at most `limit`, none after the one that passes `bytesMax`. */
  take({ limit, bytesMax = Number.POSITIVE_INFINITY, until }: Portion): MergedRecord[] {
    const out: MergedRecord[] = [];
    let bound = this.bound;
    for (let bytes = 0; out.length < limit && bytes < bytesMax; ) {
      const leaf = this.front.first;
      if (leaf === undefined || leaf.headTs > bound) break;
      if (until !== undefined && comparePlaces(headPlace(leaf), until) > 0) break;
      const record = this.giveOut(leaf);
      out.push(record);
      bytes += record.frame.length;
      if (leaf.queued > 0) continue;
      this.settle(leaf);
      bound = Math.min(bound, this.front.boundOf(leaf));
    }
    return out;
  }

  /** What to read now; each request is handed out once, until it is answered. */
  requests(): HostRequest[] {
    const maxRecords = this.readSize();
    const requests: HostRequest[] = [];
    for (const leaf of this.hungry) {
      leaf.busy = true;
      requests.push(this.requestOf(leaf, maxRecords));
    }
    this.hungry.clear();
    return requests;
  }

  /** The hosts whose promises and records this reader needs. */
  hosts(): Set<number> {
    const hosts = new Set<number>();
    for (const leaf of this.leaves.values()) {
      if (leaf.skipped) continue;
      // the end of a closed one is known from the topology store: it needs no promise
      if (leaf.finalSeq === undefined) hosts.add(leaf.owner).add(leaf.host);
    }
    return hosts;
  }

  /** The hosts that hold the log back: of the shardlets with nothing queued. */
  blockers(): Set<number> {
    return this.front.blockers();
  }

  /** Hosts that hold the log back because they do not have what the topology store says that they have. */
  misfits(): Set<number> {
    const hosts = new Set<number>();
    for (const leaf of this.front.stuckLeaves)
      if (leaf.isMisfit && this.tables.hostLast(leaf.host) !== undefined) hosts.add(leaf.host);
    return hosts;
  }

  /** What hosts have lost since the version that the reader comes with; told by each machine once. */
  takeLost(): Lost[] {
    return this.losses.splice(0);
  }

  get hasNotices(): boolean {
    return this.losses.length > 0 || this.trims.length > 0;
  }

  /** What retention took before this reader came to it, since the last call. */
  takeTrimmed(): Trimmed[] {
    return this.trims.splice(0);
  }

  /** A frontier answer; the tables have taken it already. */
  frontier(host: number, hostLast: number, changed: readonly ReplicaInfo[]): void {
    for (const info of changed) {
      const leaf = this.leaves.get(info.shardlet);
      if (leaf === undefined) continue;
      // what was promised before this answer holds for it, whatever has become of it since
      this.front.freeze(leaf);
      this.see(leaf, host, info);
      this.settle(leaf);
    }
    this.front.promise(host, hostLast);
  }

  /** The host started anew: its promises hold, what is open there has to be told again. */
  forgetHost(host: number): void {
    for (const leaf of this.leaves.values()) {
      if (leaf.sighting?.host !== host) continue;
      this.front.freeze(leaf);
      leaf.sighting = { ...leaf.sighting, isOpen: false };
      this.settle(leaf);
    }
  }

  /**
   * The host went back to an older state: what it showed is void, and what it shows next is what it has. Until that is
   * as much as was read, or its loss is named, the log waits. What has moved away from it since may have been moved
   * without what was read.
   */
  hostWentBack(host: number): void {
    for (const leaf of this.leaves.values()) {
      if (leaf.host !== host && leaf.sighting?.host === host) this.mustRestart = true;
      if (leaf.host !== host) continue;
      this.front.freeze(leaf);
      leaf.isInDoubt = leaf.nextSeq !== undefined;
      leaf.sighting = undefined;
      leaf.reached = Math.max(leaf.reached, (leaf.nextSeq ?? 1) - 1);
      this.settle(leaf);
    }
  }

  /**
   * A host went back, and no loss will be named: what was read ahead of it may be numbered otherwise now, also where
   * it has moved to another host since.
   */
  readAnew(): void {
    this.mustRestart = true;
  }

  topologyChanged(changed: readonly Shardlet[]): void {
    for (const shardlet of changed) {
      if (shardlet.stream !== this.options.stream) continue;
      if (this.includes(shardlet) && this.isNewLoss(shardlet)) this.mustRestart = true;
      this.consider(shardlet);
      if (shardlet.state.kind === 'gone') for (const id of shardlet.state.successors) this.considerId(id);
    }
  }

  found(shardlet: number, seq: number): void {
    const leaf = this.answered(shardlet);
    if (leaf === undefined) return;
    leaf.isRefused = false;
    // the record before is one that this reader had, unless retention took it: then maybe also some that it had not
    const start = seq > 1 && this.mayMissTrimmed ? seq - 1 : seq;
    leaf.nextSeq = Math.min(start, (leaf.lostAbove ?? start) + 1);
    leaf.isSought = true;
    this.settle(leaf);
  }

  read(shardlet: number, reply: Pick<Records, 'records' | 'nextSeq'>): void {
    const leaf = this.answered(shardlet);
    if (leaf === undefined || leaf.skipped) return;
    leaf.isRefused = false;
    leaf.isSought = false;
    this.setBackBefore(leaf, reply.records);
    leaf.enqueue(laterThan(this.options.after, shardlet, reply.records));
    leaf.nextSeq = Math.max(leaf.nextSeq ?? 0, reply.nextSeq);
    leaf.missesTrimmed = true;
    this.settle(leaf);
  }

  trimmed(shardlet: number, firstSeq: number): void {
    const leaf = this.answered(shardlet);
    if (leaf === undefined) return;
    leaf.isRefused = false;
    leaf.isSought = false;
    if (leaf.missesTrimmed) this.trims.push({ shardlet, firstSeq });
    leaf.nextSeq = Math.max(leaf.nextSeq ?? 0, firstSeq);
    this.settle(leaf);
  }

  /** A request that was not answered: it may be requested again. `refused`: the host does not have the shardlet. */
  failed(shardlet: number, refused = false): void {
    const leaf = this.answered(shardlet);
    if (leaf === undefined) return;
    leaf.isRefused = refused;
    this.settle(leaf);
  }

  /** What the host gives since its loss, at or below the place that this reader had come to. */
  private setBackBefore({ id, lostAbove }: Leaf, records: readonly StoredRecord[]): void {
    if (lostAbove === undefined) return;
    const isMissed = ({ ts, seq }: StoredRecord) =>
      seq > lostAbove && comparePlaces({ ts, shardlet: id, seq }, this.options.after) <= 0;
    const missed = records.find(isMissed);
    if (missed === undefined) return;
    const place = placeBefore(missed.ts);
    if (comparePlaces(place, this.restartFrom) < 0) this.setBackTo = place;
    this.mustRestart = true;
  }

  private noteLoss(shardlet: Shardlet): void {
    const { id, state, lost } = shardlet;
    const last = lost.at(-1);
    if (last === undefined || !this.includes(shardlet)) return;
    this.lossesKnown.set(id, last.epoch);
    const loss = this.lossOf(shardlet);
    if (loss !== undefined && state.kind !== 'gone') this.losses.push(loss);
  }

  private isNewLoss({ id, lost }: Shardlet): boolean {
    const last = lost.at(-1);
    return last !== undefined && last.epoch > (this.lossesKnown.get(id) ?? this.startVersion);
  }

  /** What was lost since the reader's version; nothing for who has read nothing yet. */
  private lossOf({ id, lost }: Shardlet): Lost | undefined {
    const { after, version } = this.options;
    const later = lost.filter(({ epoch }) => epoch > version);
    if (after.ts === 0 || later.length === 0) return undefined;
    const seq = Math.min(...later.map((l) => l.seq));
    return { shardlet: id, seq, epoch: later.at(-1)!.epoch };
  }

  private answered(shardlet: number): Leaf | undefined {
    const leaf = this.leaves.get(shardlet);
    if (leaf !== undefined) leaf.busy = false;
    return leaf;
  }

  private giveOut(leaf: Leaf): MergedRecord {
    const { seq, ts, frame } = leaf.dequeue();
    this.front.advanceFirst();
    if (this.isHungry(leaf)) this.hungry.add(leaf);
    const record = { shardlet: leaf.id, shard: leaf.shard, seq, ts, frame };
    invariant(comparePlaces(record, this.lastPlace) > 0, `the log would go back at ${leaf.id}/${seq}`);
    this.lastPlace = record;
    return record;
  }

  private readSize(): number {
    const active = this.front.active;
    const share = Math.floor((this.options.recordsAheadMax ?? RECORDS_AHEAD_DEFAULT) / Math.max(1, active));
    return Math.min(this.options.readRecordsMax ?? READ_RECORDS_MAX, Math.max(READ_RECORDS_MIN, share));
  }

  private requestOf(leaf: Leaf, maxRecords: number): HostRequest {
    const { id: shardlet, host, nextSeq: fromSeq } = leaf;
    if (fromSeq === undefined) return { kind: 'seek', shardlet, host, ts: leaf.seekTs };
    const of = leaf.isSought ? { ofHost: true as const } : {};
    return { kind: 'read', shardlet, host, fromSeq, maxRecords, ...of };
  }

  /**
   * Takes up what the topology store says of a shardlet: a leaf of this reader, one that may become one, or neither.
   */
  private consider(shardlet: Shardlet): void {
    if (this.finished.has(shardlet.id) || !this.includes(shardlet)) return;
    let leaf = this.leaves.get(shardlet.id);
    if (leaf === undefined) {
      if (this.isOver(shardlet)) this.passOver(shardlet);
      else if (this.mayEnter(shardlet)) leaf = this.enter(shardlet, undefined);
    }
    if (leaf === undefined) return;
    this.takeState(leaf, shardlet);
    this.settle(leaf);
  }

  /**
   * One that lost what this reader may have had is looked at whatever its parents have left: what it gives at or
   * below the reader's place is sought from that place, not from where its parents end.
   */
  private mayEnter(shardlet: Shardlet): boolean {
    return this.lossOf(shardlet) !== undefined || shardlet.parents.every((id) => this.isDone(id));
  }

  private considerId(id: number): void {
    const shardlet = this.topology.shardlet(id);
    if (shardlet !== undefined) this.consider(shardlet);
  }

  private includes(shardlet: Shardlet): boolean {
    return this.options.includes?.(shardlet) !== false;
  }

  /** There is nothing of it left to give out: it ended before this reader's start, or it is past retention. */
  private isOver(shardlet: Shardlet): boolean {
    const { state } = shardlet;
    if (state.kind === 'gone') return true;
    if (state.kind !== 'closed' && state.kind !== 'closedMoving') return false;
    const loss = this.lossOf(shardlet);
    return state.finalTs < this.options.after.ts && (loss === undefined || state.finalSeq <= loss.seq);
  }

  private passOver({ id, state }: Shardlet): void {
    this.finished.add(id);
    const { after } = this.options;
    if (state.kind === 'gone' && after.ts > 0 && state.finalTs >= after.ts && state.finalSeq > 0)
      this.trims.push({ shardlet: id, firstSeq: state.finalSeq + 1 });
  }

  private isDone(id: number): boolean {
    if (this.finished.has(id)) return true;
    if (this.leaves.has(id)) return false;
    const shardlet = this.topology.shardlet(id);
    return shardlet === undefined || !this.includes(shardlet) || this.isOver(shardlet);
  }

  /** `bound`: of the parents, for a child; a shardlet that is there from the start begins at the reader's place. */
  private enter(shardlet: Shardlet, bound: number | undefined): Leaf {
    const isChild = bound !== undefined && this.lossOf(shardlet) === undefined;
    const start = isChild ? { nextSeq: 1, bound, missesTrimmed: true } : this.startOf(shardlet);
    const leaf = new Leaf(shardlet.id, shardlet.shard, start);
    this.leaves.set(leaf.id, leaf);
    if (leaf.lostAbove !== undefined) this.unproven.add(leaf);
    return leaf;
  }

  private startOf(shardlet: Shardlet): LeafStart {
    const { id } = shardlet;
    const { after } = this.options;
    if (after.ts === 0) return { nextSeq: 1, bound: 0, missesTrimmed: false };
    // equal timestamps are ordered by shardlet
    const seekTs = id <= after.shardlet ? after.ts : after.ts - 1;
    const lostAbove = this.lossOf(shardlet)?.seq;
    // what was promised before the loss is void
    if (lostAbove !== undefined)
      return { nextSeq: undefined, bound: 0, seekTs, lostAbove, missesTrimmed: true };
    if (id === after.shardlet && !this.options.byTime && isStillIts(after.seq, shardlet))
      return { nextSeq: after.seq + 1, bound: after.ts, missesTrimmed: true };
    return { nextSeq: undefined, bound: seekTs, missesTrimmed: true };
  }

  private takeState(leaf: Leaf, { owner, epoch, state, id }: Shardlet): void {
    leaf.isSettled = state.kind === 'open' || state.kind === 'moving';
    if (leaf.owner !== owner || leaf.epoch !== epoch) {
      leaf.owner = owner;
      leaf.epoch = epoch;
      leaf.isRefused = false;
      const info = this.tables.replica(owner, id);
      if (info !== undefined) {
        this.front.freeze(leaf);
        this.see(leaf, owner, info);
      }
    }
    if (this.options.skippedHosts?.has(owner)) this.skip(leaf);
    if (state.kind !== 'closed' && state.kind !== 'closedMoving' && state.kind !== 'gone') return;
    leaf.finalSeq = state.finalSeq;
    leaf.successors = state.successors;
    if (state.kind === 'gone' && !leaf.skipped && !leaf.isFinished) {
      this.trims.push({ shardlet: id, firstSeq: state.finalSeq + 1 });
      leaf.nextSeq = state.finalSeq + 1;
    }
  }

  /** For good: what comes of it and its children while this reader lives is owed, and given out as late. */
  private skip(leaf: Leaf): void {
    leaf.skipped = true;
    this.front.withdraw(leaf);
  }

  private see(leaf: Leaf, host: number, info: ReplicaInfo): void {
    const known = leaf.sighting;
    if (known !== undefined && info.epoch < known.epoch) return;
    const { epoch, firstSeq, lastSeq } = info;
    if (info.mode === 'open' || info.mode === 'sealed' || info.mode === 'ready') {
      if (leaf.isRenumberedIn(info)) this.mustRestart = true;
      leaf.sighting = { host, epoch, isOpen: info.mode === 'open', firstSeq, lastSeq };
    } else if (known?.host === host) leaf.sighting = { ...known, isOpen: false };
  }

  /** Puts a leaf where it belongs after any change. */
  private settle(leaf: Leaf): void {
    this.skipWhatIsNotThere(leaf);
    if (leaf.isFinished && !leaf.skipped && !this.finished.has(leaf.id)) this.finish(leaf);
    this.front.put(leaf, leaf.skipped || this.finished.has(leaf.id));
    if (this.isHungry(leaf)) this.hungry.add(leaf);
    else this.hungry.delete(leaf);
    if (this.finished.has(leaf.id) && leaf.queued === 0) this.leaves.delete(leaf.id);
  }

  private isHungry(leaf: Leaf): boolean {
    if (leaf.busy || leaf.skipped || leaf.isFinished) return false;
    if (leaf.finalSeq === undefined && leaf.sighting === undefined) return false;
    if (leaf.nextSeq === undefined) return true;
    return leaf.nextSeq <= leaf.endSeq && leaf.queued <= this.readSize() >> 1;
  }

  /** What a frontier answer has told already needs no request: an idle shardlet costs nothing. */
  private skipWhatIsNotThere(leaf: Leaf): void {
    const { sighting, nextSeq } = leaf;
    if (sighting === undefined || leaf.busy) return;
    const { firstSeq, lastSeq } = sighting;
    if (nextSeq === undefined && firstSeq > lastSeq) {
      leaf.nextSeq = firstSeq;
      if (firstSeq > 1 && !leaf.skipped && this.mayMissTrimmed)
        this.trims.push({ shardlet: leaf.id, firstSeq });
    }
    if (nextSeq !== undefined && nextSeq < firstSeq && !leaf.missesTrimmed) leaf.nextSeq = firstSeq;
  }

  /** Whether retention may have taken records after the place where this reader began. */
  private get mayMissTrimmed(): boolean {
    return this.options.after.ts < (this.options.keptFrom?.() ?? Number.POSITIVE_INFINITY);
  }

  /**
   * The children of which this was the last parent take its place, with its bound: a child begins above all
   * that any of its parents was given or promised.
   */
  private finish(leaf: Leaf): void {
    this.front.freeze(leaf);
    this.finished.add(leaf.id);
    for (const id of leaf.successors) {
      const child = this.topology.shardlet(id);
      if (child === undefined || this.leaves.has(id) || this.finished.has(id)) continue;
      if (!child.parents.every((parent) => this.isDone(parent))) continue;
      this.takeState(this.enter(child, leaf.bound), child);
      this.settle(this.leaves.get(id)!);
    }
  }
}

/** Without what the reader had before its start. Seeks see to that but for equal timestamps, and hosts once skipped. */
function laterThan(
  after: LogPosition,
  shardlet: number,
  records: readonly StoredRecord[],
): readonly StoredRecord[] {
  if (records.length === 0 || records[0]!.ts > after.ts) return records;
  return records.filter(({ ts, seq }) => comparePlaces({ ts, shardlet, seq }, after) > 0);
}

/**
 * A number above a loss, or above where the topology store has closed the shardlet, may have been read before its
 * host went back, and been given to another record since: only time tells where to go on.
 */
function isStillIts(seq: number, { lost, state }: Shardlet): boolean {
  return lost.every((loss) => loss.seq >= seq) && !('finalSeq' in state && state.finalSeq < seq);
}

function headPlace(leaf: Leaf): LogPosition {
  const head = leaf.head;
  return { ts: head.ts, shardlet: leaf.id, seq: head.seq };
}
