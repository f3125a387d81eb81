export { type Locks, openLocks } from './open-locks.ts';
export { redlockService } from './redlock-service.ts';
