/**
 * One group as this process knows it: its state of a version, with the positions committed since. Signs of life tell
 * when the version is another, or a member committed elsewhere; then it is read again. It may be old, and is never
 * wrong about what it claims: an assignment is judged again by the store, and a commit is fenced there.
 */
import type { TopologyMap } from '../topology/index.ts';
import { CommitCount } from './commit-count.ts';
import type { AssignedPosition, KnownGroup } from './group-store.ts';
import { finalSeqOf, isFinished } from './lineage.ts';
import type { Checkpoint, Group, GroupState, Member } from './model.ts';
import { Seat } from './seat.ts';
import type { ServiceTime } from './waiting.ts';
import type { Weights } from './weights.ts';

interface Ending {
  readonly shardlet: number;
  readonly seq: number;
  readonly member: string;
}

export class GroupView {
  readonly name: string;
  readonly seats = new Map<string, Seat>();
  /** higher with everything after which the assignment may have to change */
  turn = 0;
  /** a commit told that there is a newer version */
  isOld = false;
  usedAtMs = 0;
  /** when it was asked last how far others have come */
  askedOthersAtMs = Number.NEGATIVE_INFINITY;
  private known: KnownGroup;
  private checkpoints: Map<number, Checkpoint>;
  private readonly commits = new Map<string, CommitCount>();
  private readonly map: TopologyMap;
  private endingsOfTurn = -1;
  private endingsFound: readonly Ending[] = [];

  constructor(known: KnownGroup, map: TopologyMap) {
    this.name = known.group.name;
    this.map = map;
    this.known = known;
    this.checkpoints = new Map(known.state.checkpoints);
    this.countFrom(known.state.members);
  }

  get group(): Group {
    return this.known.group;
  }

  get born(): string {
    return this.known.born;
  }

  get version(): number {
    return this.known.state.version;
  }

  get members(): readonly Member[] {
    return this.known.state.members;
  }

  get weights(): Weights {
    return this.known.weights;
  }

  get state(): GroupState {
    return { version: this.version, members: this.members, checkpoints: this.checkpoints };
  }

  checkpoint(shardlet: number): Checkpoint | undefined {
    return this.checkpoints.get(shardlet);
  }

  /** Unless it is older than what is known: answers may overtake each other. */
  take(known: KnownGroup): void {
    const isSame = known.born === this.born;
    if (isSame && known.state.version < this.version) return;
    const before = isSame ? this.checkpoints : new Map<number, Checkpoint>();
    if (!isSame) this.commits.clear();
    const isWeighedAnew = known.weights.atMs !== this.weights.atMs;
    const isNew = !isSame || known.state.version > this.version || isWeighedAnew;
    this.known = known;
    this.isOld = false;
    this.checkpoints = new Map(known.state.checkpoints);
    for (const c of before.values()) this.move(c);
    this.countFrom(known.state.members);
    if (isNew) this.stir();
  }

  /** Positions only go forward in an assignment, so the order of the answers does not matter. */
  move({ shardlet, seq, epoch, assignment }: AssignedPosition): void {
    const c = this.checkpoints.get(shardlet);
    if (c === undefined || c.assignment !== assignment || c.seq > seq) return;
    if (c.seq === seq && c.epoch >= epoch) return;
    this.checkpoints.set(shardlet, { ...c, seq, epoch });
    const known = this.map.shardlet(shardlet);
    if (known !== undefined && isFinished(known, { seq })) this.stir();
  }

  commitsOf(member: string): CommitCount {
    let count = this.commits.get(member);
    if (count === undefined) this.commits.set(member, (count = new CommitCount(0)));
    return count;
  }

  /** The assignment may have to change: whoever waits looks. */
  stir(): void {
    this.turn++;
    for (const seat of this.seats.values()) seat.stir();
  }

  seat(member: string, time: ServiceTime): Seat {
    let seat = this.seats.get(member);
    if (seat === undefined) this.seats.set(member, (seat = new Seat(member, time)));
    return seat;
  }

  /** `false`: the seat is of this state already. */
  assignTo(seat: Seat): boolean {
    if (seat.state === this.known) return false;
    seat.state = this.known;
    const own = [...this.checkpoints.values()].filter((c) => c.member === seat.member);
    own.sort((a, b) => a.shardlet - b.shardlet);
    seat.assign(
      own.map((c) => c.shardlet),
      own.filter((c) => c.revoking).map((c) => c.shardlet),
    );
    return true;
  }

  /** Members have shardlets that are closed and not known to be processed to their end: others wait for these. */
  endings(): readonly Ending[] {
    if (this.endingsOfTurn === this.turn) return this.endingsFound;
    this.endingsOfTurn = this.turn;
    this.endingsFound = [...this.map.shardlets(this.group.stream)].flatMap((shardlet) => {
      const seq = finalSeqOf(shardlet);
      const c = this.checkpoints.get(shardlet.id);
      if (seq === undefined || c?.member === undefined || c.seq >= seq) return [];
      return [{ shardlet: shardlet.id, seq, member: c.member }];
    });
    return this.endingsFound;
  }

  private countFrom(members: readonly Member[]): void {
    for (const { id, commits } of members) this.commitsOf(id).read(commits);
    const ids = new Set(members.map((m) => m.id));
    for (const id of this.commits.keys()) if (!ids.has(id)) this.commits.delete(id);
  }
}
