/** Checkpoints of the state that members of a group keep, as people look at them, check and remove them. */
import { z } from 'zod';
import {
  CHECKPOINT_STATES,
  checkpointSettingsSchema,
  groupCheckpointingSchema,
  TAKEN_REASONS,
} from '../checkpointing/index.ts';
import { groupNameSchema } from '../consuming/index.ts';
import { command, query } from './operation.ts';

const PAGE_DEFAULT = 100;
const PAGE_MAX = 1_000;
const RECOVERIES_DEFAULT = 20;

const ms = z.int().describe('milliseconds since 1970');

export const checkpointSchema = z
  .strictObject({
    id: z.uuid(),
    shardlet: z.int(),
    seq: z.int().describe('everything up to here is in it'),
    epoch: z.int(),
    assignment: z.int().describe('in which it was taken'),
    member: z.string().describe('who took it'),
    handlerVersion: z.string().describe('of the code that made the state'),
    state: z
      .enum(CHECKPOINT_STATES)
      .describe('pending: its content is not stored yet; deleting: its content is being removed'),
    base: z.uuid().nullable().describe('it only holds what changed since this one; null: it is whole'),
    bytes: z.int(),
    keys: z.int().describe('keys with a state in it'),
    digest: z.string().describe('of its content: "sha-256:" and hex'),
    reason: z.enum(TAKEN_REASONS).describe('why it was taken'),
    store: z.string().describe('where its content is: postgres, folder or s3'),
    createdAtMs: ms,
    validAtMs: ms.nullable(),
    tookMs: z.int().nullable().describe('from its announcement until it was valid, ms'),
    verifiedAtMs: ms.nullable().describe('when its content was read last to check it'),
    verifyError: z.string().nullable().describe('what was wrong with its content then; null: nothing'),
  })
  .meta({ id: 'StateCheckpoint' });

const { aim, checkpoint_threshold, prediction_horizon, failure_interval, checkpoint_share_max } =
  checkpointSettingsSchema.shape;
const { keep_count, keep_hours, hold_retention, merges } = groupCheckpointingSchema.shape;

/** Without defaults: what is left out stays as it is. */
const ruleChanges = {
  aim: aim.unwrap().optional().describe(aim.description!),
  checkpoint_threshold: checkpoint_threshold.unwrap().optional().describe(checkpoint_threshold.description!),
  prediction_horizon: prediction_horizon.unwrap().optional().describe(prediction_horizon.description!),
  failure_interval: failure_interval.unwrap().optional().describe(failure_interval.description!),
  checkpoint_share_max: checkpoint_share_max.unwrap().optional().describe(checkpoint_share_max.description!),
};
const changes = {
  ...ruleChanges,
  keep_count: keep_count.unwrap().optional().describe(keep_count.description!),
  keep_hours: keep_hours.unwrap().optional().describe(keep_hours.description!),
  hold_retention: hold_retention.unwrap().optional().describe(hold_retention.description!),
  merges: merges.unwrap().optional().describe(merges.description!),
};

const effectSchema = z
  .strictObject({
    checkpointsPerDay: z.number().describe('of all shardlets'),
    bytesPerDay: z
      .number()
      .nullable()
      .describe('of all shardlets; null: there is no checkpoint yet to know a size'),
    backlogP99: z
      .number()
      .describe(
        'events of one shardlet that wait when a replacement is ready, for failures at any moment alike',
      ),
    backlogMax: z.number(),
    recoveryMsMax: z.number().describe('the longest recovery, with the rates of now'),
    outOfReachShare: z
      .number()
      .describe('of the time: more than the threshold arrived during the restore alone'),
  })
  .meta({ id: 'CheckpointEffect' });

const lostSchema = z.strictObject({ shardlet: z.int(), after: z.int(), through: z.int() });

