/**
 * Asks the hosts for their frontiers, for all readers of this process together: per host one request at a time,
 * and only when a reader asks. A promise costs the host a write, so a reader that has nothing to give out
 * asks without one (`raise` false) and only learns what changed. On PostgreSQL it also holds appends up, so a young one
 * serves all processes, and none is asked for while the one that is known is young.
 */
import {
  type EventHost,
  type FrontierReply,
  HostUnreachable,
  PROMISE_AGE_MICROS,
  type ReplicaInfo,
} from '../hosts/index.ts';
import { MICROS_PER_MS } from '../kernel/index.ts';
import type { ChangeListener, Host, TopologyMap } from '../topology/index.ts';
import { HostTables } from './host-tables.ts';

/** The part of the host pool that reading needs. */
export interface EventHosts {
  get(hostId: number): Promise<EventHost>;
}

/** The map, followed: a listener is called after the map has taken a change. */
export interface FollowedTopology {
  readonly topology: TopologyMap;
  onChange(listener: ChangeListener): () => void;
}

export interface FrontierParts {
  readonly hosts: EventHosts;
  readonly map: FollowedTopology;
  /** monotonic */
  readonly nowMs: () => number;
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

interface Line {
  /** changes when the host starts anew: answers of its former run are then void */
  run: number;
  running: Promise<boolean> | undefined;
  queued: { readonly done: Promise<boolean>; raise: boolean } | undefined;
  askedAtMs: number | undefined;
  failedAtMs: number | undefined;
  /** when the question was asked that this run of the host answered last */
  answeredAskedAtMs: number | undefined;
  /** whoever asks for a promise before gets the one that is known */
  sameUntilMs: number;
}

const NEW_LINE: Readonly<Line> = {
  run: 0,
  running: undefined,
  queued: undefined,
  askedAtMs: undefined,
  failedAtMs: undefined,
  answeredAskedAtMs: undefined,
  sameUntilMs: Number.NEGATIVE_INFINITY,
};

export class Frontiers {
  readonly tables = new HostTables();
  private readonly lines = new Map<number, Line>();
  private readonly listeners = new Set<FrontierListener>();
  private readonly hosts: EventHosts;
  private readonly nowMs: () => number;

  constructor({ hosts, map, nowMs }: FrontierParts) {
    this.hosts = hosts;
    this.nowMs = nowMs;
    const runs = new Map(map.topology.hosts().map((host) => [host.id, runOf(host)]));
    map.onChange((change, before) => {
      for (const host of change.hosts) {
        const known = runs.get(host.id);
        if (known !== undefined && known !== runOf(host)) this.forget(host.id);
        runs.set(host.id, runOf(host));
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
    if (line.failedAtMs !== undefined && this.nowMs() - line.failedAtMs < RETRY_PAUSE_MS)
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

  /** For who only wants to hear of news: a question that is under way is theirs as well. */
  hear(host: number): Promise<boolean> {
    return this.line(host).running ?? this.ask(host, false);
  }

  /** For so long the host gives no promise but the one that is known. */
  samePromiseForMs(host: number): number {
    return Math.max(0, this.line(host).sameUntilMs - this.nowMs());
  }

  /** True for a host that failed or has not answered for a while. */
  isSilent(host: number): boolean {
    const { failedAtMs, askedAtMs } = this.line(host);
    return failedAtMs !== undefined || (askedAtMs !== undefined && this.nowMs() - askedAtMs > OVERDUE_MS);
  }

  /**
   * The host answered a question that was asked at most so long ago, in the run and the generation that it has
   * now: what it had lost before that would have shown.
   */
  answeredWithin(host: number, ms: number): boolean {
    const askedAtMs = this.lines.get(host)?.answeredAskedAtMs;
    return askedAtMs !== undefined && this.nowMs() - askedAtMs <= ms;
  }

  /** Also when a read has failed: the next question tells whether the host is back. */
  noteFailure(host: number): void {
    this.line(host).failedAtMs = this.nowMs();
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
    line.askedAtMs = this.nowMs();
    line.running = this.question(host, line, raise).finally(() => {
      line.running = undefined;
      line.askedAtMs = undefined;
    });
    return line.running;
  }

  private async question(host: number, line: Line, raise: boolean): Promise<boolean> {
    const { run } = line;
    const askedAtMs = this.nowMs();
    try {
      const connected = await this.hosts.get(host);
      const isNew = raise && this.samePromiseForMs(host) === 0;
      const since = this.tables.since(host);
      this.tables.asks(host);
      const answer = await this.answer(connected, since, isNew ? line : undefined);
      if (line.run !== run) return false;
      line.failedAtMs = undefined;
      if (this.tables.showLess(host, answer)) {
        this.wentBack(host);
        return await this.question(host, line, raise);
      }
      const changed = this.tables.apply(host, answer);
      line.answeredAskedAtMs = askedAtMs;
      for (const listener of this.listeners) listener.frontier(host, answer.hostLast, changed);
      return true;
    } catch (error) {
      if (!(error instanceof HostUnreachable)) throw error;
      line.failedAtMs = this.nowMs();
      return false;
    }
  }

  private async answer(host: EventHost, since: number, promising: Line | undefined): Promise<FrontierReply> {
    if (promising === undefined) return host.news(since);
    const { run } = promising;
    const answer = await host.promise(since, PROMISE_AGE_MICROS);
    if (promising.run === run) promising.sameUntilMs = this.nowMs() + answer.restMicros / MICROS_PER_MS;
    return answer;
  }

  private reset(host: number): void {
    const line = this.line(host);
    line.run++;
    line.sameUntilMs = Number.NEGATIVE_INFINITY;
    line.failedAtMs = undefined;
    line.answeredAskedAtMs = undefined;
    this.tables.forget(host);
  }

  private line(host: number): Line {
    let line = this.lines.get(host);
    if (line === undefined) {
      line = { ...NEW_LINE };
      this.lines.set(host, line);
    }
    return line;
  }
}

/** An answer counts only in the run, and the generation, that the topology store knows. */
function runOf({ incarnation, generation }: Host): string {
  return `${generation} ${incarnation}`;
}
