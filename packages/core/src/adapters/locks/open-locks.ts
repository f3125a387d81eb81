/** Chooses the servers of the locks: the control Redis, or the independent ones that LOCK_REDIS_URLS names. */
import type { Redis } from 'ioredis';
import type { LockObserver, LockService } from '../../locking/index.ts';
import { openControlRedis } from '../control/index.ts';
import { redlockService } from './redlock-service.ts';

export interface Locks extends LockService {
  close(): void;
}

export function openLocks(control: Redis, lockRedisUrls: readonly string[], observe: LockObserver): Locks {
  const own = lockRedisUrls.map((url) => openControlRedis(url, 'foreshard-locks'));
  const service = redlockService(own.length > 0 ? own : [control], { observe });
  return {
    during: (what, work) => service.during(what, work),
    close() {
      for (const redis of own) redis.disconnect();
    },
  };
}
