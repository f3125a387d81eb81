/**
 * Rolls flushes up into minutes when a minute is over, and minutes into hours when an hour is. It keeps no
 * state between runs: its place in the stream is written together with what came of it, so a worker that is
 * killed loses nothing and counts nothing twice, and of two workers one does the work.
 */
import {
  type BlockStore,
  type BlockTransaction,
  type DueHour,
  FeedState,
  HOST_METRIC_NAMES,
  isDue,
  METRIC_NAMES,
  MINUTE_MS,
  MinuteRollUp,
  NO_STREAM,
  type RetentionMs,
  rollUpHour,
  SKETCHES_REMOVED_MS,
  STREAM_START,
} from '@foreshard/core/telemetry';
import type { MapFollower } from '@foreshard/core/topology';
import type { Redis } from 'ioredis';
import type { Logger } from 'pino';
import type { Metrics } from '../process/metrics.ts';
import { takeAccesses } from './access-job.ts';
import type { LoadFeed } from './load-feed.ts';

/** How long after its end a minute is rolled up: flushes are under way for a second and a little. */
const SETTLING_MS = 4_000;
/** Minutes in one transaction, when the worker comes late: memory stays bounded. */
const MINUTES_PER_COMMIT = 5;
/** Rows of shardlets in one transaction, before another minute is begun: each takes some kilobytes. */
const ROWS_PER_COMMIT = 50_000;
/** Hours in one transaction. */
const HOURS_PER_COMMIT = 8;
/** A position so far ahead of the server's clock was given by another clock. */
const AHEAD_MS_MAX = 60_000;

export interface RollUpParts {
  readonly feed: LoadFeed;
  readonly redis: Redis;
  readonly blocks: BlockStore;
  readonly follower: Pick<MapFollower, 'upToDate'>;
  readonly metrics: Pick<Metrics, 'telemetryFlushes' | 'telemetryAgeSeconds' | 'telemetrySharedIds'>;
  readonly retention: RetentionMs;
  readonly log: Logger;
}

interface Rolled {
  readonly minutes: number;
  readonly hours: number;
  readonly more: boolean;
}

export class RollUpJob {
  private readonly parts: RollUpParts;
  private hasWarnedUnreadable = false;

  constructor(parts: RollUpParts) {
    this.parts = parts;
  }

  /** @throws when the topology store, the database or the control Redis does not answer */
  async run(signal: AbortSignal): Promise<object | undefined> {
    let [minutes, hours] = [0, 0];
    for (let more = true; more && !signal.aborted; ) {
      const rolled = await this.parts.blocks.exclusively('load', (tx) => this.step(tx));
      if (rolled === undefined) return undefined;
      minutes += rolled.minutes;
      hours += rolled.hours;
      more = rolled.more;
    }
    const { redis, blocks, retention } = this.parts;
    const unreadable = await takeAccesses({ redis, blocks, keptMs: retention.hour });
    this.noteUnreadable(unreadable, 'records of the query layer');
    return hours > 0 ? { minutes, hours } : undefined;
  }

  private async step(tx: BlockTransaction): Promise<Rolled> {
    const nowMs = await this.parts.feed.nowMs();
    const state = new FeedState(tx.state);
    const endMs = Math.floor((nowMs - SETTLING_MS) / MINUTE_MS) * MINUTE_MS + SETTLING_MS;
    const startMs = Number.parseInt(state.position, 10);
    if (startMs > nowMs + AHEAD_MS_MAX) state.position = STREAM_START;
    const { minutes, unreadable, more } = await this.rollMinutes(tx, state, endMs, nowMs);
    const hours = await this.rollHours(tx, nowMs);
    if (hours > 0) await this.endOld(tx, nowMs);
    // also when nothing of it could be read: it is told once
    if (minutes > 0 || more || unreadable > 0) tx.setState(state.toText(nowMs));
    this.noteUnreadable(unreadable, 'flushes of load');
    this.parts.metrics.telemetryFlushes.inc({ result: 'missing' }, state.missing);
    if (minutes > 0) this.noteSharedIds([...state.sharedIds]);
    this.parts.metrics.telemetryAgeSeconds.set((nowMs - Math.min(endMs, nowMs)) / 1_000);
    return { minutes, hours, more: more || hours === HOURS_PER_COMMIT };
  }

