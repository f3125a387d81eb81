/**
 * Drives a merge machine: carries out its requests on the hosts, asks for frontiers when the machine has run
 * dry, and tells it what the topology store has decided. It decides only about time: how long to wait for what.
 */

import type { ReplicaRead, Served } from '@foreshard/core/caching';
import type { EventHosts, Frontiers } from '@foreshard/core/heads';
import { HostUnreachable, type ReadReply } from '@foreshard/core/hosts';
import { type Clock, ForeshardError, MICROS_PER_MS } from '@foreshard/core/kernel';
import type { EdgeMap } from '../../map/edge-map.ts';
import { Bell, pause } from './bell.ts';
import type { LogPosition } from './log-position.ts';
import { MergeMachine } from './merge-machine.ts';
import type { HostRequest, Lost, MergedRecord, MergeOptions, Trimmed } from './merge-terms.ts';

/** Reads records from wherever they are. */
export interface ReplicaReads {
  /** @throws HostUnreachable; ForeshardError internal for a record that was damaged */
  readReplica(read: ReplicaRead): Promise<ReadReply>;
}

export interface ReaderParts {
  readonly map: EdgeMap;
  readonly hosts: EventHosts;
  readonly frontiers: Frontiers;
  readonly reads: ReplicaReads;
  readonly clock: Clock;
  /** when this process is about to end: nobody waits for news any more */
  readonly closing: AbortSignal;
}

export interface ReaderOptions extends MergeOptions {
  /** only records of this key hash */
  readonly keyHash?: number;
  /** the last place to read: `take` then says when it is past */
  readonly until?: LogPosition;
  /** is given how each read of events was served */
  readonly served?: (how: Served) => void;
}

export interface TakeOptions {
  readonly limit: number;
  readonly bytesMax: number;
  /** how long to wait for a first record when the head is reached */
  readonly waitMs: number;
  readonly signal?: AbortSignal | undefined;
}

export interface Taken {
  readonly records: MergedRecord[];
  /** all that was there when this was asked for has been given out, as far as hosts answered */
  readonly atHead: boolean;
}

/** One read answers at most this much, so that no reply holds a host or this process up. */
const READ_BYTES_MAX = 1_000_000;
/** How long a page waits for reads before it is given out as it is. */
const READ_PATIENCE_MS = 2_000;
/** How long a page waits for all hosts to answer a frontier. */
const ROUND_PATIENCE_MS = 300;
/**
 * An event that was acknowledged before the page was asked for should be in it: hosts promise only up to a
 * little before their clock, so a page at the head waits this long for their promises to pass what was read.
 */
const HEAD_PATIENCE_MS = 100;
/** Between two questions to the hosts: short while something is queued, growing while nothing happens. */
const PACE_MS_MIN = 2;
const PACE_MS_MAX = 50;
/** Between two questions to the topology store about shardlets that no host shows. */
const REFRESH_PAUSE_MS = 200;
/** After a stale or missing answer, before the same is requested again. */
const STALE_PAUSE_MS = 20;
const UNREACHABLE_PAUSE_MS = 250;
/** A host and the map may differ for a moment, while a shardlet moves; for longer, the host is wrong. */
const MISFIT_PATIENCE_MS = 300;

export class LogReader {
  private machine: MergeMachine;
  private readonly parts: ReaderParts;
  private readonly options: ReaderOptions;
  private readonly news = new Bell();
  private readonly closing = new AbortController();
  private unlisten: () => void;
  private readonly stopFollowing: () => void;
  /** reads under way, without those of hosts that have failed */
  private reading = 0;
  private failure: unknown;
  private refreshedAtMs = 0;
  private readonly trimmedByFormer: Trimmed[] = [];
  /** the reader knows of all losses up to this version, and its place is set back where they ask for it */
  private known: number;
  private readonly lost: Lost[] = [];
  /** by shardlet: the last loss that was told, so that a machine after another tells none twice */
  private readonly lossesReported = new Map<number, number>();
  /** hosts whose answers do not fit the map, since when */
  private readonly doubted = new Map<number, number>();

  constructor(parts: ReaderParts, options: ReaderOptions) {
    this.parts = parts;
    this.options = options;
    this.known = options.version;
    this.machine = this.merge(options);
    this.unlisten = parts.frontiers.listen(this.machine);
    this.stopFollowing = parts.map.onChange((change) => {
      this.machine.topologyChanged(change.shardlets);
      this.news.ring();
    });
  }

  /** The place after the last record given out. */
  get after(): LogPosition {
    return this.machine.after;
  }

  /** Everything up to `until` was given out. */
  get isPastEnd(): boolean {
    return this.options.until !== undefined && this.machine.isPast(this.options.until);
  }

  /** Losses of later epochs are news to this reader. */
  get version(): number {
    return this.known;
  }

