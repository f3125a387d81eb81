/**
 * Which hosts answer, by the reads that were sent to them: one that hangs or is away must not hold up those who read
 * from others as well. Each read that is under way for long, and each that failed, makes its host rest for a while.
 */
import type { ServiceTime } from './waiting.ts';

/** A read takes a millisecond or some; a host that takes longer gets no more of them meanwhile. */
const SLOW_MS = 250;
const FAILED_PAUSE_MS = 1_000;

interface Lane {
  readonly underWay: Set<{ readonly sinceMs: number }>;
  failedAtMs: number;
}

export class HostLanes {
  private readonly nowMs: ServiceTime['nowMs'];
  private readonly lanes = new Map<number, Lane>();

  constructor(nowMs: ServiceTime['nowMs']) {
    this.nowMs = nowMs;
  }

  /** When it may be asked again; undefined: now. */
  restsUntilMs(host: number): number | undefined {
    const lane = this.lanes.get(host);
    if (lane === undefined) return undefined;
    const nowMs = this.nowMs();
    const [oldest] = lane.underWay;
    if (oldest !== undefined && nowMs - oldest.sinceMs >= SLOW_MS) return nowMs + SLOW_MS;
    const restedMs = lane.failedAtMs + FAILED_PAUSE_MS;
    return nowMs < restedMs ? restedMs : undefined;
  }

  /** @throws what `ask` throws */
  async ask<T>(host: number, ask: () => Promise<T>): Promise<T> {
    const lane = this.lane(host);
    const one = { sinceMs: this.nowMs() };
    lane.underWay.add(one);
    try {
      const answer = await ask();
      lane.failedAtMs = Number.NEGATIVE_INFINITY;
      return answer;
    } catch (error) {
      lane.failedAtMs = this.nowMs();
      throw error;
    } finally {
      lane.underWay.delete(one);
    }
  }

  private lane(host: number): Lane {
    let lane = this.lanes.get(host);
    if (lane === undefined) {
      lane = { underWay: new Set(), failedAtMs: Number.NEGATIVE_INFINITY };
      this.lanes.set(host, lane);
    }
    return lane;
  }
}
