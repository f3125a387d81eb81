/**
 * Finds the event for which a receiver refuses a batch. A refused batch is halved until one event is left; that one is
 * tried `attempts` times, and given up. What is behind it goes in parts of the same size until the end of the batch that
 * was refused, where another one may be. Known to one worker only: another one begins to count anew.
 */
export interface Pushed {
  readonly seq: number;
}

interface Suspicion {
  /** of the events that are sent in one request */
  readonly size: number;
  /** the end of the batch that was refused */
  readonly until: number;
  /** of the one event that is left */
  readonly refusals: number;
}

export type Verdict =
  /** nothing is known about an event: it is tried again, later and later */
  | 'wait'
  /** a smaller part is sent at once */
  | 'halved'
  /** the one event is refused for the last time */
  | 'given up';

/** The receiver asks to come later: that says nothing about the event (RFC 9110, 15.6.4; RFC 6585, 4). */
const LATER: ReadonlySet<number> = new Set([429, 503]);
const FIRST_REFUSAL = 400;

export class PushSuspects {
  private readonly suspicions = new Map<string, Suspicion>();

  /** What to send of a batch now. */
  partOf<T extends Pushed>(key: string, events: readonly T[]): readonly T[] {
    const suspicion = this.suspicions.get(key);
    const first = events[0]?.seq ?? 0;
    return suspicion === undefined || first > suspicion.until ? events : events.slice(0, suspicion.size);
  }

  /** REQUIRES at least one event. */
  refused(key: string, part: readonly Pushed[], status: number, attempts: number | undefined): Verdict {
    if (attempts === undefined || status < FIRST_REFUSAL || LATER.has(status)) return 'wait';
    const last = part.at(-1)!.seq;
    const before = this.suspicions.get(key);
    const until = before === undefined || before.until < last ? last : before.until;
    if (part.length > 1) {
      this.suspicions.set(key, { size: Math.ceil(part.length / 2), until, refusals: 0 });
      return 'halved';
    }
    const refusals = (before?.size === 1 ? before.refusals : 0) + 1;
    this.suspicions.set(key, { size: 1, until, refusals });
    return refusals >= attempts ? 'given up' : 'wait';
  }

  /** Everything up to `through` is processed, or given up. */
  passed(key: string, through: number): void {
    const before = this.suspicions.get(key);
    if (before === undefined) return;
    if (through >= before.until) this.suspicions.delete(key);
    else this.suspicions.set(key, { ...before, refusals: 0 });
  }
}