const drilledSchema = z.union([
  z.strictObject({
    kind: z.literal('restore'),
    checkpoint: z.uuid(),
    shardlet: z.int(),
    seq: z.int(),
    base: z.uuid().nullable().describe('it only holds what changed since this one'),
    handlerVersion: z.string(),
    bytes: z.int(),
    entries: z.int().nullable().describe('keys in it; null: it was not unpacked'),
    unread: z.string().nullable().describe('why it was not unpacked: its digest was compared alone'),
    ms: z.int(),
  }),
  z.strictObject({
    kind: z.literal('replay'),
    shardlet: z.int(),
    after: z.int(),
    through: z.int(),
  }),
]);

const drillSchema = z
  .strictObject({
    group: z.string(),
    shardlet: z.int(),
    ok: z.boolean(),
    failures: z.array(z.string()).describe('what is wrong, for people'),
    seq: z.int().describe('committed so far: the state comes back up to here'),
    steps: z.array(drilledSchema).describe('what a member would do now, in this order'),
    unusable: z
      .array(z.strictObject({ checkpoint: z.uuid(), shardlet: z.int(), seq: z.int(), error: z.string() }))
      .describe('checkpoints that cannot be restored: a member would do without them'),
    lost: z.array(lostSchema).describe('events that a replay needs and that are past their retention'),
    keys: z.int().nullable().describe('with a state, as far as checkpoints restore it'),
    stateBytes: z.int().nullable().describe('of these keys with their values, as JSON'),
    bytes: z.int().describe('of the contents that were read'),
    events: z.int().describe('to replay'),
    restoreMs: z.int().describe('measured: reading, comparing and unpacking the contents'),
    estimatedRestoreMs: z.int().describe('what the recovery model says for so many bytes'),
    restoreErrorShare: z
      .number()
      .nullable()
      .describe('mean error of such estimates so far, as a share; null: nobody has recovered yet'),
    replayMs: z.int().describe('estimated: only the handler of the group can replay'),
    readyMs: z.int().describe('until a member would be ready: the restore as measured, and the replay'),
  })
  .meta({ id: 'RestoreDrill' });

const group = { group: groupNameSchema.describe('the name of the group') };
const checkpoint = { checkpoint: z.uuid().describe('the id of the checkpoint') };
const common = { resource: 'consumer group' } as const;
const http = { tag: 'reading' } as const;
const PATH = '/v1/groups/{group}/checkpoints';
/** Contents of a chain are read one after the other, each of up to 64 MiB. */
const DRILLED_WITHIN_MS = 60_000;
const KNOWN = ['unknown_group', 'store_unreachable'] as const;

const errorShare = z
  .number()
  .nullable()
  .describe(
    'mean error of what was predicted before each, as a share of what was measured; null: none was yet',
  );
const count = z.int().describe('measurements it was learned from; 0: it is a cautious guess');

const recoveriesSchema = z
  .strictObject({
    learnedAtMs: ms.nullable().describe('when the worker learned last; null: it did not yet'),
    restore: z.strictObject({
      fixedMs: z.number().describe('of each restore, whatever its size'),
      bytesPerSecond: z.number().nullable().describe('null: size makes no difference'),
      ...{ errorShare, count },
    }),
    replay: z.strictObject({ eventsPerSecond: z.number(), errorShare, count }),
    recoveries: z
      .array(
        z.strictObject({
          atMs: ms,
          shardlet: z.int(),
          restoreMs: z.int(),
          bytes: z.int().describe('of all contents that were restored'),
          replayedEvents: z.int(),
          replayMs: z.int(),
          fromLog: z.boolean().describe('without a checkpoint'),
          lostEvents: z.int().describe('past their retention, so the state lacks them'),
        }),
      )
      .describe('the newest first'),
  })
  .meta({ id: 'GroupRecoveries' });

