/**
 * Processes on virtual time. The code of an edge or a worker runs as it is: its timers and clocks are those
 * of the process it runs in, found by the asynchronous context, so the same global `setTimeout` serves many
 * simulated processes and leaves everything outside of them alone.
 *
 * A killed process is one whose timers never fire and whose messages never arrive: whatever it was waiting
 * for, it waits for ever. A frozen one (a pause of the machine, SIGSTOP) goes on later where it stopped.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { Planned, Schedule } from '@foreshard/core/simulation';

const current = new AsyncLocalStorage<VirtualProcess>();
const MICROS_PER_MS = 1_000;

const real = {
  setTimeout: globalThis.setTimeout,
  setInterval: globalThis.setInterval,
  setImmediate: globalThis.setImmediate,
  clearTimeout: globalThis.clearTimeout,
  clearInterval: globalThis.clearInterval,
  clearImmediate: globalThis.clearImmediate,
  dateNow: Date.now,
  performanceNow: performance.now.bind(performance),
};

export class VirtualProcess {
  readonly name: string;
  /** how far its wall clock is from true time */
  clockOffMicros = 0;
  private readonly schedule: Schedule;
  private alive = true;
  private frozenUntilMicros = 0;

  constructor(name: string, schedule: Schedule) {
    this.name = name;
    this.schedule = schedule;
  }

  get isAlive(): boolean {
    return this.alive;
  }

  kill(): void {
    this.alive = false;
  }

  freeze(micros: number): void {
    this.frozenUntilMicros = Math.max(this.frozenUntilMicros, this.schedule.nowMicros() + micros);
  }

  /** The wall clock, which may be wrong. */
  nowMicros(): number {
    return this.schedule.nowMicros() + this.clockOffMicros;
  }

  /** Since the machine began: never wrong. */
  uptimeMs(): number {
    return this.schedule.nowMicros() / MICROS_PER_MS;
  }

  run<T>(work: () => T): T {
    return current.run(this, work);
  }

  after(micros: number, work: () => void): Planned {
    return this.schedule.after(micros, () => this.arrive(work));
  }

  /** Does the work now, or when the process is no longer frozen, or never. */
  arrive(work: () => void): void {
    if (!this.alive) return;
    const frozen = this.frozenUntilMicros - this.schedule.nowMicros();
    if (frozen > 0) this.schedule.after(frozen, () => this.arrive(work));
    else this.run(work);
  }
}

/** What the timer functions answer inside a process. */
class VirtualTimer {
  planned: Planned | undefined;

  unref(): this {
    return this;
  }

  ref(): this {
    return this;
  }

  cancel(): void {
    if (this.planned !== undefined) this.planned.cancelled = true;
    this.planned = undefined;
  }
}

type Callback = (...args: unknown[]) => void;

function startTimer(process: VirtualProcess, work: Callback, ms: number, args: unknown[]): VirtualTimer {
  const timer = new VirtualTimer();
  timer.planned = process.after(Math.max(1, ms || 0) * MICROS_PER_MS, () => work(...args));
  return timer;
}

function startImmediate(process: VirtualProcess, work: Callback, args: unknown[]): VirtualTimer {
  const timer = new VirtualTimer();
  timer.planned = process.after(0, () => work(...args));
  return timer;
}

function startInterval(process: VirtualProcess, work: Callback, ms: number, args: unknown[]): VirtualTimer {
  const timer = new VirtualTimer();
  const again = () => {
    timer.planned = process.after(Math.max(1, ms || 0) * MICROS_PER_MS, () => {
      again();
      work(...args);
    });
  };
  again();
  return timer;
}

function clear(original: (timer: never) => void): (timer: unknown) => void {
  return (timer) => {
    if (timer instanceof VirtualTimer) timer.cancel();
    else original(timer as never);
  };
}

/** From here on timers and clocks ask which process they are in. Answers the function that ends it. */
export function installVirtualTime(): () => void {
  const inProcess =
    <T>(
      start: (process: VirtualProcess, work: Callback, ms: number, args: unknown[]) => T,
      original: Callback,
    ) =>
    (work: Callback, ms: number, ...args: unknown[]) => {
      const process = current.getStore();
      return process === undefined ? original(work, ms, ...args) : start(process, work, ms, args);
    };
  Object.assign(globalThis, {
    setTimeout: inProcess(startTimer, real.setTimeout as never),
    setInterval: inProcess(startInterval, real.setInterval as never),
    setImmediate: (work: Callback, ...args: unknown[]) => {
      const process = current.getStore();
      return process === undefined ? real.setImmediate(work, ...args) : startImmediate(process, work, args);
    },
    clearTimeout: clear(real.clearTimeout as never),
    clearInterval: clear(real.clearInterval as never),
    clearImmediate: clear(real.clearImmediate as never),
  });
  Date.now = () => {
    const process = current.getStore();
    return process === undefined ? real.dateNow() : Math.floor(process.nowMicros() / MICROS_PER_MS);
  };
  performance.now = () => current.getStore()?.uptimeMs() ?? real.performanceNow();
  return () => {
    const { dateNow, performanceNow, ...timers } = real;
    Object.assign(globalThis, timers);
    Date.now = dateNow;
    performance.now = performanceNow;
  };
}

/** Lets everything that needs no time come to rest: every promise that can go on has gone on. */
export function settle(): Promise<void> {
  return new Promise((resolve) => {
    real.setImmediate(resolve);
  });
}

/** Immediates of one turn of the event loop run their promises in between, without a turn for each. */
const STEPS_PER_TURN = 64;

/** Takes steps until one answers `false`; before each, everything has come to rest. */
export function settledSteps(step: () => boolean): Promise<void> {
  return new Promise((resolve, reject) => {
    let isOver = false;
    const one = () => {
      try {
        if (isOver || step()) return;
        resolve();
      } catch (error) {
        reject(error as Error);
      }
      isOver = true;
    };
    const turn = () => {
      if (isOver) return;
      for (let i = 0; i < STEPS_PER_TURN; i++) real.setImmediate(one);
      real.setImmediate(turn);
    };
    turn();
  });
}
