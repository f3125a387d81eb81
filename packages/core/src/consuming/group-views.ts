/**
 * The groups that this process serves, each as a view of a version. A poll begins with a sign of life, which tells
 * whether the view is old. The assignment is judged by the store only where it can have changed: somebody came, went or
 * fell silent, the map changed what may be worked on, a shardlet was processed to its end, or a member lets go of one
 * that it is asked for. Whether one of these changes anything is first tried out on the view.
 */
import type { Change, Shardlet, TopologyMap } from '../topology/index.ts';
import { attend, isChanged } from './attend.ts';
import type { Held } from './batches.ts';
import { isStreamDeleted } from './deleted-stream.ts';
import type { GroupStore, KnownGroup, Touched } from './group-store.ts';
import { GroupView } from './group-view.ts';
import { finalSeqOf } from './lineage.ts';
import { type Caller, isRefused, type Refused, refusalOf } from './membership.ts';
import type { Group, GroupState } from './model.ts';
import type { ShardletHeads } from './reading-ports.ts';
import type { Seat } from './seat.ts';
import { SIGN_PAUSE_MS, SignsOfLife, signPauseMs, type TakenAlong } from './signs-of-life.ts';
import type { ServiceTime } from './waiting.ts';

export interface ViewParts extends ServiceTime {
  readonly heads: Pick<ShardletHeads, 'listen'>;
  readonly store: GroupStore;
  readonly map: TopologyMap;
  refresh(): Promise<unknown>;
}

export interface Arrival extends Caller {
  /** what it was given beyond its checkpoints */
  readonly after: ReadonlyMap<number, Held>;
  /** of the group: the member was told of it, maybe by another process */
  readonly version: number | undefined;
}

export interface Seated {
  readonly view: GroupView;
  readonly seat: Seat;
}

/** A member that says which version it knows needs no look at the store for every poll. */
const FRESH_MS = 100;
/** Others may have come to an end through a process that does not know where the end is. */
const OTHERS_PAUSE_MS = 1_000;
/** Who trusts that a member commits here has heard of it so lately. */
const SERVED_MS = 3_000;
/** What nobody has used for so long is forgotten. */
const UNUSED_MS = 60_000;
/** The share of the time that may be spent on trying out whether the assignment would change. */
const JUDGING_SHARE = 0.1;

const UNKNOWN: Refused = { refused: 'unknown' };
const DELETED: Refused = { refused: 'deleted' };

export class GroupViews {
  private readonly parts: ViewParts;
  private readonly signs: SignsOfLife;
  private readonly views = new Map<string, GroupView>();
  /** by shardlet: who has it, of whatever group */
  private readonly seatsOf = new Map<number, Set<Seat>>();
  private sweptAtMs = 0;

  constructor(parts: ViewParts) {
    this.parts = parts;
    this.signs = new SignsOfLife(parts);
    parts.map.onChange((change, before) => this.mapChanged(change, before));
    parts.heads.listen((shardlet) => {
      for (const seat of this.seatsOf.get(shardlet) ?? []) seat.news(shardlet);
    });
  }

  get(name: string): GroupView | undefined {
    return this.views.get(name);
  }

  /** The view, as old as a sign of life that was given after this call, or just before it by this member here. */
  async seated(name: string, arrival: Arrival, isFirst: boolean): Promise<Seated | Refused> {
    const { member } = arrival;
    this.sweep();
    const known = this.views.get(name);
    const seat = known?.seats.get(member);
    if (!isFirst) seat?.requireSigned();
    let mustChange = false;
    if (known === undefined || seat === undefined || this.isDue(known, seat, arrival, isFirst)) {
      const touched = await this.touch(name, arrival);
      if (isRefused(touched)) return touched;
      mustChange = touched.standing === 'unsettled' || touched.hasExpired;
    }
    const view = this.views.get(name);
    if (view === undefined || mustChange) return this.attend(name, arrival);
    if (await isStreamDeleted(this.parts, view.group)) return DELETED;
    await this.askOthers(view);
    if (this.asksForChange(view, arrival)) return this.attend(name, arrival);
    return this.seatedAt(view, member);
  }

  /** Ends a member. */
  async leave(name: string, caller: Caller): Promise<Refused | undefined> {
    const reply = await this.change(name, { ...caller, after: new Map(), version: undefined }, true);
    // nobody who ends is one too many
    if (isRefused(reply)) return reply.refused === 'full' ? undefined : reply;
    // first, or a poll of it that waits would wake and join again at once
    const view = this.views.get(name);
    if (view !== undefined) this.removeSeat(view, caller.member);
    this.keep(reply);
    return undefined;
  }

  /** As it is known here, or read now. */
  async find(name: string): Promise<GroupView | undefined> {
    return this.views.get(name) ?? this.load(name);
  }

  /** The member waits for news, until the function is called. */
  waits({ view, seat }: Seated, caller: Caller): () => void {
    return this.signs.waits(view, seat, caller);
  }

