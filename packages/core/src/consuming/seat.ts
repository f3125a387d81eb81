/**
 * What a process keeps of one member that it serves: which of its shardlets may have something to give out. A shardlet
 * is ready while it may have events beyond its checkpoint; it is quiet for a moment at a place where nothing was found,
 * until there is news of it. So a poll costs as much as there is news, however many shardlets the member has.
 */
import { Bell } from '../kernel/index.ts';
import type { ServiceTime } from './waiting.ts';

/** Hints may be lost: so often everything is looked at again. */
export const LOOK_PAUSE_MS = 1_000;

interface Quiet {
  readonly seq: number;
  readonly untilMs: number;
}

interface Known {
  /** while it is the same, `lastSeq` is; undefined: nobody knows */
  stamp(): number | undefined;
  lastSeq(shardlet: number): number | undefined;
  checkpoint(shardlet: number): { readonly seq: number } | undefined;
}

export class Seat {
  readonly member: string;
  readonly bell: Bell;
  /** the last sign of life that was sent from here, and whose it was */
  touchedAtMs = Number.NEGATIVE_INFINITY;
  subject: string | undefined;
  private signFailure: unknown;
  /** the last commit, as long as it showed that the view is not old */
  committedAtMs = Number.NEGATIVE_INFINITY;
  /** the last call of the member */
  usedAtMs = 0;
  /** something happened since this was last set to false: who is about to wait looks again */
  isStirred = false;
  /** of the view: up to here it was asked whether the assignment has to change */
  turn = -1;
  judgedAtMs = Number.NEGATIVE_INFINITY;
  judgedForMs = 0;
  /** from which `assigned` was made */
  state: object | undefined;
  /** in the order of ids */
  assigned: readonly number[] = [];
  /** those it is asked to let go of */
  revoking: readonly number[] = [];
  private lookedAtMs = Number.NEGATIVE_INFINITY;
  /** of the last look; undefined: another one may find more, whatever the stamp is */
  private lookedStamp: number | undefined;
  private readonly ready = new Set<number>();
  private readonly quiet = new Map<number, Quiet>();
  private readonly reading = new Set<number>();
  private readonly nowMs: ServiceTime['nowMs'];

  constructor(member: string, { nowMs, later }: ServiceTime) {
    this.member = member;
    this.nowMs = nowMs;
    this.bell = new Bell(later);
  }

  touched(subject: string, atMs: number): void {
    this.subject = subject;
    this.touchedAtMs = atMs;
    this.signFailure = undefined;
  }

  /** Its next sign of life is due now. */
  mustSign(): void {
    this.touchedAtMs = Number.NEGATIVE_INFINITY;
    this.stir();
  }

  /** One that another member took along. */
  signFailed(error: unknown): void {
    this.signFailure = error;
    this.mustSign();
  }

  /** @throws what made the sign of life fail that was given while it waited */
  requireSigned(): void {
    if (this.signFailure !== undefined) throw this.signFailure;
  }

  /** Everything it has now may have something. */
  assign(assigned: readonly number[], revoking: readonly number[]): void {
    this.assigned = assigned;
    this.revoking = revoking;
    this.ready.clear();
    this.quiet.clear();
    for (const shardlet of assigned) this.ready.add(shardlet);
    this.lookedAtMs = this.nowMs();
    this.lookedStamp = undefined;
  }

  /** REQUIRES a shardlet that it has. */
  news(shardlet: number): void {
    this.quiet.delete(shardlet);
    this.reading.delete(shardlet);
    this.ready.add(shardlet);
    this.stir();
  }

  stir(): void {
    this.isStirred = true;
    this.bell.ring();
  }

  get nextLookMs(): number {
    return this.lookedAtMs + LOOK_PAUSE_MS;
  }

  /** Once in a while: what no news was told of, and what was given out and never committed. */
  lookAtAll(known: Known): void {
    const silentMs = this.nowMs() - this.lookedAtMs;
    // earlier than it has to be: who is here for another reason need not come again for this one
    if (silentMs < LOOK_PAUSE_MS / 2) return;
    const stamp = known.stamp();
    const isSame = stamp !== undefined && stamp === this.lookedStamp;
    if (!isSame && silentMs < LOOK_PAUSE_MS) return;
    this.lookedAtMs = this.nowMs();
    if (isSame) return;
    this.lookedStamp = stamp;
    for (const shardlet of this.assigned) {
      const last = known.lastSeq(shardlet);
      if (last === undefined || last > (known.checkpoint(shardlet)?.seq ?? 0)) this.ready.add(shardlet);
    }
  }

  /** In the order of being read last; may be changed while it is gone through. */
  candidates(): readonly number[] {
    return [...this.ready];
  }

  /** When it is worth reading on after `seq`; undefined: now. */
  quietUntilMs(shardlet: number, seq: number): number | undefined {
    const quiet = this.quiet.get(shardlet);
    if (quiet === undefined || quiet.seq !== seq || this.nowMs() >= quiet.untilMs) return undefined;
    return quiet.untilMs;
  }

  /** Nothing is beyond its checkpoint. */
  isDone(shardlet: number): void {
    this.ready.delete(shardlet);
    this.quiet.delete(shardlet);
  }

  startsReading(shardlet: number): void {
    this.reading.add(shardlet);
  }

  /** Whether nothing was told of it meanwhile. */
  endsReading(shardlet: number): boolean {
    return this.reading.delete(shardlet);
  }

  /** There was nothing after `seq`; `isOver`: which is its checkpoint. */
  foundNothing(shardlet: number, seq: number, pauseMs: number, isOver: boolean): void {
    this.quiet.set(shardlet, { seq, untilMs: this.nowMs() + pauseMs });
    if (!isOver) return;
    this.ready.delete(shardlet);
    this.lookedStamp = undefined;
  }

  /** The others are first next time. */
  gaveOut(shardlet: number): void {
    if (this.ready.delete(shardlet)) this.ready.add(shardlet);
  }
}
