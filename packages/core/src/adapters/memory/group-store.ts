/** Consumer groups in memory: for tests and the simulator. One JavaScript turn stands for the transaction. */
import type { GroupCheckpointing } from '../../checkpointing/index.ts';
import {
  type AssignedPosition,
  type Caller,
  type Commit,
  type Committed,
  type Creation,
  commit,
  GROUPS_MAX,
  type Group,
  type GroupState,
  type GroupStore,
  type GroupSums,
  isAlive,
  isForeign,
  type KnownGroup,
  type MemberSign,
  NO_WEIGHTS,
  type Position,
  type ShardletEnd,
  type Touched,
  type Weights,
} from '../../consuming/index.ts';
import { type Clock, MICROS_PER_MS } from '../../kernel/index.ts';

type Kept = Omit<KnownGroup, 'weights'>;

export class MemoryGroupStore implements GroupStore {
  private readonly clock: Clock;
  private readonly groups = new Map<string, Kept>();
  private readonly weights = new Map<number, Weights>();
  /** by group that keeps state: where its state begins */
  private readonly starts = new Map<string, readonly Position[]>();
  private births = 0;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  async create(group: Group, state: GroupState): Promise<Creation> {
    if (this.groups.has(group.name)) return 'taken';
    const counted = [...this.groups.values()].filter((one) => one.group.redriveOf === undefined);
    if (group.redriveOf === undefined && counted.length >= GROUPS_MAX) return 'full';
    this.groups.set(group.name, { group, born: String(++this.births), state });
    this.starts.set(group.name, group.checkpointing === undefined ? [] : [...state.checkpoints.values()]);
    return 'created';
  }

  async alter(name: string, checkpointing: GroupCheckpointing): Promise<boolean> {
    const known = this.groups.get(name);
    if (known?.group.checkpointing === undefined) return false;
    this.groups.set(name, { ...known, group: { ...known.group, checkpointing } });
    return true;
  }

  async remove(name: string): Promise<boolean> {
    for (const [other, { group }] of this.groups) if (group.redriveOf === name) this.groups.delete(other);
    return this.groups.delete(name);
  }

  startsOf(name: string): readonly Position[] {
    return this.starts.get(name) ?? [];
  }