  private async rollMinutes(tx: BlockTransaction, state: FeedState, endMs: number, nowMs: number) {
    const { feed, follower, retention, metrics } = this.parts;
    const map = await follower.upToDate();
    const rollUp = new MinuteRollUp((id) => map.shardlet(id)?.stream, nowMs, retention.minute);
    const count = (result: string) => metrics.telemetryFlushes.inc({ result });
    let more = false;
    let unreadable = 0;
    let stopMs = Number.POSITIVE_INFINITY;
    for await (const { id, flush, hosts } of feed.entries(state.position, endMs)) {
      const addedMs = Number.parseInt(id, 10);
      if (stopMs === Number.POSITIVE_INFINITY) stopMs = addedMs + MINUTES_PER_COMMIT * MINUTE_MS;
      const isFull = flush !== undefined && !rollUp.has(flush.atMs) && rollUp.rows >= ROWS_PER_COMMIT;
      if (addedMs > stopMs || isFull) {
        more = true;
        break;
      }
      state.position = id;
      if (hosts !== undefined) rollUp.addHosts(hosts);
      else if (flush === undefined) unreadable++;
      else if (state.take(flush)) {
        rollUp.add(flush);
        count('rolled_up');
      } else count('repeated');
    }
    metrics.telemetryFlushes.inc({ result: 'outside_retention' }, rollUp.ignored);
    const streams = map.streams().map((s) => s.id);
    return { minutes: await rollUp.write(tx, nowMs, streams), unreadable, more };
  }

  /** What another release has left in the control Redis, or what is damaged, is lost; nothing waits for it. */
  private noteUnreadable(entries: number, what: string): void {
    if (entries === 0) return;
    const { metrics, log } = this.parts;
    metrics.telemetryFlushes.inc({ result: 'unreadable' }, entries);
    if (!this.hasWarnedUnreadable) log.warn({ entries }, `${what} cannot be read and are passed over`);
    this.hasWarnedUnreadable = true;
  }

  /** Nothing is lost by it, but logs and metrics of the two cannot be told apart. */
  private noteSharedIds(edges: readonly string[]): void {
    const { metrics, log } = this.parts;
    metrics.telemetrySharedIds.set(edges.length);
    if (edges.length > 0)
      log.error({ edges }, 'two edges run under the same id: set EDGE_ID to another one, or unset it');
  }

  private async rollHours(tx: BlockTransaction, nowMs: number): Promise<number> {
    const streams = (await this.parts.follower.upToDate()).streams().map((s) => s.id);
    const due: DueHour[] = [];
    for (const stream of [NO_STREAM, ...streams]) {
      const rows = await tx.read({ stream, level: 'hour', parts: ['due'], fromMs: 0, toMs: nowMs });
      due.push(...rows.filter((row) => isDue(row, nowMs)));
    }
    const now = due.slice(0, HOURS_PER_COMMIT);
    for (const hour of now) await rollUpHour(tx, hour, nowMs);
    return now.length;
  }

  private async endOld(tx: BlockTransaction, nowMs: number): Promise<void> {
    const { minute, hour, keys } = this.parts.retention;
    const metrics = [...METRIC_NAMES, ...HOST_METRIC_NAMES, 'coverage' as const];
    await tx.removeBefore('minute', ['loads'], nowMs - SKETCHES_REMOVED_MS);
    await tx.removeBefore('minute', metrics, nowMs - minute);
    await tx.removeBefore('hour', metrics, nowMs - hour);
    await tx.removeBefore('hour', ['accesses', 'instances'], nowMs - hour);
    await tx.removeBefore('hour', ['keys'], nowMs - keys);
  }
}
