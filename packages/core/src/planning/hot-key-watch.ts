/**
 * The fast lane for hot keys: finds a key that takes too much of one host within a few hundred of its operations, where
 * the operations pass by, and not at the next tick of a planner. Counts are of the current window, in bounded memory
 * (Misra and Gries 1982), and never too high; a key counts as hot when its rate is above the limit by more than the
 * noise of counting. The watch only tells; what to do about it is decided elsewhere.
 */
export interface HotKeyLimits {
  /** operations a second one key may have */
  readonly ratePerSecond: number;
  readonly windowMs?: number;
  /** keys followed at a time; what has more than one part in so many of a window is among them */
  readonly followed?: number;
  /** operations of a key before anything is said about it; fewer see shorter bursts, and more that are none */
  readonly operationsMin?: number;
}

/** long enough for a rate, short enough that yesterday's favourite does not count */
const WINDOW_MS = 10_000;
const FOLLOWED = 1_024;
const OPERATIONS_MIN = 16;
/** a rate over less time is a burst in one buffer */
const ELAPSED_MIN_MS = 50;
/** standard deviations of a count that are taken off before it is believed */
const SIGMAS = 2;

export class HotKeyWatch {
  private readonly limits: Required<HotKeyLimits>;
  private readonly counts = new Map<number, number>();
  private readonly reported = new Set<number>();
  private windowFromMs = Number.NEGATIVE_INFINITY;

  constructor({
    ratePerSecond,
    windowMs = WINDOW_MS,
    followed = FOLLOWED,
    operationsMin = OPERATIONS_MIN,
  }: HotKeyLimits) {
    this.limits = { ratePerSecond, windowMs, followed, operationsMin };
  }

  /** So many operations of a key have passed: its rate a second, at least, when that has just shown to be too high. */
  observe(key: number, operations: number, nowMs: number): number | undefined {
    if (nowMs - this.windowFromMs >= this.limits.windowMs) this.startWindow(nowMs);
    const count = this.add(key, operations);
    if (count < this.limits.operationsMin || this.reported.has(key)) return undefined;
    const seconds = Math.max(ELAPSED_MIN_MS, nowMs - this.windowFromMs) / 1_000;
    const rate = (count - SIGMAS * Math.sqrt(count)) / seconds;
    if (rate <= this.limits.ratePerSecond) return undefined;
    this.reported.add(key);
    return rate;
  }

  /** A new window; for whoever counts in windows of their own. */
  startWindow(nowMs: number): void {
    this.windowFromMs = nowMs;
    this.counts.clear();
    this.reported.clear();
  }

  private add(key: number, operations: number): number {
    const known = this.counts.get(key);
    if (known !== undefined || this.counts.size < this.limits.followed) {
      const count = (known ?? 0) + operations;
      this.counts.set(key, count);
      return count;
    }
    return this.addByDecrease(key, operations);
  }

  /** Full: the newcomer and all that are followed lose the same, and who has nothing left makes room. */
  private addByDecrease(key: number, operations: number): number {
    let least = operations;
    for (const count of this.counts.values()) if (count < least) least = count;
    for (const [other, count] of this.counts) {
      if (count > least) this.counts.set(other, count - least);
      else this.counts.delete(other);
    }
    const left = operations - least;
    if (left > 0) this.counts.set(key, left);
    return left;
  }
}
