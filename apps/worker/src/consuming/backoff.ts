/** When a delivery that failed is tried again: twice as late each time, at a random point, up to a minute. */
export interface Backoff {
  readonly failures: number;
  readonly untilMs: number;
}

const FIRST_MS = 500;
const LONGEST_MS = 60_000;

/** `random` in [0, 1): half of the wait is certain, so that many that failed together do not come together. */
export function nextBackoff(before: Backoff | undefined, nowMs: number, random: number): Backoff {
  const failures = (before?.failures ?? 0) + 1;
  const waitMs = Math.min(LONGEST_MS, FIRST_MS * 2 ** (failures - 1));
  return { failures, untilMs: nowMs + waitMs * (0.5 + random / 2) };
}
