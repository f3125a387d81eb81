/**
 * Asks the hosts for their frontiers, for all readers of this edge together: per host one request at a time,
 * and only when a reader asks. A promise costs the host a write, so a reader that has nothing to give out
 * asks without one (`raise` false) and only learns what changed.
 */
import { type EventHost, HostUnreachable, type ReplicaInfo } from '@foreshard/core/hosts';
import type { EdgeMap } from '../../map/edge-map.ts';
import { HostTables } from './host-tables.ts';

/** The part of the host pool that reading needs. */
export interface EventHosts {
  get(hostId: number): Promise<EventHost>;
}

export interface FrontierListener {
  /** the tables have taken the answer already */
  frontier(host: number, hostLast: number, changed: readonly ReplicaInfo[]): void;
  forgetHost(host: number): void;
  /** it is in an older state than it was */
  hostWentBack(host: number): void;
  /** it went back, and nobody names what it lost: what is read of it is sought by time */
  readAnew(): void;
}

/** A host that has just failed is not asked again for so long: a connection attempt takes a while. */
const RETRY_PAUSE_MS = 250;
/** A host that has not answered for so long is reported to the readers that wait for it. */
const OVERDUE_MS = 250;
/** As far as the host can promise: up to its own clock. */
const AS_FAR_AS_POSSIBLE = Number.MAX_SAFE_INTEGER;
const NO_PROMISE = 0;

interface Line {
  /** changes when the host starts anew: answers of its former run are then void */
  run: number;
  running: Promise<boolean> | undefined;
  queued: { readonly done: Promise<boolean>; raise: boolean } | undefined;
  askedAtMs: number | undefined;
  failedAtMs: number | undefined;
}

export class Frontiers {
  readonly tables = new HostTables();
  private readonly lines = new Map<number, Line>();
  private readonly listeners = new Set<FrontierListener>();
  private readonly hosts: EventHosts;

  constructor(hosts: EventHosts, map: EdgeMap) {
    this.hosts = hosts;
    const incarnations = new Map(map.topology.hosts().map((h) => [h.id, h.incarnation]));
    map.onChange((change, before) => {
      for (const { id, incarnation } of change.hosts) {
        if (incarnations.has(id) && incarnations.get(id) !== incarnation) this.forget(id);
        incarnations.set(id, incarnation);
      }
      for (const id of change.hostsRemoved) this.forget(id);
      const losers = change.shardlets.filter((s, i) => s.lost.length > (before[i]?.lost.length ?? 0));
      for (const id of new Set(losers.map((s) => s.owner))) this.wentBack(id);
    });
  }

  listen(listener: FrontierListener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Resolves when an answer has been taken that was asked for after this call; `false` when there is none. */
  ask(host: number, raise: boolean): Promise<boolean> {
    const line = this.line(host);
    if (line.failedAtMs !== undefined && performance.now() - line.failedAtMs < RETRY_PAUSE_MS)
      return Promise.resolve(false);
    if (line.running === undefined) return this.start(host, line, raise);
    if (line.queued === undefined) {
      const done = line.running
        .catch(() => false)
        .then(() => this.start(host, line, line.queued?.raise ?? raise));
      line.queued = { done, raise };
    } else {
      line.queued.raise ||= raise;
    }
    return line.queued.done;
  }

  /** True for a host that failed or has not answered for a while. */
  isSilent(host: number): boolean {
    const { failedAtMs, askedAtMs } = this.line(host);
    return (
      failedAtMs !== undefined || (askedAtMs !== undefined && performance.now() - askedAtMs > OVERDUE_MS)
    );
  }

  /** Also when a read has failed: the next question tells whether the host is back. */
  noteFailure(host: number): void {
    this.line(host).failedAtMs = performance.now();
  }

  /** A flushed or restored host: all that it has told is void, and is asked for again. */
  wentBack(host: number): void {
    this.reset(host);
    for (const listener of this.listeners) listener.hostWentBack(host);
  }

  /** It is used again although this edge saw it go back: its numbers may be other records' now. */
  readAnew(host: number): void {
    this.reset(host);
    for (const listener of this.listeners) listener.readAnew();
  }

  private forget(host: number): void {
    this.reset(host);
    for (const listener of this.listeners) listener.forgetHost(host);
  }

  private start(host: number, line: Line, raise: boolean): Promise<boolean> {
    line.queued = undefined;
    line.askedAtMs = performance.now();
    line.running = this.question(host, line, raise).finally(() => {
      line.running = undefined;
      line.askedAtMs = undefined;
    });
    return line.running;
  }

  private async question(host: number, line: Line, raise: boolean): Promise<boolean> {
    const { run } = line;
    try {
      const connected = await this.hosts.get(host);
      const upTo = raise ? AS_FAR_AS_POSSIBLE : NO_PROMISE;
      const since = this.tables.since(host);
      const answer = await connected.frontier(upTo, since);
      if (line.run !== run) return false;
      line.failedAtMs = undefined;
      // neither falls on a host that keeps what it has written
      if (answer.since < since || answer.hostLast < (this.tables.hostLast(host) ?? 0)) {
        this.wentBack(host);
        return await this.question(host, line, raise);
      }
      this.tables.apply(host, answer);
      for (const listener of this.listeners) listener.frontier(host, answer.hostLast, answer.changed);
      return true;
    } catch (error) {
      if (!(error instanceof HostUnreachable)) throw error;
      line.failedAtMs = performance.now();
      return false;
    }
  }

  private reset(host: number): void {
    const line = this.line(host);
    line.run++;
    line.failedAtMs = undefined;
    this.tables.forget(host);
  }

  private line(host: number): Line {
    let line = this.lines.get(host);
    if (line === undefined) {
      line = { run: 0, running: undefined, queued: undefined, askedAtMs: undefined, failedAtMs: undefined };
      this.lines.set(host, line);
    }
    return line;
  }
}
