/** What a member that keeps state does beside polling and committing: stores checkpoints, and recovers from them. */
import { z } from 'zod';
import { DELTAS_MAX, digestSchema, handlerVersionSchema, TAKEN_REASONS } from '../checkpointing/index.ts';
import { groupNameSchema, memberIdSchema } from '../consuming/index.ts';
import { checkpointSchema } from './checkpoints.ts';
import { type Answer, apart } from './operation.ts';
import { storedEventSchema } from './reading.ts';

const REPLAY_DEFAULT = 1_000;
const REPLAY_MAX = 10_000;
/** A member that finds so many damaged ones asks again with `fromLog`. */
const WITHOUT_MAX = 100;
const OCTETS = 'application/octet-stream';

const half = z.int().min(0).max(0x1_0000_0000);
const placeSchema = z.strictObject({ high: half, low: half });
const rangeSchema = z
  .strictObject({
    start: placeSchema,
    end: placeSchema.describe('exclusive; 4294967296 and 0 is the end of all'),
  })
  .meta({ id: 'PositionRange', description: 'high: hash of the key; low: hash of source and id' });

const fencedSchema = z
  .strictObject({ kind: z.literal('fenced'), assignment: z.int() })
  .describe('another member has the shardlet, or it was assigned anew');

const stepSchema = z
  .union([
    z.strictObject({
      kind: z.literal('restore'),
      checkpoint: z.strictObject({
        ...{ id: z.uuid(), shardlet: z.int(), seq: z.int(), epoch: z.int() },
        handlerVersion: z.string(),
        bytes: z.int(),
        keys: z.int(),
        digest: z.string(),
        base: z.uuid().nullable().describe('the step before restores it; this one says what changed'),
      }),
      range: rangeSchema.describe(
        'take the keys whose place (hash of the key, 0) is in it; a state that another restore gave is merged',
      ),
    }),
    z.strictObject({
      kind: z.literal('replay'),
      shardlet: z.int().describe('itself, or an ancestor'),
      after: z.int(),
      through: z.int().describe('the last seq to replay'),
      range: rangeSchema.describe('to be handed back with each replay of this step'),
    }),
  ])
  .meta({ id: 'RecoveryStep' });

const group = { group: groupNameSchema.describe('the name of the group') };
const assigned = {
  member: memberIdSchema.describe('the name of this consumer'),
  shardlet: z.int().min(1).describe('that the member has'),
  assignment: z.int().min(0).describe('in which it has the shardlet'),
};
const checkpoint = { checkpoint: z.uuid().describe('the id of the checkpoint') };
const common = {
  kind: 'command',
  resource: 'consumer group',
  permission: 'groups:consume',
  owned: true,
} as const;
const http = { tag: 'reading', method: 'post' } as const;
const PATH = '/v1/groups/{group}/checkpoints';
const REFUSALS = [
  ...(['unknown_group', 'unknown_stream', 'foreign_member', 'store_unreachable'] as const),
  'invalid_parameter',
] as const;
const NOT_TAKEN = 'The member has lost the shardlet: nothing was changed';

const octets = z.string().meta({ format: 'binary', description: 'as the client library writes it' });
const content: Answer = {
  description: 'The content, as it was uploaded',
  content: { [OCTETS]: { schema: octets } },
  headers: { 'content-digest': z.string().describe('sha-256, as RFC 9530 writes it') },
};

