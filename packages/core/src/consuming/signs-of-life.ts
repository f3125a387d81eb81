/**
 * Signs of life of the members that wait here for news, each about one a second. Whoever has to give one takes along all
 * who wait, of whatever group, and would have to before long. So signs that are due at different times come together,
 * and a process with any number of members that wait sends about one statement a second.
 */
import type { GroupStore, MemberSign, Touched } from './group-store.ts';
import type { GroupView } from './group-view.ts';
import type { Caller } from './membership.ts';
import type { Seat } from './seat.ts';
import type { ServiceTime } from './waiting.ts';

/** A member that waits gives signs of life so often, or twice in a session; the version is known as late as that. */
export const SIGN_PAUSE_MS = 1_000;
const SIGN_PAUSE_MS_MIN = 500;
/** Of the pause: with half of it, any two that wait give their signs together before long. */
const TAKEN_ALONG_AFTER = 0.5;
/** Of one statement. */
const SIGNS_MAX = 1_000;

interface Waiting {
  readonly view: GroupView;
  readonly seat: Seat;
  readonly sign: MemberSign;
}

export interface TakenAlong {
  readonly view: GroupView;
  readonly seat: Seat;
  readonly touched: Touched | undefined;
}

export interface Given {
  readonly touched: Touched | undefined;
  readonly others: readonly TakenAlong[];
}

export function signPauseMs({ group }: GroupView): number {
  return Math.max(SIGN_PAUSE_MS_MIN, Math.min(SIGN_PAUSE_MS, group.sessionMs / 2));
}

export class SignsOfLife {
  private readonly store: Pick<GroupStore, 'touch'>;
  private readonly nowMs: ServiceTime['nowMs'];
  private readonly waiting = new Map<Seat, Waiting>();

  constructor({ store, nowMs }: { store: Pick<GroupStore, 'touch'> } & Pick<ServiceTime, 'nowMs'>) {
    this.store = store;
    this.nowMs = nowMs;
  }

  /** The member waits until the function is called. */
  waits(view: GroupView, seat: Seat, { member, subject }: Caller): () => void {
    const waiting = { view, seat, sign: { group: view.name, member, subject } };
    this.waiting.set(seat, waiting);
    return () => {
      if (this.waiting.get(seat) === waiting) this.waiting.delete(seat);
    };
  }

  /** Where it fails it has failed for those taken along as well: asking for each would take as long again. */
  async give(sign: MemberSign): Promise<Given> {
    const others = this.takenAlong(sign);
    try {
      const [touched, ...answers] = await this.store.touch([sign, ...others.map((other) => other.sign)]);
      return { touched, others: others.map(({ view, seat }, i) => ({ view, seat, touched: answers[i] })) };
    } catch (error) {
      for (const { seat } of others) seat.signFailed(error);
      throw error;
    }
  }

  private takenAlong({ group, member }: MemberSign): Waiting[] {
    const nowMs = this.nowMs();
    const others: Waiting[] = [];
    for (const waiting of this.waiting.values()) {
      const { view, seat, sign } = waiting;
      if (others.length >= SIGNS_MAX) break;
      // whose the member is was found out for another subject
      if (seat.subject !== sign.subject || (sign.group === group && sign.member === member)) continue;
      if (nowMs - seat.touchedAtMs < TAKEN_ALONG_AFTER * signPauseMs(view)) continue;
      seat.touched(sign.subject, nowMs);
      others.push(waiting);
    }
    return others;
  }
}
