/**
 * The port to what is kept of consumer groups. Three kinds of writes, from often to rare: a sign of life touches one
 * member; a commit touches one member and its positions; a change touches anything, and has the group for itself.
 * Commits and changes of one group exclude each other, commits of different members do not.
 */
import type { GroupCheckpointing } from '../checkpointing/index.ts';
import type { Commit, CommitResult } from './commit.ts';
import type { GroupSums, ShardletEnd } from './group-sums.ts';
import type { Caller } from './membership.ts';
import type { Group, GroupState, Position } from './model.ts';
import type { Weights } from './weights.ts';

/** `taken`: there is one of this name. `full`: there are GROUPS_MAX groups. */
export type Creation = 'created' | 'taken' | 'full';

export interface KnownGroup {
  readonly group: Group;
  /** unlike that of any other group of this name, before or after it */
  readonly born: string;
  readonly state: GroupState;
  /** of the shardlets of its stream, read with the state */
  readonly weights: Weights;
}

/** That a member is alive. */
export interface MemberSign extends Caller {
  readonly group: string;
}

/** What a sign of life tells: enough to see that a state kept elsewhere is old. */
export interface Touched {
  readonly born: string;
  readonly version: number;
  /** of the weights of its stream */
  readonly weightsAtMs: number;
  /** how many members there are, alive or not */
  readonly members: number;
  /** the session of another member is over: somebody has to take away what it has */
  readonly hasExpired: boolean;
  /** `unsettled`: not a member, its own session is over, or nobody knows yet whose it is; then nothing was written */
  readonly standing: 'member' | 'unsettled' | 'foreign';
  /** of this member */
  readonly commits: number;
}

export type Committed =
  | {
      readonly kind: 'done';
      readonly born: string;
      readonly version: number;
      /** of this member, with this one; 0: it is no member, and everything was fenced */
      readonly commits: number;
      readonly results: readonly CommitResult[];
    }
  | { readonly kind: 'foreign' };

/** A position with the assignment that it was committed in. */
export interface AssignedPosition extends Position {
  readonly assignment: number;
}

export interface GroupStore {
  /** Where the group keeps state, its positions are noted as where the state begins. */
  create(group: Group, state: GroupState): Promise<Creation>;
  /** `false` when there is no such group, or none that keeps state. */
  alter(name: string, checkpointing: GroupCheckpointing): Promise<boolean>;
  /** `false` when there is none. */
  remove(name: string): Promise<boolean>;
  list(): Promise<readonly Group[]>;
  find(name: string): Promise<KnownGroup | undefined>;
  /** Of these groups that there are, in no order, without loading a position. `ends`: of all shardlets of their streams. */
  sums(groups: readonly string[], ends: readonly ShardletEnd[]): Promise<readonly GroupSums[]>;
  /** Signs of life of members that are known and alive; answers in their order. Undefined: no such group. */
  touch(signs: readonly MemberSign[]): Promise<readonly (Touched | undefined)[]>;
  /**
   * Moves each position forward whose shardlet the member has, in the assignment given; it is a sign of life too. The
   * answer is durable. Undefined: no such group.
   */
  commit(name: string, request: Commit & Caller): Promise<Committed | undefined>;
  /** What a member has, with its count of commits of before or at that moment. */
  positionsOf(
    name: string,
    member: string,
  ): Promise<{ readonly commits: number; readonly positions: readonly AssignedPosition[] }>;
  /** Those of these shardlets whose position is at `seq` or beyond. */
  reached(
    name: string,
    ends: readonly Pick<Position, 'shardlet' | 'seq'>[],
  ): Promise<readonly AssignedPosition[]>;
  /** Replaces the weights of a stream, all at once: no group is judged by some of two writings. */
  weigh(stream: number, perSecond: ReadonlyMap<number, number>): Promise<void>;
  weightsOf(stream: number): Promise<Weights>;
  /**
   * Replaces the state by what `change` makes of it, in one transaction that nobody else's change or commit overlaps;
   * the answer is durable. Counts of commits are left as they are. `nowMs` is the store's clock, the same for all who
   * ask. Undefined: no such group.
   */
  change<R>(
    name: string,
    change: (known: KnownGroup, nowMs: number) => { readonly state: GroupState; readonly result: R },
  ): Promise<R | undefined>;
}
