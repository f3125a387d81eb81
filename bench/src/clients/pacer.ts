/**
 * Sleeps in a thread of its own until the next request is due and then tells its parent, since the timers of the
 * event loop know whole milliseconds only, and a loop that looks at the clock takes a core from what is measured.
 */
import { parentPort, workerData } from 'node:worker_threads';

export interface Pace {
  /** Unix time, ms with a fraction */
  readonly startMs: number;
  readonly perSecond: number;
  readonly total: number;
}

const { startMs, perSecond, total } = workerData as Pace;
const never = new Int32Array(new SharedArrayBuffer(4));

for (let i = 0; i < total; i++) {
  const waitMs = startMs + (i * 1_000) / perSecond - (performance.timeOrigin + performance.now());
  if (waitMs <= 0) continue; // who reads the next message takes all that is due
  Atomics.wait(never, 0, 0, waitMs);
  parentPort!.postMessage(undefined);
}
parentPort!.postMessage(undefined);
