/**
 * The control Redis, for what edges share with each other while they store events: it is asked within a
 * short deadline, and an edge that gets no answer goes on by itself. After a question that was not answered
 * in time none is asked for a while, or every request would wait for the deadline.
 */
export const AWAY = Symbol('the control Redis does not answer');

export interface Patience {
  readonly patienceMs: number;
  /** after a question that was not answered */
  readonly pauseMs: number;
}

/** Redis answers in less than one; an event that waits longer than this is slow. */
const OF_EVENTS: Patience = { patienceMs: 100, pauseMs: 1_000 };

/** What is used of a client of ioredis. */
export interface SharableRedis {
  readonly status: string;
  eval(script: string, keys: number, ...keysAndArguments: (string | number)[]): Promise<unknown>;
}

export class SharedRedis<R extends SharableRedis = SharableRedis> {
  readonly redis: R;
  private readonly nowMs: () => number;
  private readonly patience: Patience;
  private pausedUntilMs = Number.NEGATIVE_INFINITY;

  constructor(redis: R, nowMs: () => number, patience: Patience = OF_EVENTS) {
    this.redis = redis;
    this.nowMs = nowMs;
    this.patience = patience;
  }

  /** What fails is no answer either. The question may still arrive when it was not answered. */
  async ask<T>(question: (redis: R) => Promise<T>): Promise<T | typeof AWAY> {
    if (this.redis.status !== 'ready' || this.nowMs() < this.pausedUntilMs) return AWAY;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<typeof AWAY>((resolve) => {
      timer = setTimeout(() => resolve(AWAY), this.patience.patienceMs);
    });
    const answer = await Promise.race([question(this.redis).catch(() => AWAY), late]);
    clearTimeout(timer);
    if (answer === AWAY) this.pausedUntilMs = this.nowMs() + this.patience.pauseMs;
    return answer as T | typeof AWAY;
  }
}
