/**
 * When a client of a host that does not answer should come back: later, the longer the host is away. One that
 * restarts is back within seconds; for one that is away for minutes, clients that come each second are load
 * without a use.
 */
import { MICROS_PER_SECOND } from '@foreshard/core/kernel';

/** A client never waits for longer than this after the host is back. */
export const RETRY_SECONDS_MAX = 30;

/** Half as long as it is away already, so a client comes back at most that late. */
export function retryAfterAway(awayMicros: number): number {
  const seconds = Math.ceil(awayMicros / MICROS_PER_SECOND / 2);
  return Math.min(RETRY_SECONDS_MAX, Math.max(1, seconds));
}

/** Since when each host does not answer those that ask here. */
export class Absences {
  private readonly sinceMicros = new Map<number, number>();
  private readonly nowMicros: () => number;

  constructor(nowMicros: () => number) {
    this.nowMicros = nowMicros;
  }

  answered(hostId: number): void {
    this.sinceMicros.delete(hostId);
  }

  /** Answers the seconds to wait. */
  failed(hostId: number): number {
    const now = this.nowMicros();
    const since = this.sinceMicros.get(hostId) ?? now;
    this.sinceMicros.set(hostId, since);
    return retryAfterAway(now - since);
  }
}