  /** Hosts that hold this reader back and do not answer, or do not have what the topology store says. */
  waitingFor(): number[] {
    const silent = [...this.machine.blockers()].filter((host) => this.parts.frontiers.isSilent(host));
    const nowMs = performance.now();
    const wrong = [...this.doubted].filter(([, sinceMs]) => nowMs - sinceMs >= MISFIT_PATIENCE_MS);
    return [...new Set([...silent, ...wrong.map(([host]) => host)])];
  }

  /** What hosts have lost of what this reader may have read; each loss once. */
  takeLost(): Lost[] {
    return this.lost.splice(0);
  }

  /** A shardlet is being opened, or on its way between hosts: it may hold events that were not given out. */
  get isStuck(): boolean {
    return this.machine.isStuck;
  }

  takeTrimmed(): Trimmed[] {
    return [...this.trimmedByFormer.splice(0), ...this.machine.takeTrimmed()];
  }

  close(): void {
    this.closing.abort();
    this.unlisten();
    this.stopFollowing();
  }

  /** REQUIRES that no other `take` is under way. */
  async take(options: TakeOptions): Promise<Taken> {
    const page = new Page(options, this.options.until);
    let dry = 0;
    for (;;) {
      // what was read before a loss is given out with the cursor of before it
      if (this.machine.mustRestart && page.records.length > 0) return page.result(false);
      this.checkAlive(options.signal);
      if (this.closing.signal.aborted) return page.result(false);
      for (const request of this.machine.requests()) void this.fulfil(this.machine, request);
      const got = this.machine.take(page.portion());
      page.add(got);
      if (page.isFull || this.isPastEnd) return page.result(false);
      if (got.length > 0) continue;
      if (this.reading > 0) {
        if (page.waitedMs > READ_PATIENCE_MS) return page.result(false);
        await this.news.wait(READ_PATIENCE_MS - page.waitedMs, options.signal);
      } else if (dry > 0 && this.isEnough(page)) {
        if (page.records.length === 0) this.machine.moveToBound();
        return page.result(true);
      } else {
        if (dry === 0) page.settle();
        await this.askAll(dry++, options.signal);
        this.doubt();
      }
    }
  }

  /** At the head, after a fresh answer of every host. */
  private isEnough(page: Page): boolean {
    if (this.machine.hasQueued && page.settledMs < HEAD_PATIENCE_MS) return false;
    if (this.isInDoubt && page.settledMs < READ_PATIENCE_MS) return false;
    if (page.records.length > 0 || this.lost.length > 0 || this.machine.hasNotices) return true;
    return page.waitedMs >= page.options.waitMs || this.parts.closing.aborted;
  }

  private doubt(): void {
    const misfits = this.machine.misfits();
    for (const host of this.doubted.keys()) if (!misfits.has(host)) this.doubted.delete(host);
    for (const host of misfits) if (!this.doubted.has(host)) this.doubted.set(host, performance.now());
  }

  private get isInDoubt(): boolean {
    const nowMs = performance.now();
    return [...this.doubted.values()].some((sinceMs) => nowMs - sinceMs < MISFIT_PATIENCE_MS);
  }

  private checkAlive(signal: AbortSignal | undefined): void {
    signal?.throwIfAborted();
    if (this.failure !== undefined) throw this.failure;
    if (this.parts.map.topology.stream(this.options.stream) === undefined)
      throw new ForeshardError('unknown_stream', `stream ${this.options.stream} was deleted`);
    if (this.closing.signal.aborted) return;
    if (this.machine.mustRestart) this.restart();
    // what a reader was told by an edge with a newer map, it was told
    if (this.machine.isProven) this.known = Math.max(this.known, this.parts.map.topology.version);
  }

  /** A host lost records that may have been read, named or not: read on with a new machine, from where that one says. */
  private restart(): void {
    this.trimmedByFormer.push(...this.machine.takeTrimmed());
    this.unlisten();
    const { candidates: _ofThen, ...rest } = this.options;
    const after = this.machine.restartFrom;
    this.machine = this.merge({ ...rest, after, version: this.known, byTime: true });
    this.unlisten = this.parts.frontiers.listen(this.machine);
    this.reading = 0;
  }

  private merge(options: MergeOptions): MergeMachine {
    const { map, frontiers, clock } = this.parts;
    // a host spares the window and a lead, which is more than its clock may differ from ours
    const windowMs = map.topology.stream(options.stream)?.dedupWindowMs ?? 0;
    const keptFrom = () => clock.nowMicros() - windowMs * MICROS_PER_MS;
    const machine = new MergeMachine(map.topology, frontiers.tables, { ...options, keptFrom });
    for (const loss of machine.takeLost()) {
      if ((this.lossesReported.get(loss.shardlet) ?? 0) >= loss.epoch) continue;
      this.lossesReported.set(loss.shardlet, loss.epoch);
      this.lost.push(loss);
    }
    return machine;
  }

