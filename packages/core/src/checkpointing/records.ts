/**
 * Checkpoints of the state that members keep, as rows. The content is elsewhere (checkpoint-store.ts); the rows decide.
 *
 *   announced --> pending --content stored, fence holds--> valid --pruned, or removed--> deleting --> (gone)
 *                    +------fenced, or older than a day-------------------------------------^
 *
 * A row is there before its content is, and goes after it. So a content without a row belongs to nobody, and whatever a
 * member that lost its shardlet still uploads never becomes valid.
 */
import { z } from 'zod';

export const CHECKPOINT_STATES = ['pending', 'valid', 'deleting'] as const;
export type CheckpointState = (typeof CHECKPOINT_STATES)[number];

/** Why a member takes one. */
export const TAKEN_REASONS = ['due', 'interval', 'revoking', 'final', 'closing', 'asked'] as const;
/** `start`: nothing of before is in the state of this group; it is written with the group, and has no content. */
export type TakenReason = (typeof TAKEN_REASONS)[number] | 'start';

export const digestSchema = z
  .string()
  .regex(/^sha-256:[0-9a-f]{64}$/, 'a digest is "sha-256:" and 64 hex digits');
export const handlerVersionSchema = z.string().min(1).max(64);
/** Deltas on one whole checkpoint: a restore reads all of them. */
export const DELTAS_MAX = 8;

/** What a plan of a recovery goes by. */
export interface PlannedCheckpoint {
  readonly id: string;
  readonly shardlet: number;
  readonly seq: number;
  readonly epoch: number;
  /** it only says what changed since this one */
  readonly base: string | undefined;
  readonly reason: TakenReason;
  readonly createdAtMs: number;
}

/** What a recovery needs to know of a checkpoint. */
export interface KnownCheckpoint extends PlannedCheckpoint {
  readonly handlerVersion: string;
  readonly bytes: number;
  readonly keys: number;
  readonly digest: string;
}

export interface StateCheckpoint extends KnownCheckpoint {
  readonly group: string;
  readonly assignment: number;
  readonly member: string;
  readonly state: CheckpointState;
  /** its name in the store */
  readonly object: string;
  readonly store: string;
  readonly validAtMs: number | undefined;
  readonly tookMs: number | undefined;
  readonly verifiedAtMs: number | undefined;
  readonly verifyError: string | undefined;
}

/** What pruning goes by. A group may have hundreds of thousands. */
export type CheckpointOutline = PlannedCheckpoint & Pick<StateCheckpoint, 'bytes' | 'verifyError'>;

export type Announced = Pick<
  StateCheckpoint,
  | ('id' | 'group' | 'shardlet' | 'seq' | 'epoch' | 'assignment' | 'member' | 'handlerVersion')
  | ('base' | 'bytes' | 'keys' | 'digest' | 'object' | 'store')
> & { readonly reason: (typeof TAKEN_REASONS)[number] };

/** Why a checkpoint is not taken. */
export type CheckpointRefusal =
  /** another assignment, or another member, has the shardlet */
  | { readonly kind: 'fenced'; readonly assignment: number }
  /** the member has not committed so far */
  | { readonly kind: 'ahead'; readonly committed: number }
  /** the member belongs to another subject */
  | { readonly kind: 'foreign' }
  /** its epoch is above that of what is committed */
  | { readonly kind: 'future'; readonly epoch: number }
  /** the base is not valid, damaged, of another handler version or shardlet, or has too many deltas below it */
  | { readonly kind: 'base' };

export type Announcement = { readonly kind: 'announced' } | CheckpointRefusal;
export type Validation =
  | { readonly kind: 'valid'; readonly checkpoint: StateCheckpoint }
  /** there is no such row any more */
  | { readonly kind: 'gone' }
  | Extract<CheckpointRefusal, { kind: 'fenced' | 'ahead' }>;

export interface CheckpointQuery {
  readonly shardlet?: number | undefined;
  readonly state?: CheckpointState | undefined;
  readonly limit: number;
}

export interface CheckpointRecords {
  /** Adds a pending row, if `subject` owns the member, which has the shardlet in this assignment and committed `seq`. */
  announce(announced: Announced, subject: string): Promise<Announcement>;
  find(group: string, id: string): Promise<StateCheckpoint | undefined>;
  /** The newest first; without those of the start. */
  list(group: string, query: CheckpointQuery): Promise<readonly StateCheckpoint[]>;
  /** All valid ones of these shardlets, or of the group; also those of the start. */
  valid(group: string, shardlets?: readonly number[]): Promise<readonly StateCheckpoint[]>;
  /** Those that have a valid one in the group, or one of the start, in order. */
  shardlets(group: string): Promise<readonly number[]>;
  /** `valid` of these shardlets, as far as pruning goes by it. */
  outlines(group: string, shardlets: readonly number[]): Promise<readonly CheckpointOutline[]>;
  /** `newestOfEach` of the valid ones of the group, without reading the others. */
  newest(group: string): Promise<readonly StateCheckpoint[]>;
  /** A valid one of the group whose content was not looked at for longest. Undefined: none has a content. */
  leastVerified(group: string): Promise<StateCheckpoint | undefined>;
  /** Pending becomes valid in one transaction that finds the row, the fence and a sound base; valid stays valid. */
  validate(group: string, id: string): Promise<Validation>;
  /** Marks them as being deleted, but none on which another one is based that is not marked; answers those marked. */
  condemn(group: string, ids: readonly string[]): Promise<readonly StateCheckpoint[]>;
  /** Of all groups: pending since before this time, or marked as being deleted; the oldest first. */
  overdue(beforeMs: number, limit: number): Promise<readonly StateCheckpoint[]>;
  /** Removes rows whose contents were removed before. */
  remove(ids: readonly string[]): Promise<void>;
  /** Those of these objects that have a row. */
  named(objects: readonly string[]): Promise<ReadonlySet<string>>;
  /** Of all groups: valid ones that cannot be restored, as the last look at their content found. */
  damaged(): Promise<readonly StateCheckpoint[]>;
  /** A member could not restore them: valid ones count as damaged until their content is looked at, which they are first for. */
  doubt(group: string, ids: readonly string[], error: string): Promise<void>;
  /** What a look at its content found; undefined: all is well. */
  verified(id: string, error: string | undefined): Promise<void>;
}

/** A recovery as a member measured it. */
export interface MeasuredRecovery {
  readonly shardlet: number;
  readonly restoreMs: number;
  readonly bytes: number;
  readonly replayedEvents: number;
  readonly replayMs: number;
  /** without a checkpoint */
  readonly fromLog: boolean;
  /** past their retention, so the state does not hold them */
  readonly lostEvents: number;
}

export interface RecoveryRow extends MeasuredRecovery {
  readonly id: number;
  readonly atMs: number;
}
