/** When the next row is due: at N times the speed of the trace, counted from the first row of this run. */
export class Pacer {
  private readonly speed: number;
  private start: { readonly timeMs: number; readonly atMs: number } | undefined;
  /** a row that goes back in time is due with the one before it */
  private latestMs = Number.NEGATIVE_INFINITY;
  rowsBackInTime = 0;

  /** `Infinity`: every row is due at once. */
  constructor(speed: number) {
    this.speed = speed;
  }

  /** How long to wait before the row may be sent; 0 when it is due. */
  waitMs(timeMs: number, nowMs: number): number {
    if (timeMs < this.latestMs) this.rowsBackInTime++;
    this.latestMs = Math.max(this.latestMs, timeMs);
    this.start ??= { timeMs, atMs: nowMs };
    if (this.speed === Number.POSITIVE_INFINITY) return 0;
    const dueMs = this.start.atMs + (this.latestMs - this.start.timeMs) / this.speed;
    return Math.max(0, dueMs - nowMs);
  }
}
