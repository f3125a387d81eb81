/**
 * The load of the last ten minutes, in memory: totals per second for the chart, and per shardlet in
 * buckets of ten seconds for rankings and sparklines. It is rebuilt from the capped load stream when the
 * console starts, so it holds nothing that must last.
 *
 * A flush covers one second that begins anywhere; it is spread over the two calendar seconds it touches.
 * Else the drift of an edge's timer would now and then leave a second empty and double the next one.
 */
import type { LoadFlush } from '@foreshard/core/telemetry';

export const WINDOW_SECONDS = 600;
export const BUCKET_SECONDS = 10;
const BUCKETS = WINDOW_SECONDS / BUCKET_SECONDS;

/** An edge tells about a second after it is over: the two newest seconds are still incomplete. */
export const SETTLING_SECONDS = 2;

export interface Load {
  readonly events: number;
  readonly bytes: number;
  readonly refused: number;
}

export interface LoadPoint extends Load {
  /** start of the second, seconds since the epoch */
  readonly second: number;
  readonly duplicates: number;
}

type MutableLoad = { -readonly [K in keyof Load]: Load[K] };
type MutablePoint = { -readonly [K in keyof LoadPoint]: LoadPoint[K] };

const NOTHING: Load = Object.freeze({ events: 0, bytes: 0, refused: 0 });

export class LoadWindow {
  private readonly seconds = new Map<number, MutablePoint>();
  private readonly buckets = new Map<number, Map<number, MutableLoad>>();
  private lastStored: number | undefined;

  /** When events were last stored, ms since the epoch; also known when that is longer ago than the window. */
  get lastEventAtMs(): number | undefined {
    return this.lastStored;
  }

  add(flush: LoadFlush): void {
    const total: MutableLoad = { ...NOTHING };
    const bucket = this.bucketOf(Math.floor(flush.atMs / 1_000));
    for (const [id, { events, bytes, errors: refused }] of flush.loads) {
      addTo(total, events, bytes, refused);
      let load = bucket.get(id);
      if (load === undefined) bucket.set(id, (load = { ...NOTHING }));
      addTo(load, events, bytes, refused);
    }
    this.spread(flush.atMs, total, flush.duplicates);
    if (total.events > 0) this.lastStored = Math.max(this.lastStored ?? 0, flush.atMs + 1_000);
  }

  /** Drops what has left the window. */
  prune(nowMs: number): void {
    const oldest = Math.floor(nowMs / 1_000) - WINDOW_SECONDS - SETTLING_SECONDS;
    for (const second of this.seconds.keys()) if (second < oldest) this.seconds.delete(second);
    for (const bucket of this.buckets.keys())
      if ((bucket + 1) * BUCKET_SECONDS <= oldest) this.buckets.delete(bucket);
  }

  /** Every second in (after, until], also the ones without load. */
  points(after: number, until: number): LoadPoint[] {
    const points: LoadPoint[] = [];
    for (let second = after + 1; second <= until; second++)
      points.push(this.seconds.get(second) ?? emptyPoint(second));
    return points;
  }

  /** Average per second of the `overSeconds` seconds that end with `until`. */
  rate(until: number, overSeconds: number): Omit<LoadPoint, 'second'> {
    const sum = { ...NOTHING, duplicates: 0 };
    for (const point of this.points(until - overSeconds, until)) {
      addTo(sum, point.events, point.bytes, point.refused);
      sum.duplicates += point.duplicates;
    }
    return {
      events: sum.events / overSeconds,
      bytes: sum.bytes / overSeconds,
      refused: sum.refused / overSeconds,
      duplicates: sum.duplicates / overSeconds,
    };
  }

  /** Average per second and shardlet of the last full minute of buckets and of what has come since. */
  ratesByShardlet(nowMs: number): Map<number, Load> {
    const current = Math.floor(nowMs / 1_000 / BUCKET_SECONDS);
    const first = current - 60 / BUCKET_SECONDS;
    const overSeconds = Math.max(1, nowMs / 1_000 - 1 - first * BUCKET_SECONDS);
    const rates = new Map<number, MutableLoad>();
    for (let bucket = first; bucket <= current; bucket++)
      for (const [id, load] of this.buckets.get(bucket) ?? []) {
        let rate = rates.get(id);
        if (rate === undefined) rates.set(id, (rate = { ...NOTHING }));
        addTo(rate, load.events / overSeconds, load.bytes / overSeconds, load.refused / overSeconds);
      }
    return rates;
  }

  /** Events per second of one shardlet in each complete bucket of the window, oldest first. */
  history(shardlet: number, nowMs: number): number[] {
    const current = Math.floor((nowMs / 1_000 - SETTLING_SECONDS) / BUCKET_SECONDS);
    return Array.from({ length: BUCKETS }, (_, i) => {
      const load = this.buckets.get(current - BUCKETS + i)?.get(shardlet);
      return load === undefined ? 0 : load.events / BUCKET_SECONDS;
    });
  }

  private bucketOf(second: number): Map<number, MutableLoad> {
    const index = Math.floor(second / BUCKET_SECONDS);
    let bucket = this.buckets.get(index);
    if (bucket === undefined) this.buckets.set(index, (bucket = new Map()));
    return bucket;
  }

  private spread(atMs: number, total: Load, duplicates: number): void {
    const second = Math.floor(atMs / 1_000);
    const later = (atMs % 1_000) / 1_000;
    this.addShare(second, 1 - later, total, duplicates);
    if (later > 0) this.addShare(second + 1, later, total, duplicates);
  }

  private addShare(second: number, share: number, total: Load, duplicates: number): void {
    let point = this.seconds.get(second);
    if (point === undefined) this.seconds.set(second, (point = emptyPoint(second)));
    addTo(point, total.events * share, total.bytes * share, total.refused * share);
    point.duplicates += duplicates * share;
  }
}

/** The newest second that every edge has told about. */
export function lastSettledSecond(nowMs: number): number {
  return Math.floor(nowMs / 1_000) - 1 - SETTLING_SECONDS;
}

function addTo(load: MutableLoad, events: number, bytes: number, refused: number): void {
  load.events += events;
  load.bytes += bytes;
  load.refused += refused;
}

function emptyPoint(second: number): MutablePoint {
  return { second, ...NOTHING, duplicates: 0 };
}
