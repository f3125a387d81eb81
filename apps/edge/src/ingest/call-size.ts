/**
 * How many events a call to a host may have. All that wait go in one call (group commit), so the more a host lags the
 * longer its next call takes, until it is given up although the host worked on it all the time: then everything is
 * sent again, and nothing is ever stored. So calls that take too long are followed by smaller ones, and those that are
 * done in time by larger ones again (slow start, as in TCP: Jacobson, 1988).
 */
import type { CallLimits } from './append-call.ts';

const EVENTS_MIN = 8;
const GROWTH = 2;

export class CallSize {
  eventsMax: number;
  private readonly limits: CallLimits;

  constructor(limits: CallLimits) {
    this.limits = limits;
    this.eventsMax = limits.eventsMax;
  }

  answered(events: number, micros: number): void {
    const { microsMax } = this.limits;
    if (micros > microsMax) this.shrink((events * microsMax) / micros);
    else if (events * GROWTH > this.eventsMax && micros * GROWTH < microsMax)
      this.eventsMax = Math.min(this.limits.eventsMax, this.eventsMax * GROWTH);
  }

  /** Nobody knows how long it would have taken. */
  unanswered(events: number): void {
    this.shrink(events / GROWTH);
  }

  private shrink(events: number): void {
    const least = Math.min(EVENTS_MIN, this.limits.eventsMax);
    this.eventsMax = Math.max(least, Math.min(this.eventsMax, Math.floor(events)));
  }
}
