/**
 * The port to locks. A lock keeps workers from doing the same work at once: it saves work and nothing else.
 * Fences of the hosts and decisions of the topology store keep everything right without it, so a lock service that
 * does not answer stops nobody, and a lock that is lost in the middle does not end the work.
 */
export interface LockService {
  /** Answers `undefined`, without doing the work, when somebody else is at it. */
  during<T>(what: string, work: () => Promise<T>): Promise<T | undefined>;
}

/** How a request for a lock went. */
export const LOCK_LANES = [
  /** it was free, and ours until the work ended */
  'locked',
  /** somebody else has it: the work is left to them */
  'contended',
  /** the lock service does not answer: the work is done all the same */
  'unlocked',
  /** it was ours and ran out, or its servers lost it, before the work ended: the work goes on */
  'lost',
] as const;
export type LockLane = (typeof LOCK_LANES)[number];

/** Told once for every request, when its lane is known; and again when a lock is lost. */
export type LockObserver = (what: string, lane: LockLane) => void;
