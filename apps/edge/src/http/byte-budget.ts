/** Bounds the bytes of all requests that are being worked on: memory stays bounded whatever arrives. */
export class ByteBudget {
  readonly max: number;
  private taken = 0;

  constructor(max: number) {
    this.max = max;
  }

  get inUse(): number {
    return this.taken;
  }

  /** `false`: nothing was taken. */
  take(bytes: number): boolean {
    if (this.taken + bytes > this.max) return false;
    this.taken += bytes;
    return true;
  }

  give(bytes: number): void {
    this.taken -= bytes;
  }
}
