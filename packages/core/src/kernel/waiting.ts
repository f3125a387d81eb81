/** Waiting on something other than time. Timers come from outside: this is pure. */

/** Runs it once, after that time; answers the function that prevents it. */
export type Later = (run: () => void, ms: number) => () => void;

/** Wakes whoever waits when something has happened, when the time is over, or when the caller has gone. */
export class Bell {
  private readonly later: Later;
  private readonly waiting = new Set<() => void>();

  constructor(later: Later) {
    this.later = later;
  }

  ring(): void {
    for (const wake of [...this.waiting]) wake();
  }

  wait(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        cancel();
        signal?.removeEventListener('abort', wake);
        this.waiting.delete(wake);
        resolve();
      };
      const cancel = this.later(wake, Math.max(0, ms));
      this.waiting.add(wake);
      if (signal?.aborted === true) wake();
      else signal?.addEventListener('abort', wake);
    });
  }
}
