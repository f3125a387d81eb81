/**
 * Whether announced load is worth room that is kept for it. Both sides are in host-minutes: overload that is avoided, as a planner that
 * only reacts needs some minutes until it has split and moved, against copies, write pauses, the memory of more shardlets and the merge
 * that follows. `aggressiveness` scales the value: 0 reserves nothing, 1 whatever is announced.
 */
export interface ReserveCase {
  /** of its use */
  readonly probability: number;
  /** what hosts would have above their mark, as a part of one host */
  readonly over: number;
  readonly minutes: number;
  readonly copyMinutes: number;
  /** part of a host that a copy takes */
  readonly copyShare: number;
}

export interface ReserveWorth {
  readonly value: number;
  readonly cost: number;
  readonly isWorth: boolean;
}

/** until a burst shows beyond noise, a split is in effect and the first shardlets have moved */
const REACTION_MINUTES = 6;
/** of a split, a move's pause and the merge after it */
const RESHAPE_MINUTES = 0.1;
/** source and destination */
const HOSTS_OF_A_COPY = 2;

export function worthOf(one: ReserveCase, aggressiveness: number): ReserveWorth {
  const { probability, over, minutes, copyMinutes, copyShare } = one;
  const value = probability * Math.min(minutes, REACTION_MINUTES) * over;
  const cost = HOSTS_OF_A_COPY * copyShare * copyMinutes + RESHAPE_MINUTES;
  const scale = aggressiveness >= 1 ? Number.POSITIVE_INFINITY : aggressiveness / (1 - aggressiveness);
  return { value, cost, isWorth: value > 0 && value * scale > cost };
}

export interface LoadedHost {
  readonly load: number;
  readonly capacity: number;
  /** announced load of what lies on it */
  readonly extra: number;
}

/** What fits into the room that hosts have anyway needs no reserve. */
export function overOf(hosts: Iterable<LoadedHost>, fullness: number): number {
  let over = 0;
  for (const { load, capacity, extra } of hosts)
    if (extra > 0) over += Math.max(0, Math.min(extra, load + extra - fullness * capacity)) / capacity;
  return over;
}
