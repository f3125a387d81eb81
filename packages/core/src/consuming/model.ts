/**
 * What is kept of a consumer group. Everything about one group is in one store, where an assignment and a commit
 * exclude each other, so that an assignment and a checkpoint can never contradict each other.
 */
import { z } from 'zod';
import { groupCheckpointingSchema } from '../checkpointing/index.ts';

export const groupNameSchema = z
  .string()
  .regex(/^[a-z0-9][a-z0-9._-]{0,62}$/, 'a group name is up to 63 of a-z, 0-9, dot, underscore and hyphen');
export const memberIdSchema = z
  .string()
  .regex(
    /^[\w.:-]{1,128}$/,
    'a member id is up to 128 letters, digits, dots, colons, underscores and hyphens',
  );

/** Long enough for a batch and a pause of garbage collection; a dead consumer is replaced after it. */
export const SESSION_MS_DEFAULT = 10_000;

export const pushSchema = z.object({
  url: z.url({ protocol: /^https?$/ }),
  /** Standard Webhooks: `whsec_` and 24 to 64 bytes in base64 */
  secret: z.string().regex(/^whsec_[A-Za-z0-9+/]{32,88}={0,2}$/),
});
export type Push = z.infer<typeof pushSchema>;

/** With the pauses between them that is more than half an hour. */
export const ATTEMPTS_MAX = 50;

/** `key`: shardlet by shardlet; `log`: a member gets the merged order of all the shardlets it has. */
export const ORDERS = ['key', 'log'] as const;
export type Order = (typeof ORDERS)[number];

export const groupSchema = z.object({
  name: groupNameSchema,
  stream: z.int().min(1),
  /** a member that gives no sign of life for so long loses its shardlets */
  sessionMs: z.int().min(1_000).max(600_000).default(SESSION_MS_DEFAULT),
  /** the worker delivers; without it members poll */
  push: pushSchema.optional(),
  /** who created it; undefined: created by an earlier release */
  owner: z.string().optional(),
  /** it reads what is re-driven of this group, and is removed with it */
  redriveOf: groupNameSchema.optional(),
  /** with `push`: an event that was refused so often becomes a dead letter; without it the group waits for ever */
  attempts: z.int().min(1).max(ATTEMPTS_MAX).optional(),
  /** in which members get events; `key` when left out */
  order: z.enum(ORDERS).optional(),
  /** a backlog is to be processed within so long; how many members are wanted depends on it */
  drainMinutes: z.int().min(1).max(1_440).optional(),
  /** its members keep state, which is checkpointed; without it they do not */
  checkpointing: groupCheckpointingSchema.optional(),
});
export type Group = z.infer<typeof groupSchema>;

/** Up to `seq` everything is processed; `epoch`: of the replica it was read from. 0 and 0: nothing yet. */
export interface Position {
  readonly shardlet: number;
  readonly seq: number;
  readonly epoch: number;
}

export interface Checkpoint extends Position {
  /** the version of the group with which it was assigned; a commit with another one is refused */
  readonly assignment: number;
  /** who has it; its lease lasts as long as the member gives signs of life */
  readonly member: string | undefined;
  /** the member gets no more of it, and loses it as soon as it has committed what it still holds; without one: `isEnded` */
  readonly revoking: boolean;
  /** events that were past their retention before the group came to them */
  readonly skipped: number;
}

/** Every worker delivers as this one. No token's subject is called so. */
export const WORKER_SUBJECT = 'worker';

export interface Member {
  readonly id: string;
  readonly seenAtMs: number;
  /** who it belongs to, as actors are named; undefined until the next sign of life of a member of an earlier release */
  readonly subject: string | undefined;
  /** how often it has committed: positions that were read at a lower count are old */
  readonly commits: number;
}

/** Every group costs each worker and each look at "foreshard groups" something, also one that nobody uses. */
export const GROUPS_MAX = 1_000;
/** Every sign of life looks at all members of the group. */
export const MEMBERS_MAX = 256;

export interface GroupState {
  /** higher with every change of members or assignments; commits and signs of life leave it */
  readonly version: number;
  readonly members: readonly Member[];
  /** by shardlet; those that are not here are not begun */
  readonly checkpoints: ReadonlyMap<number, Checkpoint>;
}

export const EMPTY_GROUP: GroupState = Object.freeze({ version: 0, members: [], checkpoints: new Map() });