  /** When a member that waits has to be looked at again: for its next sign of life, or for what was put off. */
  dueAtMs(view: GroupView, seat: Seat): number {
    const signAtMs = seat.touchedAtMs + signPauseMs(view);
    return seat.turn === view.turn ? signAtMs : Math.min(signAtMs, judgedAgainMs(seat));
  }

  private forget(name: string): void {
    const view = this.views.get(name);
    for (const [member, seat] of view?.seats ?? []) {
      this.removeSeat(view!, member);
      seat.stir();
    }
    this.views.delete(name);
  }

  private isDue(view: GroupView, seat: Seat, { version, subject }: Arrival, isFirst: boolean): boolean {
    const nowMs = this.parts.nowMs();
    // whose the member is was found out by the last sign of life, for that subject
    if (seat.subject !== subject) return true;
    if (view.isOld || nowMs >= seat.touchedAtMs + signPauseMs(view)) return true;
    if (version !== undefined && version > view.version) return true;
    const heardAtMs = Math.max(seat.touchedAtMs, seat.committedAtMs);
    return isFirst && (version === undefined || nowMs - heardAtMs >= FRESH_MS);
  }

  private async touch(name: string, arrival: Arrival): Promise<Touched | Refused> {
    const touchedAtMs = this.parts.nowMs();
    const { member, subject } = arrival;
    const { touched, others } = await this.signs.give({ group: name, member, subject });
    try {
      return await this.signed(name, arrival, touched, touchedAtMs);
    } finally {
      for (const other of others) this.learn(other);
    }
  }

  private async signed(
    name: string,
    arrival: Arrival,
    touched: Touched | undefined,
    touchedAtMs: number,
  ): Promise<Touched | Refused> {
    if (touched === undefined) this.forget(name);
    if (touched === undefined) return UNKNOWN;
    if (touched.standing === 'foreign') return { refused: 'foreign' };
    if (touched.standing === 'unsettled') return touched;
    const view = this.views.get(name);
    if (view === undefined || isNews(view, touched)) await this.load(name);
    const fresh = this.views.get(name);
    if (fresh === undefined) return UNKNOWN;
    await this.learnPositions(fresh, arrival.member, touched.commits);
    fresh.seat(arrival.member, this.parts).touched(arrival.subject, touchedAtMs);
    return touched;
  }

  /** Of a member that another one took along. Where anything is to be done, it does that itself. */
  private learn({ view, seat, touched }: TakenAlong): void {
    if (this.views.get(view.name) !== view) return;
    const isMember = touched?.standing === 'member' && !touched.hasExpired;
    if (!isMember || isNews(view, touched) || !view.commitsOf(seat.member).isUpTo(touched.commits))
      seat.mustSign();
  }

  private async load(name: string): Promise<GroupView | undefined> {
    const known = await this.parts.store.find(name);
    if (known === undefined) this.forget(name);
    return known && this.keep(known);
  }

  private keep(known: KnownGroup): GroupView {
    const { name } = known.group;
    let view = this.views.get(name);
    if (view === undefined) this.views.set(name, (view = new GroupView(known, this.parts.map)));
    else view.take(known);
    view.usedAtMs = this.parts.nowMs();
    return view;
  }

  /** The member has committed through another process. */
  private async learnPositions(view: GroupView, member: string, commits: number): Promise<void> {
    if (view.commitsOf(member).isUpTo(commits)) return;
    const read = await this.parts.store.positionsOf(view.name, member);
    for (const position of read.positions) view.move(position);
    view.commitsOf(member).read(read.commits);
  }

  /** What no event told: a member went to an end through a process that knows neither the end nor this one. */
  private async askOthers(view: GroupView): Promise<void> {
    const { nowMs, store } = this.parts;
    if (nowMs() - view.askedOthersAtMs < OTHERS_PAUSE_MS) return;
    view.askedOthersAtMs = nowMs();
    const isServedHere = (member: string) =>
      nowMs() - (view.seats.get(member)?.touchedAtMs ?? Number.NEGATIVE_INFINITY) < SERVED_MS;
    const elsewhere = view.endings().filter(({ member }) => !isServedHere(member));
    if (elsewhere.length === 0) return;
    for (const position of await store.reached(view.name, elsewhere)) view.move(position);
  }

  /** Tried out on the view: the store is asked only where something would come of it. */
  private asksForChange(view: GroupView, arrival: Arrival): boolean {
    const seat = view.seat(arrival.member, this.parts);
    this.settle(view, seat);
    const busy = busyOf(view.group, view.state, arrival.after);
    if (seat.revoking.some((shardlet) => !busy.has(shardlet))) return true;
    if (seat.turn === view.turn || this.parts.nowMs() < judgedAgainMs(seat)) return false;
    const { nowMs, map } = this.parts;
    const { turn, group, state } = view;
    const startedMs = nowMs();
    // whether others are alive is the business of the store's clock
    const sign = { ...arrival, busy, nowMs: Number.NEGATIVE_INFINITY };
    const wouldChange = isChanged(state, attend(group, state, map, sign, view.weights));
    seat.judgedAtMs = nowMs();
    seat.judgedForMs = seat.judgedAtMs - startedMs;
    if (!wouldChange) seat.turn = turn;
    return wouldChange;
  }