export const keepingState = {
  announce: apart({
    ...common,
    name: 'keepingState.announce',
    input: z.strictObject({
      ...group,
      ...assigned,
      seq: z.int().min(0).describe('everything up to here is in the state, and committed'),
      epoch: z.int().min(0).describe('of the last batch that is in it'),
      handlerVersion: handlerVersionSchema.describe('of the code that made the state'),
      bytes: z.int().min(0).describe('of the content'),
      digest: digestSchema.describe('of the content'),
      keys: z.int().min(0).describe('with a state in it'),
      base: z
        .uuid()
        .optional()
        .describe(
          `a valid checkpoint of the same shardlet and version, on which this one only says what changed; at most ${DELTAS_MAX} in a row`,
        ),
      reason: z.enum(TAKEN_REASONS).describe('why it is taken'),
    }),
    output: z
      .union([
        z.strictObject({ id: z.uuid(), put: z.string().describe('the path to upload the content to') }),
        fencedSchema,
        z.strictObject({
          kind: z.literal('ahead'),
          committed: z.int().describe('commit first, then announce'),
        }),
      ])
      .meta({ id: 'AnnouncedCheckpoint' }),
    errors: [...REFUSALS, 'body_too_large', 'conflict'],
    http: {
      ...http,
      path: PATH,
      operationId: 'announceCheckpoint',
      summary: 'Announce a checkpoint of the state of a shardlet',
      description: 'It counts once its content is uploaded, if the member has the shardlet still.',
      body: { description: 'the checkpoint' },
      answers: { 201: 'Upload its content now', 409: NOT_TAKEN },
    },
  }),
  upload: apart({
    ...common,
    name: 'keepingState.upload',
    input: z.strictObject({ ...group, ...checkpoint, content: octets }),
    output: z
      .union([
        checkpointSchema,
        fencedSchema,
        z.strictObject({ kind: z.literal('gone') }).describe('it was removed meanwhile'),
        z.strictObject({ kind: z.literal('ahead'), committed: z.int() }),
      ])
      .meta({ id: 'UploadedCheckpoint' }),
    errors: [...REFUSALS, 'body_too_large'],
    http: {
      ...http,
      method: 'put',
      path: `${PATH}/{checkpoint}/content`,
      operationId: 'uploadCheckpoint',
      summary: 'Upload the content of a checkpoint',
      description:
        'It becomes valid in one transaction that finds the member with the shardlet. May be repeated.',
      body: {
        description: 'the content, of the size and digest that were announced',
        whole: { member: 'content', content: { [OCTETS]: { schema: octets } } },
      },
      answers: { 200: 'It is valid', 409: NOT_TAKEN },
    },
  }),
  content: apart({
    ...common,
    kind: 'query',
    name: 'keepingState.content',
    input: z.strictObject({ ...group, ...checkpoint, member: assigned.member }),
    output: z.string(),
    errors: [...REFUSALS, 'not_found'],
    http: {
      ...http,
      method: 'get',
      path: `${PATH}/{checkpoint}/content`,
      operationId: 'downloadCheckpoint',
      summary: 'The content of a valid checkpoint',
      description: 'Members of the group get it, to restore it. Compare its digest.',
      answers: { 200: content },
    },
  }),
  recover: apart({
    ...common,
    name: 'keepingState.recover',
    input: z.strictObject({
      ...group,
      ...assigned,
      handlerVersion: handlerVersionSchema.describe('of the code that restores'),
      fromLog: z.boolean().default(false).describe('use no checkpoint'),
      without: z
        .array(z.uuid())
        .max(WITHOUT_MAX)
        .default([])
        .describe('checkpoints that could not be restored: their content is damaged, or has gone'),
      allowLost: z
        .boolean()
        .default(false)
        .describe('go on without events that retention took; otherwise this is refused (state_lost)'),
    }),
    output: z
      .union([
        z.strictObject({
          committed: z.strictObject({ seq: z.int(), epoch: z.int() }),
          range: rangeSchema,
          steps: z.array(stepSchema).describe('in the order to apply; none: the state is empty'),
          lost: z
            .array(z.strictObject({ shardlet: z.int(), after: z.int(), through: z.int() }))
            .describe('with `allowLost`: events that retention took, which the state will not hold'),
        }),
        fencedSchema,
      ])
      .meta({ id: 'RecoveryPlan' }),
    errors: [...REFUSALS, 'state_lost', 'host_unreachable', 'overloaded'],
    http: {
      ...http,
      path: '/v1/groups/{group}/recover',
      operationId: 'recoverState',
      summary: 'How to restore the state of a shardlet',
      description: [
        'Which checkpoints to restore and which events to replay, until the state is that of the committed position. Then',
        'go on with what polls give. Replayed events were processed before: suppress their effects. A checkpoint may be',
        'of another handler version: migrate it, or ask again with `fromLog`.',
      ].join('\n'),
      body: { description: 'who recovers what' },
      answers: { 200: 'The plan', 409: NOT_TAKEN },
    },
  }),
  replay: apart({
    ...common,
    name: 'keepingState.replay',
    input: z.strictObject({
      ...group,
      ...assigned,
      of: z.int().min(1).describe('the shardlet of the step'),
      after: z.int().min(0).describe('of the step; then `through` of the last answer'),
      through: z.int().min(0).describe('of the step'),
      range: rangeSchema.optional().describe('of the step; left out: that of the shardlet'),
      limit: z.int().min(1).max(REPLAY_MAX).default(REPLAY_DEFAULT).describe('events that are looked at'),
    }),
    output: z
      .union([
        z.strictObject({
          events: z.array(storedEventSchema),
          through: z.int().describe('looked at up to here'),
          done: z.boolean(),
        }),
        fencedSchema,
      ])
      .meta({ id: 'ReplayedEvents' }),
    errors: [...REFUSALS, 'state_lost', 'host_unreachable', 'overloaded'],
    http: {
      ...http,
      path: '/v1/groups/{group}/replay',
      operationId: 'replayEvents',
      summary: 'Events of a step of a recovery',
      description: 'Those of the range, in order. An answer may be empty before the step is done.',
      body: { description: 'which events' },
      answers: { 200: 'Events', 409: NOT_TAKEN },
    },
  }),
  recovered: apart({
    ...common,
    name: 'keepingState.recovered',
    input: z.strictObject({
      ...group,
      ...assigned,
      restoreMs: z.int().min(0).describe('how long checkpoints took to read and restore'),
      bytes: z.int().min(0).describe('of the checkpoints'),
      replayedEvents: z.int().min(0),
      replayMs: z.int().min(0).describe('how long the replay took'),
      fromLog: z.boolean().default(false).describe('without a checkpoint'),
      lostEvents: z
        .int()
        .min(0)
        .default(0)
        .describe('that retention took before: the state does not hold them'),
    }),
    output: z.undefined(),
    errors: REFUSALS,
    http: {
      ...http,
      path: '/v1/groups/{group}/recovered',
      operationId: 'reportRecovery',
      summary: 'Report how long a recovery took',
      description: 'Estimates of the next one are learned from it. One of a lost assignment is not noted.',
      body: { description: 'the measurements' },
      answers: { 204: 'Noted' },
    },
  }),
} as const;
