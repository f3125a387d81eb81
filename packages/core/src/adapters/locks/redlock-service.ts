/**
 * Locks by Redlock: over one Redis, or over several independent ones, of which a majority has to agree. Each
 * lock is extended while its work runs and released at its end.
 */

import type { Redis } from 'ioredis';
import { ExecutionError, type Lock, Redlock, ResourceLockedError } from 'redlock';
import type { LockObserver, LockService } from '../../locking/index.ts';

/**
 * How long a killed worker holds up the others, edges that wait among them. Three extensions fit in it; a
 * worker that stalls for longer loses the lock, which costs double work and nothing else.
 */
const LOCK_MS = 2_000;
const PREFIX = '{foreshard}:lock:';

export interface RedlockOptions {
  readonly observe?: LockObserver;
  /** instead of LOCK_MS */
  readonly lockMs?: number;
}

/** Does not own the connections. REQUIRES independent servers, an odd number of them. */
export function redlockService(redises: readonly Redis[], options: RedlockOptions = {}): LockService {
  const { observe = () => {}, lockMs = LOCK_MS } = options;
  const redlock = new Redlock([...redises], { retryCount: 0 });
  // every failure also ends its own call
  redlock.on('error', () => {});
  return {
    async during(what, work) {
      const claim = await acquire(redlock, what, lockMs);
      if (typeof claim === 'string') {
        observe(what, claim);
        return claim === 'contended' ? undefined : work();
      }
      observe(what, 'locked');
      const keeper = keep(claim, lockMs, () => observe(what, 'lost'));
      try {
        return await work();
      } finally {
        await keeper.release();
      }
    },
  };
}

async function acquire(
  redlock: Redlock,
  what: string,
  lockMs: number,
): Promise<Lock | 'contended' | 'unlocked'> {
  try {
    return await redlock.acquire([PREFIX + what], lockMs);
  } catch (error) {
    return (await isHeld(error)) ? 'contended' : 'unlocked';
  }
}

async function isHeld(error: unknown): Promise<boolean> {
  if (error instanceof ResourceLockedError) return true;
  if (!(error instanceof ExecutionError)) return false;
  for (const attempt of await Promise.all(error.attempts))
    for (const vote of attempt.votesAgainst.values()) if (vote instanceof ResourceLockedError) return true;
  return false;
}

/** Extends the lock until it is released; when it is lost, somebody else may come and does no harm. */
function keep(first: Lock, lockMs: number, onLost: () => void): { release(): Promise<void> } {
  let lock = first;
  let lost = false;
  const lose = () => {
    if (!lost) onLost();
    lost = true;
  };
  const timer = setInterval(async () => {
    lock = await lock.extend(lockMs).catch(() => {
      if (lock.expiration <= Date.now()) lose();
      return lock;
    });
  }, lockMs / 3);
  return {
    async release() {
      clearInterval(timer);
      await lock.release().catch(lose);
    },
  };
}
