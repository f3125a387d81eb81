/**
 * Which rows are acknowledged. Lanes run apart, so acknowledgements come out of order; what was acknowledged
 * ahead is kept over a stop as well, so that it is not sent again when its deduplication window is over.
 */
export class AckTracker {
  private upTo: number;
  private readonly beyond: Set<number>;

  /** `upTo`: all rows up to it are acknowledged already; `ahead`: and these. */
  constructor(upTo: number, ahead: readonly number[] = []) {
    this.upTo = upTo;
    this.beyond = new Set(ahead);
  }

  /** Every row up to this one is acknowledged, or was left out. */
  get lowWatermark(): number {
    return this.upTo;
  }

  /** Rows beyond the low watermark that are acknowledged. */
  get ahead(): number[] {
    return [...this.beyond];
  }

  get count(): number {
    return this.upTo + this.beyond.size;
  }

  has(row: number): boolean {
    return row <= this.upTo || this.beyond.has(row);
  }

  add(row: number): void {
    if (row > this.upTo) this.beyond.add(row);
    while (this.beyond.delete(this.upTo + 1)) this.upTo++;
  }
}
