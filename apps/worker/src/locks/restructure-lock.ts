/**
 * Keeps workers from doing the same work at once. It saves work and nothing else: fences and decisions of T
 * keep everything right without it. So when Redis does not answer the work is done unlocked, and when the
 * lock is lost in the middle the work goes on.
 */
import type { Redis } from 'ioredis';
import { ExecutionError, type Lock, Redlock, ResourceLockedError } from 'redlock';

/** How long a killed worker holds up the others. */
const LOCK_MS = 10_000;
const EXTEND_EVERY_MS = LOCK_MS / 3;
const PREFIX = '{foreshard}:lock:';

export interface RestructureLock {
  /** Answers `undefined`, without doing the work, when another worker is at it. */
  during<T>(what: string, work: () => Promise<T>): Promise<T | undefined>;
}

export function restructureLock(redis: Redis): RestructureLock {
  const redlock = new Redlock([redis], { retryCount: 0 });
  // every failure also ends its own call
  redlock.on('error', () => {});
  return {
    async during(what, work) {
      const claim = await acquire(redlock, what);
      if (claim === 'held') return undefined;
      const keeper = claim === 'unlocked' ? undefined : keep(claim);
      try {
        return await work();
      } finally {
        await keeper?.release();
      }
    },
  };
}

async function acquire(redlock: Redlock, what: string): Promise<Lock | 'held' | 'unlocked'> {
  try {
    return await redlock.acquire([PREFIX + what], LOCK_MS);
  } catch (error) {
    return (await isHeld(error)) ? 'held' : 'unlocked';
  }
}

async function isHeld(error: unknown): Promise<boolean> {
  if (error instanceof ResourceLockedError) return true;
  if (!(error instanceof ExecutionError)) return false;
  for (const attempt of await Promise.all(error.attempts))
    for (const vote of attempt.votesAgainst.values()) if (vote instanceof ResourceLockedError) return true;
  return false;
}

/** Extends the lock until it is released; when that fails, somebody else may come and does no harm. */
function keep(first: Lock): { release(): Promise<void> } {
  let lock = first;
  const timer = setInterval(async () => {
    lock = await lock.extend(LOCK_MS).catch(() => lock);
  }, EXTEND_EVERY_MS);
  return {
    async release() {
      clearInterval(timer);
      await lock.release().catch(() => {});
    },
  };
}
