/**
 * What a sign of life of one member does to its group: members that fell silent lose their shardlets, new
 * shardlets become assignable, and the load is evened out. The assignment is sticky (who has a shardlet
 * keeps it) and cooperative: a shardlet goes from one living member to another only after the first has let
 * go of it, so nothing stops but what moves. Every assignment takes a new version, which fences the commits
 * of whoever had it before. Every other change but the sign of life itself takes one too, so that whoever keeps
 * a state sees by its version that it is old.
 */
import type { Shardlet, TopologyMap } from '../topology/index.ts';
import { balance, type WeighedShardlet, weightsOf } from './balance.ts';
import { finalSeqOf, isEnded, isFinished, setBack, standingOf } from './lineage.ts';
import { isAlive, isForeign } from './membership.ts';
import type { Checkpoint, Group, GroupState, Member } from './model.ts';
import { NO_WEIGHTS, type Weights } from './weights.ts';

export interface Sign {
  readonly member: string;
  /** who gives it */
  readonly subject: string;
  readonly nowMs: number;
  /**
   * shardlets of which the member still holds events that it has not committed; where the group keeps state, also those
   * whose state it holds
   */
  readonly busy: ReadonlySet<number>;
  /** the member ends: all it has is free at once */
  readonly leaving?: boolean;
}

/** `weights`: of the shardlets of its stream; without them each counts alike. */
export function attend(
  group: Group,
  state: GroupState,
  map: TopologyMap,
  sign: Sign,
  weights: Weights = NO_WEIGHTS,
): GroupState {
  const members = alive(group, state.members, sign);
  const draft = new Draft(group, state, members, map);
  draft.dropTheDead(isForeign(state.members, sign) ? sign.member : undefined);
  draft.letGo(sign);
  const { workable, tooEarly } = standingOf(map, group, draft.checkpoints);
  draft.takeBack(tooEarly);
  const shardlets = draft.start(workable);
  if (members.length > 0) draft.balance(shardlets, weights);
  const isSilent = draft.version === state.version && (draft.hasAsked || !areSame(members, state.members));
  return { version: draft.version + (isSilent ? 1 : 0), members, checkpoints: draft.checkpoints };
}

/** Whether `attend` would do more than note the sign of life. */
export function isChanged(before: GroupState, after: GroupState): boolean {
  return before.version !== after.version;
}

function areSame(members: readonly Member[], others: readonly Member[]): boolean {
  if (members.length !== others.length) return false;
  const subjects = new Map(others.map(({ id, subject }) => [id, subject]));
  return members.every(({ id, subject }) => subjects.has(id) && subjects.get(id) === subject);
}

function alive(group: Group, members: readonly Member[], sign: Sign): Member[] {
  const others = members.filter((m) => m.id !== sign.member && isAlive(group, m, sign.nowMs));
  if (sign.leaving) return others;
  const { member: id, nowMs: seenAtMs, subject } = sign;
  const commits = members.find((m) => m.id === id)?.commits ?? 0;
  return [...others, { id, seenAtMs, subject, commits }].sort((a, b) => (a.id < b.id ? -1 : 1));
}

class Draft {
  version: number;
  readonly checkpoints: Map<number, Checkpoint>;
  /** somebody is asked to let go of something, or no longer is */
  hasAsked = false;
  private readonly group: Group;
  private readonly members: readonly Member[];
  private readonly map: TopologyMap;
  /** finished just now: its children are for the same member */
  private readonly finishedBy = new Map<number, string>();
  /** worked on from now on: nobody had them before */
  private readonly fresh = new Set<number>();

  constructor(group: Group, state: GroupState, members: readonly Member[], map: TopologyMap) {
    this.version = state.version;
    this.checkpoints = new Map(state.checkpoints);
    this.group = group;
    this.members = members;
    this.map = map;
  }

  /** `heir`: its id was that of another member, whose session has ended. */
  dropTheDead(heir: string | undefined): void {
    const living = new Set(this.members.map((m) => m.id).filter((id) => id !== heir));
    for (const c of this.checkpoints.values())
      if (c.member !== undefined && !living.has(c.member)) this.free(c);
  }

  /** What the member no longer works on, and is wanted elsewhere or is finished, is free. */
  letGo({ member, busy }: Sign): void {
    for (const c of this.checkpoints.values()) {
      if (c.member !== member) continue;
      const shardlet = this.map.shardlet(c.shardlet);
      const finished = shardlet !== undefined && isFinished(shardlet, c);
      const isBusy = busy.has(c.shardlet);
      // what it names of a finished shardlet is its state, which it is asked to let go of
      if (finished && isBusy && this.group.checkpointing !== undefined) this.ask(c, true);
      else if (finished) {
        this.finishedBy.set(c.shardlet, member);
        this.end(c);
      } else if (c.revoking && !isBusy) this.free(c);
    }
  }

  /** Whoever works on them would be ahead of older events of the same keys. */
  takeBack(tooEarly: ReadonlySet<number>): void {
    for (const c of this.checkpoints.values())
      if (c.member !== undefined && tooEarly.has(c.shardlet)) this.free(c);
  }

