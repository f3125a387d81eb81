/** Waiting that can be called off, and leaves no listener behind on a signal that lives as long as the program. */

/** Rejects with the signal's reason. */
export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) return reject(signal.reason);
    const ended = (): void => {
      clearTimeout(timer);
      reject(signal!.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', ended);
      resolve();
    }, ms);
    signal?.addEventListener('abort', ended, { once: true });
  });
}

export interface Linked {
  readonly signal: AbortSignal;
  /** the time was over */
  readonly isLate: () => boolean;
  readonly abort: (reason?: unknown) => void;
  /** The time ends no more. */
  readonly untimed: () => void;
  /** Lets go of the signals and of the timer. */
  readonly release: () => void;
}

/** A signal that is aborted with the first of `signals`, or after `timeoutMs`. */
export function linked(signals: readonly (AbortSignal | undefined)[], timeoutMs?: number): Linked {
  const own = new AbortController();
  let late = false;
  const releases: (() => void)[] = [];
  for (const signal of signals) {
    if (signal === undefined) continue;
    const pass = (): void => own.abort(signal.reason);
    if (signal.aborted) pass();
    signal.addEventListener('abort', pass, { once: true });
    releases.push(() => signal.removeEventListener('abort', pass));
  }
  const onLate = (): void => {
    late = true;
    own.abort(new DOMException('the time is over', 'TimeoutError'));
  };
  const timer = timeoutMs === undefined ? undefined : setTimeout(onLate, timeoutMs);
  return {
    signal: own.signal,
    isLate: () => late,
    abort: (reason) => own.abort(reason),
    untimed: () => clearTimeout(timer),
    release: () => {
      clearTimeout(timer);
      for (const release of releases.splice(0)) release();
    },
  };
}

/** What several wait for, again and again. */
export class Bell {
  private waiting: (() => void)[] = [];

  ring(): void {
    for (const wake of this.waiting.splice(0)) wake();
  }

  /** Until the next ring, or so long. */
  async wait(ms?: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted === true) return;
    let release = (): void => {};
    await new Promise<void>((resolve) => {
      this.waiting.push(resolve);
      const timer = ms === undefined ? undefined : setTimeout(resolve, ms);
      const ended = (): void => resolve();
      signal?.addEventListener('abort', ended, { once: true });
      release = () => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', ended);
        this.waiting = this.waiting.filter((wake) => wake !== resolve);
      };
    });
    release();
  }
}