export const checkpoints = {
  recoveries: query({
    ...common,
    name: 'checkpoints.recoveries',
    permission: 'topology:read',
    input: z.strictObject({
      ...group,
      limit: z.int().min(1).max(PAGE_MAX).default(RECOVERIES_DEFAULT).describe('the newest so many'),
    }),
    output: recoveriesSchema,
    errors: [...KNOWN, 'invalid_parameter'],
    http: {
      ...http,
      method: 'get',
      path: '/v1/groups/{group}/recoveries',
      operationId: 'listRecoveries',
      summary: 'How fast state comes back',
      description: [
        'What was learned of restores and replays, by which is judged when checkpoints are due, how far predictions were off,',
        'and the last recoveries, as members measured them. The last 1,000 of a group are kept.',
      ].join('\n'),
      answers: { 200: 'Learned rates, and recoveries' },
    },
  }),
  list: query({
    ...common,
    name: 'checkpoints.list',
    permission: 'topology:read',
    input: z.strictObject({
      ...group,
      shardlet: z.int().min(1).optional().describe('only those of this shardlet'),
      state: z.enum(CHECKPOINT_STATES).optional().describe('only those in this state'),
      limit: z.int().min(1).max(PAGE_MAX).default(PAGE_DEFAULT).describe('the newest so many'),
    }),
    output: z.strictObject({ checkpoints: z.array(checkpointSchema) }).meta({ id: 'StateCheckpoints' }),
    errors: KNOWN,
    http: {
      ...http,
      method: 'get',
      path: PATH,
      operationId: 'listCheckpoints',
      summary: 'The checkpoints of a group',
      description: 'Of the state that its members keep, the newest first.',
      answers: { 200: 'Checkpoints' },
    },
  }),
  show: query({
    ...common,
    name: 'checkpoints.show',
    permission: 'topology:read',
    input: z.strictObject({ ...group, ...checkpoint }),
    output: checkpointSchema,
    errors: [...KNOWN, 'not_found'],
    http: {
      ...http,
      method: 'get',
      path: `${PATH}/{checkpoint}`,
      operationId: 'readCheckpoint',
      summary: 'One checkpoint',
      description: 'Without its content, which only members of the group get.',
      answers: { 200: 'The checkpoint' },
    },
  }),
  verify: command({
    ...common,
    name: 'checkpoints.verify',
    before: { none: 'It reads a checkpoint, and the answer says what was found.' },
    permission: 'groups:manage',
    owned: true,
    input: z.strictObject({ ...group, ...checkpoint }),
    output: z
      .strictObject({
        checkpoint: z.uuid(),
        ok: z.boolean(),
        error: z.string().nullable().describe('what is wrong; null: nothing'),
        read: z.int().describe('contents that were read: its own, and those that it is based on'),
        bytes: z.int(),
        ms: z.int().describe('how long reading took'),
      })
      .meta({ id: 'VerifiedCheckpoint' }),
    errors: [...KNOWN, 'not_found'],
    http: {
      ...http,
      method: 'post',
      path: `${PATH}/{checkpoint}/verify`,
      operationId: 'verifyCheckpoint',
      summary: 'Read a checkpoint, and compare it with its digest',
      description:
        'With all that it is based on; what the client library wrote is unpacked. Nothing is restored: see `drillRestore`.',
      answers: { 200: 'What was found' },
    },
  }),
  drill: command({
    ...common,
    name: 'checkpoints.drill',
    before: { none: 'It reads checkpoints, and the answer says what was found.' },
    permission: 'groups:manage',
    owned: true,
    input: z.strictObject({ ...group, shardlet: z.int().min(1).describe('whose state is restored') }),
    output: drillSchema,
    errors: [
      ...KNOWN,
      'unknown_shardlet',
      'unknown_stream',
      'invalid_parameter',
      'host_unreachable',
      'overloaded',
    ],
    answerWithinMs: DRILLED_WITHIN_MS,
    http: {
      ...http,
      method: 'post',
      path: '/v1/groups/{group}/drills',
      operationId: 'drillRestore',
      summary: 'Restore the state of a shardlet, as a drill',
      description: [
        'Plans the recovery as for a member, reads and unpacks every checkpoint of it, and looks whether the events to replay',
        'can be read. A checkpoint that cannot be restored is left out, as a member would. The state is thrown away.',
      ].join('\n'),
      body: { description: 'which shardlet', example: { shardlet: 7 } },
      answers: { 200: 'What a member would do, and what is wrong' },
    },
  }),
  remove: command({
    ...common,
    name: 'checkpoints.remove',
    before: 'noted',
    permission: 'groups:manage',
    owned: true,
    dryRun: true,
    input: z.strictObject({ ...group, ...checkpoint }),
    output: z
      .strictObject({ checkpoint: z.uuid(), result: z.enum(['removed', 'would be removed']) })
      .meta({ id: 'RemovedCheckpoint' }),
    errors: [...KNOWN, 'not_found', 'conflict'],
    http: {
      ...http,
      method: 'delete',
      path: `${PATH}/{checkpoint}`,
      operationId: 'removeCheckpoint',
      summary: 'Remove a checkpoint',
      description:
        'The next recovery takes an older one, and replays more. One on which others are based is not removed.',
      answers: { 200: 'Removed' },
    },
  }),
  prune: command({
    ...common,
    name: 'checkpoints.prune',
    before: { none: 'It removes what nobody can need, and the answer counts it.' },
    permission: 'groups:manage',
    owned: true,
    dryRun: true,
    input: z.strictObject(group),
    output: z
      .strictObject({
        result: z.enum(['pruned', 'would be pruned']),
        checkpoints: z.int(),
        bytes: z.int(),
      })
      .meta({ id: 'PrunedCheckpoints' }),
    errors: [...KNOWN, 'invalid_parameter'],
    http: {
      ...http,
      method: 'post',
      path: '/v1/groups/{group}/prunes',
      operationId: 'pruneCheckpoints',
      summary: 'Remove the checkpoints that nobody needs',
      description: [
        'Kept are the newest of each shardlet (`keep_count`), those younger than `keep_hours`, whatever a recovery would',
        'restore now, and one older than an hour. A worker does this by itself.',
      ].join('\n'),
      answers: { 200: 'How many' },
    },
  }),
  alter: command({
    ...common,
    name: 'checkpoints.alter',
    before: 'noted',
    permission: 'groups:manage',
    owned: true,
    dryRun: true,
    input: z.strictObject({ ...group, ...changes }),
    output: z
      .strictObject({ group: z.string(), checkpointing: groupCheckpointingSchema })
      .meta({ id: 'GroupCheckpointing' }),
    errors: [...KNOWN, 'invalid_parameter'],
    http: {
      ...http,
      method: 'patch',
      path: '/v1/groups/{group}/checkpointing',
      operationId: 'alterCheckpointing',
      summary: 'Change when checkpoints are due, and how long they are kept',
      description:
        'What is left out stays as it is. Whether a group keeps state at all is decided when it is created.',
      body: { description: 'the settings that change', example: { checkpoint_threshold: 5_000 } },
      answers: { 200: 'The settings as they are now' },
    },
  }),
  effect: query({
    ...common,
    name: 'checkpoints.effect',
    permission: 'topology:read',
    input: z.strictObject({ ...group, ...ruleChanges }),
    output: z
      .strictObject({
        group: z.string(),
        toMs: ms.describe('the replayed time ends here; it begins at most seven days before'),
        fromMs: ms.nullable().describe('the first known arrivals of that time; null: there are none'),
        replayed: z.int().describe('shardlets that were replayed; of many they are a sample'),
        shardlets: z.int(),
        forecastShare: z.number().describe('part of the known time of which there are forecasts'),
        saved: effectSchema.nullable().describe('of the settings as they are; null: nothing is known'),
        draft: effectSchema.nullable().describe('of the same with the changes'),
        hours: z
          .array(z.strictObject({ atMs: ms, saved: z.number().nullable(), draft: z.number().nullable() }))
          .describe('the largest backlog of one shardlet in each hour'),
      })
      .meta({ id: 'CheckpointEffects' }),
    errors: [...KNOWN, 'invalid_parameter'],
    http: {
      ...http,
      method: 'post',
      path: '/v1/groups/{group}/checkpointing/effect',
      operationId: 'tryCheckpointing',
      summary: 'What other settings would have meant in the last seven days',
      description: [
        'The rule is played over the recorded arrivals of the last seven days, with the forecasts that were kept then: once with',
        'the settings as they are, once with the changes. Nothing is changed.',
      ].join('\n'),
      body: {
        description: 'the settings that change',
        example: { checkpoint_threshold: 5_000 },
        optional: true,
      },
      answers: { 200: 'Both, side by side' },
    },
  }),
} as const;