  /** One round over all hosts; the rounds come slower the longer nothing happens. */
  private async askAll(round: number, signal: AbortSignal | undefined): Promise<void> {
    const raise = round === 0 || this.machine.hasQueued;
    if (round > 0) await this.news.wait(this.paceMs(round), signal);
    const { frontiers, map } = this.parts;
    // what is queued waits for promises: a host that has none but the one that is known is left alone
    const isHeld = round > 0 && this.machine.hasQueued;
    const hosts = [...this.machine.hosts()].filter(
      (host) => !isHeld || frontiers.samePromiseForMs(host) === 0,
    );
    const answered = new Bell();
    void Promise.all(hosts.map((host) => frontiers.ask(host, raise)))
      .catch((error: unknown) => (this.failure ??= error))
      .then(() => answered.ring());
    await answered.wait(hosts.length > 0 ? ROUND_PATIENCE_MS : 0, signal);
    // a shardlet that no host shows is on its way, or the map is old
    if (this.machine.isStuck && performance.now() - this.refreshedAtMs > REFRESH_PAUSE_MS) {
      this.refreshedAtMs = performance.now();
      void map.refresh();
    }
  }

  private paceMs(round: number): number {
    if (!this.machine.hasQueued) return Math.min(PACE_MS_MAX, PACE_MS_MIN * 2 ** round);
    const sameForMs = [...this.machine.hosts()].map((host) => this.parts.frontiers.samePromiseForMs(host));
    return Math.max(PACE_MS_MIN, Math.min(PACE_MS_MAX, ...sameForMs));
  }

  private async fulfil(machine: MergeMachine, request: HostRequest): Promise<void> {
    this.reading++;
    const answer = await this.carryOut(machine, request).catch((error: unknown) =>
      this.explain(request.host, error),
    );
    if (machine === this.machine) this.reading--;
    this.news.ring();
    if (answer === 'answered') return;
    await pause(answer === 'stale' ? STALE_PAUSE_MS : UNREACHABLE_PAUSE_MS, this.closing.signal);
    machine.failed(request.shardlet, answer === 'stale');
    this.news.ring();
  }

  private async carryOut(machine: MergeMachine, request: HostRequest): Promise<'answered' | 'stale'> {
    const reply = await (request.kind === 'seek' ? this.seek(request) : this.read(request));
    if (reply.kind === 'seq') machine.found(request.shardlet, reply.seq);
    else if (reply.kind === 'records') machine.read(request.shardlet, reply);
    else if (reply.kind === 'gone') machine.trimmed(request.shardlet, reply.firstSeq);
    else {
      await this.parts.map.refresh();
      return 'stale';
    }
    return 'answered';
  }

  private async seek({ host, shardlet, ts }: Extract<HostRequest, { kind: 'seek' }>) {
    return (await this.parts.hosts.get(host)).seek(shardlet, ts);
  }

  private read(request: Extract<HostRequest, { kind: 'read' }>): Promise<ReadReply> {
    const { host, shardlet, fromSeq: from, maxRecords, ofHost = false } = request;
    const { keyHash, served } = this.options;
    const options = { maxRecords, maxBytes: READ_BYTES_MAX, ...(keyHash === undefined ? {} : { keyHash }) };
    // also an older copy will do: it is a correct prefix
    const read = { host, shardlet, from, minEpoch: 0, options, ofHost };
    return this.parts.reads.readReplica(served === undefined ? read : { ...read, served });
  }

  private explain(host: number, error: unknown): 'unreachable' {
    if (error instanceof HostUnreachable) this.parts.frontiers.noteFailure(host);
    else this.failure ??= error;
    return 'unreachable';
  }
}

/** What one `take` has collected, and how long it has taken. */
class Page {
  readonly records: MergedRecord[] = [];
  readonly options: TakeOptions;
  private readonly until: LogPosition | undefined;
  private readonly startedMs = performance.now();
  private headAtMs = 0;
  private bytes = 0;

  constructor(options: TakeOptions, until: LogPosition | undefined) {
    this.options = options;
    this.until = until;
  }

  get waitedMs(): number {
    return performance.now() - this.startedMs;
  }

  /** since the head was reached first */
  get settledMs(): number {
    return performance.now() - this.headAtMs;
  }

  settle(): void {
    this.headAtMs = performance.now();
  }

  get isFull(): boolean {
    return this.records.length >= this.options.limit || this.bytes >= this.options.bytesMax;
  }

  portion() {
    const { limit, bytesMax } = this.options;
    return { limit: limit - this.records.length, bytesMax: bytesMax - this.bytes, until: this.until };
  }

  add(records: readonly MergedRecord[]): void {
    for (const record of records) {
      this.records.push(record);
      this.bytes += record.frame.length;
    }
  }

  result(atHead: boolean): Taken {
    return { records: this.records, atHead };
  }
}
