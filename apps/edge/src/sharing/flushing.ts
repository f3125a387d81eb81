/** How an edge tells the control Redis what it has counted: into a capped stream, every so often. */

/** The one command that is needed of it. */
export interface CappedStream {
  xadd(
    key: string,
    maxlen: 'MAXLEN',
    about: '~',
    length: number,
    id: '*',
    field: string,
    value: Buffer,
  ): Promise<unknown>;
}

/** Flushes at an interval, and once more at the end. */
export class Flushing {
  private readonly flush: () => Promise<void>;
  private readonly everyMs: number;
  private timer: NodeJS.Timeout | undefined;

  /** `flush` counts what is lost, and never throws. */
  constructor(flush: () => Promise<void>, everyMs: number) {
    this.flush = flush;
    this.everyMs = everyMs;
  }

  start(): void {
    this.timer = setInterval(() => void this.flush(), this.everyMs);
  }

  async stop(): Promise<void> {
    clearInterval(this.timer);
    await this.flush();
  }
}
