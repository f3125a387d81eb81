/**
 * What each host takes of one stream in a second, while a demo runs: beyond it events of that stream are refused as by any
 * other quota. It stands in the way of an event only where a demo has set it, and never of another stream.
 *
 * Each host has a bucket that fills with its rate and holds a quarter of a second of it.
 */
import type { DemoLimit } from '@foreshard/core/demo';

const REFRESH_MS = 1_000;
const MS_PER_SECOND = 1_000;
const BURST_SECONDS = 0.25;

export interface HostSharesParts {
  readonly limit: () => Promise<DemoLimit | undefined>;
  readonly nowMs: () => number;
  readonly warn: (message: string, error: unknown) => void;
}

interface Bucket {
  left: number;
  filledAtMs: number;
}

export class HostShares {
  private readonly parts: HostSharesParts;
  private readonly buckets = new Map<number, Bucket>();
  private limit: DemoLimit | undefined;
  private timer: NodeJS.Timeout | undefined;

  constructor(parts: HostSharesParts) {
    this.parts = parts;
  }

  /** Takes the place of one event; `false` when its host has had its share of the stream. */
  take(stream: string, hostId: number): boolean {
    const { limit } = this;
    if (limit === undefined || limit.stream !== stream) return true;
    const bucket = this.filled(hostId, limit.eventsPerSecondOfHost);
    if (bucket.left < 1) return false;
    bucket.left -= 1;
    return true;
  }

  start(): void {
    void this.refresh();
    this.timer = setInterval(() => void this.refresh(), REFRESH_MS);
  }

  stop(): void {
    clearInterval(this.timer);
  }

  /** The last known limit holds while the database is away. */
  async refresh(): Promise<void> {
    try {
      this.limit = await this.parts.limit();
      if (this.limit === undefined) this.buckets.clear();
    } catch (error) {
      this.parts.warn('the limit of a demo cannot be read anew', error);
    }
  }

  private filled(hostId: number, perSecond: number): Bucket {
    const nowMs = this.parts.nowMs();
    const most = Math.max(1, perSecond * BURST_SECONDS);
    let bucket = this.buckets.get(hostId);
    if (bucket === undefined) this.buckets.set(hostId, (bucket = { left: most, filledAtMs: nowMs }));
    bucket.left = Math.min(most, bucket.left + ((nowMs - bucket.filledAtMs) / MS_PER_SECOND) * perSecond);
    bucket.filledAtMs = nowMs;
    return bucket;
  }
}