  /** Answers the workable ones that are still to do, with checkpoints that fit what the topology store says of them. */
  start(shardlets: readonly Shardlet[]): Shardlet[] {
    const left: Shardlet[] = [];
    for (const shardlet of shardlets) {
      if (!this.checkpoints.has(shardlet.id)) this.fresh.add(shardlet.id);
      const known = this.checkpoints.get(shardlet.id) ?? freshCheckpoint(shardlet.id);
      const fitting = pastRetention(shardlet, setBack(known, shardlet));
      // a commit of what was read before must not move it forward again
      const isNew = fitting !== known || !this.checkpoints.has(shardlet.id);
      // what was lost has to be processed again, also where it had come to its end
      if (isNew) this.put(this.fenced(isEnded(fitting) ? { ...fitting, revoking: false } : fitting));
      if (!isFinished(shardlet, fitting) && (isNew || !isEnded(fitting))) left.push(shardlet);
    }
    return left;
  }

  balance(shardlets: readonly Shardlet[], known: Weights): void {
    const weights = weightsOf(
      shardlets.map(({ id }) => id),
      known,
    );
    if (weights === undefined) this.balanceByCount(shardlets);
    else this.balanceByWeight(shardlets, weights);
  }

  private balanceByWeight(shardlets: readonly Shardlet[], weights: ReadonlyMap<number, number>): void {
    const weighed = shardlets.map((shardlet): WeighedShardlet => {
      const { member, revoking } = this.checkpoints.get(shardlet.id)!;
      const heir = this.fresh.has(shardlet.id) ? this.heirOf(shardlet) : undefined;
      return { id: shardlet.id, weight: weights.get(shardlet.id)!, member, revoking, heir };
    });
    const ids = this.members.map(({ id }) => id);
    const { given, revoking } = balance(ids, weighed);
    for (const [id, member] of given)
      this.put(this.fenced({ ...this.checkpoints.get(id)!, member, revoking: false }));
    for (const { id } of shardlets) this.ask(this.checkpoints.get(id)!, revoking.has(id));
  }

  /** Whoever had a parent, also behind generations that were empty. */
  private heirOf({ parents }: Shardlet): string | undefined {
    for (const id of parents) {
      const had = this.checkpoints.get(id)?.member ?? this.finishedBy.get(id);
      if (had !== undefined) return had;
      const parent = this.map.shardlet(id);
      const isEmpty = parent !== undefined && finalSeqOf(parent) === 0;
      const heir = isEmpty ? this.heirOf(parent) : undefined;
      if (heir !== undefined) return heir;
    }
    return undefined;
  }

  private balanceByCount(shardlets: readonly Shardlet[]): void {
    const held = new Map<string, Checkpoint[]>(this.members.map((m) => [m.id, []]));
    const free: Checkpoint[] = [];
    for (const { id } of shardlets) {
      const c = this.checkpoints.get(id)!;
      if (c.member === undefined) free.push(c);
      else held.get(c.member)!.push(c);
    }
    for (const c of free) this.give(c, held);
    this.revoke(shardlets.length, held);
  }

  /** To whom has the least; the first of several, so that equal states give equal assignments. */
  private give(c: Checkpoint, held: Map<string, Checkpoint[]>): void {
    let least: string | undefined;
    for (const [id, theirs] of held)
      if (least === undefined || theirs.length < held.get(least)!.length) least = id;
    const given = this.fenced({ ...c, member: least, revoking: false });
    held.get(least!)!.push(given);
    this.put(given);
  }

  /** Asks those above the fair share for as much as those below it lack. */
  private revoke(total: number, held: Map<string, Checkpoint[]>): void {
    const share = Math.floor(total / held.size);
    let lacking = 0;
    for (const theirs of held.values()) lacking += Math.max(0, share - theirs.length);
    for (const theirs of held.values()) {
      const wanted = Math.min(lacking, Math.max(0, theirs.length - share));
      lacking -= wanted;
      for (const [i, c] of [...theirs].reverse().entries()) this.ask(c, i < wanted);
    }
  }

  /** Its member to let go of it, or no longer. */
  private ask(c: Checkpoint, revoking: boolean): void {
    if (c.revoking === revoking) return;
    this.hasAsked = true;
    this.put({ ...c, revoking });
  }

  private end(c: Checkpoint): void {
    this.put(this.fenced({ ...c, member: undefined, revoking: true }));
  }

  private free(c: Checkpoint): void {
    this.put(this.fenced({ ...c, member: undefined, revoking: false }));
  }

  private fenced(c: Checkpoint): Checkpoint {
    return { ...c, assignment: ++this.version };
  }

  private put(c: Checkpoint): void {
    this.checkpoints.set(c.shardlet, c);
  }
}

function freshCheckpoint(shardlet: number): Checkpoint {
  return { shardlet, seq: 0, epoch: 0, assignment: 0, member: undefined, revoking: false, skipped: 0 };
}

/** Nothing of it is left to read: the group goes on with its children, and tells that it skipped. */
function pastRetention(shardlet: Shardlet, c: Checkpoint): Checkpoint {
  const finalSeq = shardlet.state.kind === 'gone' ? finalSeqOf(shardlet)! : 0;
  return c.seq >= finalSeq ? c : { ...c, seq: finalSeq, skipped: c.skipped + finalSeq - c.seq };
}
