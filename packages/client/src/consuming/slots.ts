/** So many at the same time; who waits is first when one is free. */
export class Slots {
  private readonly count: number;
  private readonly waiting: (() => void)[] = [];
  private taken = 0;

  constructor(count: number) {
    this.count = count;
  }

  get busy(): number {
    return this.taken;
  }

  tryTake(): boolean {
    if (this.taken >= this.count) return false;
    this.taken++;
    return true;
  }

  async take(): Promise<void> {
    if (this.tryTake()) return;
    await new Promise<void>((resolve) => this.waiting.push(resolve));
  }

  release(): void {
    const next = this.waiting.shift();
    if (next === undefined) this.taken--;
    else next();
  }

  async using<T>(work: () => Promise<T>): Promise<T> {
    await this.take();
    try {
      return await work();
    } finally {
      this.release();
    }
  }
}