  private async attend(name: string, arrival: Arrival): Promise<Seated | Refused> {
    const touchedAtMs = this.parts.nowMs();
    const known = await this.change(name, arrival, false);
    if (isRefused(known)) return known;
    const view = this.keep(known);
    if (await isStreamDeleted(this.parts, view.group)) return DELETED;
    view.seat(arrival.member, this.parts).touched(arrival.subject, touchedAtMs);
    return this.seatedAt(view, arrival.member);
  }

  private async change(name: string, arrival: Arrival, leaving: boolean): Promise<KnownGroup | Refused> {
    const { store, map } = this.parts;
    const reply = await store.change<KnownGroup | Refused>(name, (known, nowMs) => {
      const { group, state: before, weights } = known;
      const refused = refusalOf(group, before, arrival, nowMs);
      if (refused !== undefined) return { state: before, result: refused };
      const busy = busyOf(group, before, arrival.after);
      const state = attend(group, before, map, { ...arrival, busy, nowMs, leaving }, weights);
      return { state, result: { ...known, state } };
    });
    if (reply === undefined) this.forget(name);
    return reply ?? UNKNOWN;
  }

  private seatedAt(view: GroupView, member: string): Seated {
    const seat = view.seat(member, this.parts);
    this.settle(view, seat);
    seat.usedAtMs = view.usedAtMs = this.parts.nowMs();
    return { view, seat };
  }

  /** Brings what a seat has to the state of its view. */
  private settle(view: GroupView, seat: Seat): void {
    const before = seat.assigned;
    if (!view.assignTo(seat)) return;
    this.unlist(seat, before);
    for (const shardlet of seat.assigned) {
      const seats = this.seatsOf.get(shardlet) ?? new Set();
      this.seatsOf.set(shardlet, seats.add(seat));
    }
    const { map, refresh } = this.parts;
    // who gave it out knows it; what is not known cannot be read
    if (seat.assigned.some((shardlet) => map.shardlet(shardlet) === undefined)) refresh().catch(() => {});
  }

  private unlist(seat: Seat, shardlets: readonly number[]): void {
    for (const shardlet of shardlets) {
      const seats = this.seatsOf.get(shardlet);
      seats?.delete(seat);
      if (seats?.size === 0) this.seatsOf.delete(shardlet);
    }
  }

  private removeSeat(view: GroupView, member: string): void {
    const seat = view.seats.get(member);
    if (seat === undefined) return;
    this.unlist(seat, seat.assigned);
    view.seats.delete(member);
  }

  /** What may be worked on depends on where shardlets end, on what was lost, and on what there is. */
  private mapChanged(change: Change, before: readonly (Shardlet | undefined)[]): void {
    const streams = new Set(change.streamsRemoved);
    change.shardlets.forEach((shardlet, i) => {
      if (mattersToGroups(before[i], shardlet)) streams.add(shardlet.stream);
    });
    if (streams.size === 0) return;
    for (const view of this.views.values()) if (streams.has(view.group.stream)) view.stir();
  }

  private sweep(): void {
    const nowMs = this.parts.nowMs();
    if (nowMs - this.sweptAtMs < SIGN_PAUSE_MS) return;
    this.sweptAtMs = nowMs;
    for (const [name, view] of this.views) {
      for (const [member, seat] of view.seats)
        if (nowMs - Math.max(seat.usedAtMs, seat.touchedAtMs) > UNUSED_MS) this.removeSeat(view, member);
      if (nowMs - view.usedAtMs > UNUSED_MS) this.forget(name);
    }
  }
}

/** Of these it still holds events that it has not committed, or state. */
function busyOf(
  { checkpointing }: Group,
  { checkpoints }: GroupState,
  after: ReadonlyMap<number, Held>,
): Set<number> {
  const busy = new Set<number>();
  for (const [shardlet, { seq, assignment }] of after) {
    const c = checkpoints.get(shardlet);
    const isHeld = checkpointing !== undefined || (c !== undefined && c.seq < seq);
    if (c?.assignment === assignment && isHeld) busy.add(shardlet);
  }
  return busy;
}

function judgedAgainMs({ judgedAtMs, judgedForMs }: Seat): number {
  return judgedAtMs + judgedForMs / JUDGING_SHARE;
}

function isNews(view: GroupView, { born, version, members, weightsAtMs }: Touched): boolean {
  if (born !== view.born || view.isOld || weightsAtMs !== view.weights.atMs) return true;
  return version > view.version || (version === view.version && members !== view.members.length);
}

function mattersToGroups(before: Shardlet | undefined, after: Shardlet): boolean {
  if (before === undefined || before.lost.length !== after.lost.length) return true;
  return (
    finalSeqOf(before) !== finalSeqOf(after) ||
    (before.state.kind === 'gone') !== (after.state.kind === 'gone')
  );
}