  async list(): Promise<readonly Group[]> {
    return [...this.groups.values()].map(({ group }) => group).sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  async find(name: string): Promise<KnownGroup | undefined> {
    const kept = this.groups.get(name);
    return kept && { ...kept, weights: await this.weightsOf(kept.group.stream) };
  }

  async sums(groups: readonly string[], ends: readonly ShardletEnd[]): Promise<readonly GroupSums[]> {
    return groups.flatMap((name) => {
      const kept = this.groups.get(name);
      return kept === undefined ? [] : [sumsOf(kept, ends)];
    });
  }

  async weigh(stream: number, perSecond: ReadonlyMap<number, number>): Promise<void> {
    this.weights.set(stream, { atMs: this.nowMs, perSecond });
  }

  async weightsOf(stream: number): Promise<Weights> {
    return this.weights.get(stream) ?? NO_WEIGHTS;
  }

  async touch(signs: readonly MemberSign[]): Promise<readonly (Touched | undefined)[]> {
    return signs.map(({ group, ...caller }) => this.touchOne(group, caller));
  }

  private touchOne(name: string, caller: Caller): Touched | undefined {
    const known = this.groups.get(name);
    if (known === undefined) return undefined;
    const { group, born, state } = known;
    const nowMs = this.nowMs;
    const own = state.members.find((m) => m.id === caller.member);
    const isOwn = own !== undefined && own.subject === caller.subject && isAlive(group, own, nowMs);
    if (isOwn) this.keep(known, seen(state, caller.member, { seenAtMs: nowMs }));
    return {
      ...{ born, version: state.version, members: state.members.length, commits: own?.commits ?? 0 },
      weightsAtMs: (this.weights.get(group.stream) ?? NO_WEIGHTS).atMs,
      hasExpired: state.members.some((m) => m.id !== caller.member && !isAlive(group, m, nowMs)),
      standing: isOwn
        ? 'member'
        : isForeign(own && isAlive(group, own, nowMs) ? [own] : [], caller)
          ? 'foreign'
          : 'unsettled',
    };
  }

  async commit(name: string, request: Commit & Caller): Promise<Committed | undefined> {
    const known = this.groups.get(name);
    if (known === undefined) return undefined;
    const { born, state } = known;
    if (isForeign(state.members, request)) return { kind: 'foreign' };
    const own = state.members.find((m) => m.id === request.member);
    const { state: after, results } = commit(state, request);
    const commits = own === undefined ? 0 : own.commits + 1;
    this.keep(known, seen(after, request.member, { seenAtMs: this.nowMs, commits }));
    return { kind: 'done', born, version: state.version, commits, results };
  }

  async positionsOf(name: string, member: string) {
    const { members, checkpoints } = this.groups.get(name)?.state ?? { members: [], checkpoints: new Map() };
    return {
      commits: members.find((m) => m.id === member)?.commits ?? 0,
      positions: [...checkpoints.values()].filter((c) => c.member === member),
    };
  }

  async reached(
    name: string,
    ends: readonly Pick<Position, 'shardlet' | 'seq'>[],
  ): Promise<readonly AssignedPosition[]> {
    const checkpoints = this.groups.get(name)?.state.checkpoints;
    return ends.flatMap(({ shardlet, seq }) => {
      const c = checkpoints?.get(shardlet);
      return c !== undefined && c.seq >= seq ? [c] : [];
    });
  }

  async change<R>(
    name: string,
    change: (known: KnownGroup, nowMs: number) => { state: GroupState; result: R },
  ): Promise<R | undefined> {
    const known = this.groups.get(name);
    if (known === undefined) return undefined;
    const weights = this.weights.get(known.group.stream) ?? NO_WEIGHTS;
    const { state, result } = change({ ...known, weights }, this.nowMs);
    const counts = new Map(known.state.members.map(({ id, commits }) => [id, commits]));
    const members = state.members.map((m) => ({ ...m, commits: counts.get(m.id) ?? 0 }));
    this.keep(known, { ...state, members });
    return result;
  }

  private keep({ group, born }: Kept, state: GroupState): void {
    this.groups.set(group.name, { group, born, state });
  }

  private get nowMs(): number {
    return Math.floor(this.clock.nowMicros() / MICROS_PER_MS);
  }
}

function sumsOf({ group, state }: Kept, all: readonly ShardletEnd[]): GroupSums {
  const ends = new Map(all.map((end) => [end.shardlet, end]));
  const keepsState = group.checkpointing !== undefined;
  const isAtEnd = ({ isClosed, lastSeq }: ShardletEnd, seq: number) => isClosed && seq >= lastSeq!;
  const sums = { processed: 0, skipped: 0, held: 0, revoking: 0, lag: 0, unknown: 0 };
  for (const { shardlet, seq, skipped, member, revoking } of state.checkpoints.values()) {
    sums.processed += seq - skipped;
    sums.skipped += skipped;
    const end = ends.get(shardlet);
    const isHeld = member !== undefined && (end === undefined || keepsState || !isAtEnd(end, seq));
    if (isHeld) sums.held++;
    if (isHeld && revoking) sums.revoking++;
    if (end === undefined) continue;
    const { isClosed, lastSeq } = end;
    if (lastSeq === undefined || (!isClosed && lastSeq < seq)) sums.unknown++;
    else sums.lag += Math.max(0, lastSeq - seq);
  }
  for (const { shardlet, stream, firstSeq, lastSeq } of all) {
    if (stream !== group.stream || state.checkpoints.has(shardlet)) continue;
    if (firstSeq === undefined || lastSeq === undefined) sums.unknown++;
    else sums.lag += Math.max(0, lastSeq - firstSeq + 1);
  }
  const unfinished = all.filter((end) => {
    const { seq = 0, member } = state.checkpoints.get(end.shardlet) ?? {};
    if (!end.isClosed || end.stream !== group.stream) return false;
    return !isAtEnd(end, seq) || (keepsState && member !== undefined);
  });
  return {
    ...{ group: group.name, version: state.version, members: state.members.length, ...sums },
    unfinished: unfinished.map(({ shardlet }) => shardlet).sort((a, b) => a - b),
  };
}

function seen(
  state: GroupState,
  member: string,
  noted: { readonly seenAtMs: number; readonly commits?: number },
): GroupState {
  return { ...state, members: state.members.map((m) => (m.id === member ? { ...m, ...noted } : m)) };
}
