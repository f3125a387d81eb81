/** What the demo shows, kept in its row. Changes are written together, twice a second at most, and at the end. */
import type { DemoRun, DemoStatus, DemoStore } from '@foreshard/core/demo';

const WRITE_EVERY_MS = 500;

/** Somebody asked for it: no failure. */
export class DemoStopped extends Error {
  override readonly name = 'DemoStopped';
}

export class DemoBoard {
  private readonly store: Pick<DemoStore, 'write'>;
  private readonly onStop: (reason: DemoStopped) => void;
  private current: DemoStatus;
  private writing: Promise<void> = Promise.resolve();
  private readonly timer: NodeJS.Timeout;

  constructor(store: Pick<DemoStore, 'write'>, status: DemoStatus, onStop: (reason: DemoStopped) => void) {
    this.store = store;
    this.current = status;
    this.onStop = onStop;
    // also without a change: who asked to stop it is learned by writing
    this.timer = setInterval(() => this.writeNow().catch(() => {}), WRITE_EVERY_MS);
  }

  get status(): DemoStatus {
    return this.current;
  }

  change(change: Partial<DemoStatus>): void {
    this.current = { ...this.current, ...change };
  }

  changeRun(number: number, change: (run: DemoRun) => Partial<DemoRun>): void {
    const runs = this.current.runs.map((run) => (run.number === number ? { ...run, ...change(run) } : run));
    this.change({ runs });
  }

  /** @throws what the store throws */
  writeNow(): Promise<void> {
    this.writing = this.writing
      .catch(() => {})
      .then(async () => {
        const stopBy = await this.store.write(this.current);
        if (stopBy !== null) this.onStop(new DemoStopped(`stopped by ${stopBy}`));
      });
    return this.writing;
  }

  /** Writes no more by itself. */
  async close(): Promise<void> {
    clearInterval(this.timer);
    await this.writing.catch(() => {});
  }
}
