/** Consumer groups as the edge tells them: the lines of a list, and one with a page of its shardlets. */
import { z } from 'zod';

const parentSchema = z.object({
  shardlet: z.number(),
  seq: z.number(),
  finalSeq: z.number().nullable(),
});
const whySchema = z.union([
  z.object({ kind: z.literal('kept'), member: z.string(), committed: z.boolean() }),
  z.object({
    ...{ kind: z.literal('revoking'), member: z.string(), holds: z.number(), share: z.number() },
    /** events per second, where shardlets are weighed by load */
    load: z.object({ holds: z.number(), share: z.number() }).optional(),
  }),
  z.object({ kind: z.literal('free'), members: z.number() }),
  z.object({ kind: z.literal('waits'), parents: z.array(parentSchema) }),
]);
export type Why = z.infer<typeof whySchema>;

const progressSchema = z.object({
  processing: z.number().nullable(),
  arriving: z.number().nullable(),
  arrivalsFrom: z.enum(['forecast', 'measured']).nullable(),
  catchUp: z.union([
    z.object({ kind: z.literal('caught up') }),
    z.object({ kind: z.literal('by'), atMs: z.number() }),
    z.object({ kind: z.literal('later'), afterMs: z.number(), lag: z.number() }),
    z.object({ kind: z.literal('not catching up'), afterMs: z.number(), lag: z.number() }),
    z.object({ kind: z.literal('unknown'), because: z.enum(['lag', 'processing', 'arrivals']) }),
  ]),
  forecast: z.array(z.object({ atMs: z.number(), lag: z.number() })),
});
export type ProgressView = z.infer<typeof progressSchema>;
const NO_PROGRESS: ProgressView = {
  ...{ processing: null, arriving: null, arrivalsFrom: null, forecast: [] },
  catchUp: { kind: 'unknown', because: 'processing' },
};

const wantedSchema = z.object({
  now: z.number().nullable(),
  atHorizon: z.number().nullable(),
  at: z.number().nullable(),
  why: z.union([
    z.object({ kind: z.literal('known'), memberRate: z.number(), limitedByShardlets: z.boolean() }),
    z.object({ kind: z.literal('unknown'), because: z.enum(['lag', 'arrivals', 'rate']) }),
  ]),
});
export type MembersWantedView = z.infer<typeof wantedSchema>;

/** Over all shardlets of a group, or of a member; null: it keeps no state, or nothing was judged lately. */
const statesSchema = z
  .object({
    oldestCheckpointAt: z.number().nullable(),
    withoutCheckpoint: z.number(),
    recoveryMs: z.number(),
    backlog: z.number(),
    due: z.number(),
  })
  .nullable();
export type StatesView = NonNullable<z.infer<typeof statesSchema>>;

const nameSchema = z.object({
  name: z.string(),
  /** null: the stream was deleted */
  stream: z.string().nullable(),
  delivery: z.enum(['pull', 'push']),
  sessionMs: z.number(),
  version: z.number(),
  /** events that are stored and not processed; null: a host does not answer */
  lag: z.number().nullable(),
  redriveOf: z.string().nullable().default(null),
});

export const groupPageSchema = z.object({
  groups: z.array(
    nameSchema.extend({
      members: z.number(),
      /** still to be processed */
      shardlets: z.number(),
      free: z.number(),
      waiting: z.number(),
      revoking: z.number(),
      skipped: z.number(),
      progress: progressSchema.omit({ forecast: true }),
      membersWanted: wantedSchema.nullable(),
      state: statesSchema,
    }),
  ),
  total: z.number(),
  /** left out, because they read what is re-driven */
  internal: z.number(),
});
export type GroupSummary = z.infer<typeof groupPageSchema>['groups'][number];

export const groupDetailSchema = nameSchema.extend({
  order: z.enum(['key', 'log']).default('key'),
  deadLetters: z.object({ stream: z.string(), attempts: z.number().nullable() }).nullable().default(null),
  progress: progressSchema.default(NO_PROGRESS),
  membersWanted: wantedSchema.nullable().default(null),
  /** settings, of a group that keeps state */
  checkpointing: z.object({ checkpoint_threshold: z.number() }).nullable().default(null),
  waiting: z.array(z.object({ shardlet: z.number(), parents: z.array(parentSchema) })).default([]),
  waitingCount: z.number().default(0),
  members: z.array(
    z.object({
      id: z.string(),
      seenAtMs: z.number(),
      shardlets: z.number(),
      lag: z.number().nullable().default(null),
      /** events per second that its shardlets are expected to bring */
      load: z.number().nullable().default(null),
      /** in microseconds */
      oldestAt: z.number().nullable().default(null),
      state: statesSchema.default(null),
    }),
  ),
  state: statesSchema.default(null),
  /** of those that were asked for; the page of them is below */
  shardletCount: z.number(),
  shardlets: z.array(
    z.object({
      shardlet: z.number(),
      member: z.string().nullable(),
      seq: z.number(),
      lag: z.number().nullable(),
      revoking: z.boolean(),
      /** past their retention before the group came to them */
      skipped: z.number(),
      why: whySchema.nullable().default(null),
    }),
  ),
});
export type GroupDetail = z.infer<typeof groupDetailSchema>;

/** Hits of the shard cache of each process; null: no edge tells them. */
export const cachesSchema = z.object({
  caches: z.array(
    z.object({
      process: z.string(),
      hits: z.number(),
      misses: z.number(),
      bytes: z.number(),
      bytesMax: z.number(),
      evictions: z.number(),
      voided: z.number(),
    }),
  ),
});
