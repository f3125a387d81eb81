/**
 * What is new in the shardlets, known by one question per host: who waits for events of a group looks at the
 * shardlets that have some, and at no other. Hosts are asked only while somebody waits, soon after news and
 * seldom while nothing happens; readers of the log that ask anyway share the same question.
 *
 * All of this is a hint. It may be late, or lost, or wrong for a moment after a host went back: who reads by it
 * reads the shardlet itself, so a wrong hint costs a read or some time, never an event.
 */

import type { ReplicaInfo } from '../hosts/index.ts';
import type { Later } from '../kernel/index.ts';
import { FollowedStreams } from './followed-streams.ts';
import type { FollowedTopology, FrontierListener, Frontiers } from './frontiers.ts';

export interface HeadsParts {
  readonly frontiers: Frontiers;
  readonly map: FollowedTopology;
  readonly later: Later;
  /** monotonic */
  readonly nowMs: () => number;
  readonly fault: (error: unknown) => void;
}

/** After this time without an answer of its host a shardlet's last seq is not known any more. */
const FRESH_MS = 2_000;
/** Between two questions to a host while it has news. */
const PACE_MS_MIN = 20;
/** The same while it has none: an event from elsewhere comes this late to those who wait. */
const PACE_MS_MAX = 100;
/** The pace is this part of the time since the last news. */
const PACE_OF_SILENCE = 0.2;
/** A host that takes long is asked less often, so that answers take this part of the time; never below the slowest pace. */
const SHARE_OF_TIME = 0.1;
/** A host that failed is asked again after so long. */
const FAILED_PACE_MS = 250;

interface AskedHost {
  newsAtMs: number;
  cancel: () => void;
}

export class Heads implements FrontierListener {
  private readonly parts: HeadsParts;
  private readonly streams: FollowedStreams;
  private readonly asked = new Map<number, AskedHost>();
  /** last seqs that this process was acknowledged and no host has told yet */
  private readonly noted = new Map<number, number>();
  /** higher with whatever may change a last seq of the stream, except that its host falls silent */
  private readonly changes = new Map<number, number>();
  /** the same, of all streams */
  private resets = 0;
  private readonly listeners = new Set<(shardlet: number) => void>();
  private readonly unlisten: () => void;
  private isClosed = false;

  constructor(parts: HeadsParts) {
    this.parts = parts;
    const { map, later, nowMs } = parts;
    this.streams = new FollowedStreams({ map, later, nowMs, onHost: (host) => this.startAsking(host) });
    const unlisten = [
      parts.frontiers.listen(this),
      map.onChange((change) => {
        for (const { stream } of change.shardlets) this.changed(stream);
      }),
    ];
    this.unlisten = () => unlisten.forEach((end) => void end());
  }

  /** Undefined: not known, so who wants to know has to look. */
  lastSeq(shardletId: number): number | undefined {
    const { map, frontiers } = this.parts;
    const shardlet = map.topology.shardlet(shardletId);
    if (shardlet === undefined || !frontiers.answeredWithin(shardlet.owner, FRESH_MS)) return undefined;
    const replica = frontiers.tables.replica(shardlet.owner, shardletId);
    // before a copy is complete, and after a decision that the host has not carried out yet, it tells nothing
    if (replica === undefined || replica.mode === 'shadow' || replica.epoch < shardlet.epoch)
      return undefined;
    return Math.max(replica.lastSeq, this.noted.get(shardletId) ?? 0);
  }

  /** Undefined: not followed, or a host is silent, and what it has told is known no longer. */
  stamp(stream: number): number | undefined {
    const hosts = this.streams.hosts(stream);
    if (hosts === undefined) return undefined;
    for (const host of hosts) if (!this.answeredWithin(host, FRESH_MS)) return undefined;
    return this.resets + (this.changes.get(stream) ?? 0);
  }

  /** Called for every shardlet of a followed stream that may have something new; often, so it has to be cheap. */
  listen(onNews: (shardlet: number) => void): () => void {
    this.listeners.add(onNews);
    return () => this.listeners.delete(onNews);
  }

  /** Somebody waits for news of this stream, until they call what this answers. */
  follow(stream: number): () => void {
    // what changed while nobody followed it was not counted
    if (!this.streams.has(stream)) this.changed(stream);
    return this.streams.follow(stream);
  }

  answeredWithin(host: number, ms: number): boolean {
    return this.parts.frontiers.answeredWithin(host, ms);
  }

  /** This process was acknowledged an append. On the path of every append: nothing is done while nobody waits. */
  noteAppended(shardlet: number, lastSeq: number): void {
    if (this.streams.isEmpty || (this.noted.get(shardlet) ?? 0) >= lastSeq) return;
    const stream = this.followedStreamOf(shardlet);
    if (stream === undefined) return;
    this.noted.set(shardlet, lastSeq);
    this.changed(stream);
    this.notify(shardlet);
  }

  frontier(host: number, _hostLast: number, changed: readonly ReplicaInfo[]): void {
    let isNews = false;
    for (const { shardlet, lastSeq } of changed) {
      if ((this.noted.get(shardlet) ?? Number.POSITIVE_INFINITY) <= lastSeq) this.noted.delete(shardlet);
      const stream = this.followedStreamOf(shardlet);
      if (stream === undefined) continue;
      isNews = true;
      this.changed(stream);
      this.notify(shardlet);
    }
    const asked = this.asked.get(host);
    if (isNews && asked !== undefined) asked.newsAtMs = this.parts.nowMs();
  }

  forgetHost(): void {
    this.forgetNoted();
  }

  hostWentBack(): void {
    this.forgetNoted();
  }

  readAnew(): void {
    this.forgetNoted();
  }

  close(): void {
    this.isClosed = true;
    this.unlisten();
    this.streams.close();
    for (const { cancel } of this.asked.values()) cancel();
    this.asked.clear();
    this.noted.clear();
  }

  private followedStreamOf(shardletId: number): number | undefined {
    const shardlet = this.parts.map.topology.shardlet(shardletId);
    return shardlet !== undefined && this.streams.has(shardlet.stream) ? shardlet.stream : undefined;
  }

  private changed(stream: number): void {
    this.changes.set(stream, (this.changes.get(stream) ?? 0) + 1);
  }

  private forgetNoted(): void {
    this.noted.clear();
    this.resets++;
  }

  private notify(shardlet: number): void {
    for (const onNews of this.listeners) onNews(shardlet);
  }

  private startAsking(host: number): void {
    if (this.isClosed || this.asked.has(host)) return;
    this.asked.set(host, { newsAtMs: this.parts.nowMs(), cancel: () => {} });
    void this.ask(host);
  }

  private async ask(host: number): Promise<void> {
    const { frontiers, nowMs } = this.parts;
    const askedAtMs = nowMs();
    const isAnswered = await frontiers.hear(host).catch((error: unknown) => {
      this.parts.fault(error);
      return false;
    });
    const asked = this.asked.get(host);
    if (asked === undefined) return;
    if (!this.streams.hasHost(host)) {
      this.asked.delete(host);
      if (this.streams.isEmpty) this.noted.clear();
      return;
    }
    const paceMs = isAnswered ? pace(nowMs() - asked.newsAtMs, nowMs() - askedAtMs) : FAILED_PACE_MS;
    asked.cancel = this.parts.later(() => void this.ask(host), paceMs);
  }
}

function pace(silentMs: number, tookMs: number): number {
  const wanted = Math.max(silentMs * PACE_OF_SILENCE, tookMs / SHARE_OF_TIME);
  return Math.min(PACE_MS_MAX, Math.max(PACE_MS_MIN, wanted));
}
