/** Consumer groups as people create, look at and remove them. What members do is apart: they poll and commit. */
import { z } from 'zod';
import { groupCheckpointingSchema } from '../checkpointing/index.ts';
import { groupNameSchema, groupSchema, memberIdSchema, ORDERS, pushSchema } from '../consuming/index.ts';
import { CREATES, command, query } from './operation.ts';
import { DEFAULT_STREAM } from './streams.ts';

export const groupAssignmentSchema = z.strictObject({
  shardlet: z.int(),
  assignment: z.int().describe('to be handed back with commits: another one is refused'),
  seq: z.int().describe('the committed position: all up to here is processed'),
  epoch: z.int(),
  revoking: z.boolean().describe('it goes to another member as soon as what is held of it is committed'),
  skipped: z.int().describe('events that were past their retention before the group came to them'),
  finalSeq: z
    .int()
    .optional()
    .describe(
      'of a group that keeps state: the shardlet is closed, and ends here; the last checkpoint is taken there',
    ),
});

const groupSummarySchema = z.strictObject({
  name: z.string(),
  stream: z.string().nullable().describe('null: the stream was deleted'),
  sessionMs: z.int(),
  delivery: z.enum(['pull', 'push']),
  order: z
    .enum(ORDERS)
    .describe('key: shardlet by shardlet; log: each member gets the merged order of its shardlets'),
  owner: z
    .string()
    .nullable()
    .describe('who created it, and needs no grant on it; null: created by an earlier release'),
  redriveOf: z
    .string()
    .nullable()
    .describe('internal: it reads what is re-driven of this group, and is removed with it'),
  drainMinutes: z.int().describe('a backlog is to be processed within so long'),
  deadLetters: z
    .strictObject({
      stream: z.string().describe('internal: it holds the letters, and is deleted with the group'),
      attempts: z
        .int()
        .nullable()
        .describe('of a push: so many refusals make a letter; null: it is tried for ever'),
    })
    .nullable()
    .describe('null: it has none, and no letter yet'),
  checkpointing: groupCheckpointingSchema
    .nullable()
    .describe('settings of the checkpoints of the state that its members keep; null: they keep none'),
});

const parentSchema = z.strictObject({
  shardlet: z.int(),
  seq: z.int().describe('processed up to here'),
  finalSeq: z.int().nullable().describe('where it ends; null: it is not closed yet'),
});

const reasonSchema = z
  .union([
    z
      .strictObject({
        kind: z.literal('kept'),
        member: z.string(),
        committed: z.boolean().describe('something of it was committed before'),
      })
      .describe('the member keeps it as long as it lives'),
    z
      .strictObject({
        kind: z.literal('revoking'),
        member: z.string(),
        holds: z.int(),
        share: z.int(),
        load: z
          .strictObject({ holds: z.number(), share: z.number() })
          .optional()
          .describe(
            'where shardlets are weighed by load: what it has and what is fair, in events per second',
          ),
      })
      .describe('the member holds more than its share: it goes as soon as what is held of it is committed'),
    z
      .strictObject({ kind: z.literal('free'), members: z.int() })
      .describe('the next sign of life of a member takes it'),
    z
      .strictObject({ kind: z.literal('waits'), parents: z.array(parentSchema).readonly() })
      .describe('older events of its keys are not processed'),
  ])
  .meta({ id: 'AssignmentReason' });

const progressSchema = z
  .strictObject({
    processing: z
      .number()
      .nullable()
      .describe(
        'events per second, avg over up to 5 min; null: not measured yet, a worker does it every 15 s',
      ),
    arriving: z.number().nullable().describe('events per second now; null: not known'),
    arrivalsFrom: z
      .enum(['forecast', 'measured'])
      .nullable()
      .describe('measured: nothing was forecast, so the rate of the last minutes is expected to go on'),
    catchUp: z.union([
      z.strictObject({ kind: z.literal('caught up') }),
      z.strictObject({ kind: z.literal('by'), atMs: z.int() }),
      z
        .strictObject({ kind: z.literal('later'), afterMs: z.int(), lag: z.int() })
        .describe('it gets nearer; its lag after so long, where the forecast ends'),
      z
        .strictObject({ kind: z.literal('not catching up'), afterMs: z.int(), lag: z.int() })
        .describe('as much arrives as it processes, or more; its lag after so long'),
      z.strictObject({
        kind: z.literal('unknown'),
        because: z.enum(['lag', 'processing', 'arrivals']).describe('what is not known'),
      }),
    ]),
    forecast: z
      .array(z.strictObject({ atMs: z.int(), lag: z.int() }))
      .describe('the lag as it is expected, from now on'),
  })
  .meta({ id: 'GroupProgress' });

const membersWantedSchema = z
  .strictObject({
    now: z.int().nullable().describe('for what arrives and for the lag; null: not known'),
    atHorizon: z.int().nullable().describe('the most at any time within 30 minutes; null: not known'),
    at: z
      .int()
      .nullable()
      .describe(
        'from when on more are needed than there are, in ms since 1970; null: never within 30 minutes',
      ),
    why: z.union([
      z.strictObject({
        kind: z.literal('known'),
        arriving: z.number().describe('events per second, exceeded with probability 0.1'),
        arrivingAhead: z.number().describe('the most of it within 30 minutes'),
        arrivalsFrom: z.enum(['forecast', 'measured']),
        memberRate: z.number().describe('events per second that a member has been seen to process'),
        lag: z.int(),
        drainMinutes: z.int(),
        limitedByShardlets: z
          .boolean()
          .describe('more would help, but no member works on less than one shardlet'),
      }),
      z.strictObject({
        kind: z.literal('unknown'),
        because: z
          .enum(['lag', 'arrivals', 'rate'])
          .describe('what is not known; rate: no member has processed anything for a minute yet'),
      }),
    ]),
  })
  .meta({ id: 'MembersWanted' });

const keptStateSchema = z
  .strictObject({
    checkpointAt: z
      .int()
      .nullable()
      .describe('when the last checkpoint of its state was taken, in ms since 1970; null: there is none'),
    recoveryMs: z.number().describe('a replacement is ready after so long: it restores, and replays'),
    replays: z.int().describe('events that it replays'),
    backlog: z.number().describe('events that are expected to arrive meanwhile'),
    due: z.boolean().describe('a checkpoint is due'),
  })
  .meta({ id: 'KeptState' });

const keptStatesSchema = z
  .strictObject({
    shardlets: z.int().describe('that a worker judged within the last minute'),
    oldestCheckpointAt: z
      .int()
      .nullable()
      .describe('when the oldest of their last checkpoints was taken, in ms since 1970; null: there is none'),
    withoutCheckpoint: z.int(),
    recoveryMs: z.number().describe('of the shardlet that takes longest'),
    backlog: z
      .number()
      .describe('events that are expected to arrive meanwhile, of the shardlet with the most'),
    due: z.int().describe('checkpoints that are due'),
  })
  .meta({ id: 'KeptStates' });

const lag = z
  .int()
  .nullable()
  .describe('events that are stored and not processed; null: a host does not answer, or holds too few');
const stateOfAll = keptStatesSchema
  .nullable()
  .describe('of a group that keeps state; null: it keeps none, or nothing was judged lately');
const wanted = membersWantedSchema
  .nullable()
  .describe('null: the worker posts its events, or it reads what is re-driven');

const groupStandingSchema = groupSummarySchema
  .extend({
    version: z.int(),
    lag,
    members: z.int(),
    shardlets: z.int().describe('that are still to be processed'),
    free: z.int().describe('of them: the next member that polls takes them'),
    waiting: z
      .int()
      .describe('of them: older events of their keys are not processed, so nobody may have them'),
    revoking: z.int().describe('of them: on their way to another member'),
    skipped: z.int().describe('events that were past their retention before the group came to them'),
    progress: progressSchema.omit({ forecast: true }).meta({ id: 'GroupPace' }),
    membersWanted: wanted,
    state: stateOfAll,
  })
  .meta({ id: 'GroupSummary' });

const groupDetailSchema = groupSummarySchema
  .extend({
    version: z.int(),
    lag,
    members: z.array(
      z.strictObject({
        id: z.string(),
        seenAtMs: z.int(),
        subject: z
          .string()
          .nullable()
          .describe('who it belongs to: "token:" and the name of a token, or "worker"; null: not known yet'),
        shardlets: z.int(),
        lag: z.int().nullable().describe('of its shardlets; null: of one it is not known'),
        load: z
          .number()
          .nullable()
          .describe('events per second that its shardlets are expected to bring; null: nothing is forecast'),
        oldestAt: z
          .int()
          .nullable()
          .describe(
            'when the oldest event was stored that it has not committed, in microseconds since 1970; null: none, or not known. Of the 64 shardlets of the group that are furthest behind',
          ),
        state: stateOfAll.describe(
          'of its shardlets, where the group keeps state; null: it keeps none, or nothing was judged lately',
        ),
      }),
    ),
    shardletCount: z.int().describe('how many there are of those that were asked for'),
    state: stateOfAll,
    shardlets: z.array(
      groupAssignmentSchema.extend({
        member: z.string().nullable(),
        lag: z.int().nullable(),
        beyondEnd: z
          .int()
          .optional()
          .describe('the host holds so many events fewer than were processed: it lost some, or is behind'),
        weight: z
          .number()
          .nullable()
          .describe(
            'events per second by which it counts when shardlets are shared among members; null: each counts alike',
          ),
        state: keptStateSchema
          .nullable()
          .describe(
            'of a group that keeps state, as a worker judged within the last minute; null: it keeps none, or was not judged',
          ),
        why: reasonSchema.nullable().describe('why it is where it is; null: it is processed to its end'),
      }),
    ),
    waiting: z
      .array(z.strictObject({ shardlet: z.int(), parents: z.array(parentSchema).readonly() }))
      .describe(
        'shardlets that nobody may have yet, the first 100: older events of their keys are not processed',
      ),
    waitingCount: z.int(),
    progress: progressSchema,
    membersWanted: wanted,
  })
  .meta({ id: 'ConsumerGroup' });

/** Each costs the edge the sum over its positions. */
const PAGE_MAX = 200;
const PAGE_DEFAULT = 50;
/** As many as a group may have; who asks without a limit gets all. */
const SHARDLETS_MAX = 1_000_000;

const order = z
  .enum(ORDERS)
  .default('key')
  .describe(
    'log: a member gets the events of all its shardlets by time, up to the watermark; a host that does not answer holds it back',
  );
const group = { group: groupNameSchema.describe('the name of the group') };
const stream = z.string().default(DEFAULT_STREAM);
const common = { resource: 'consumer group' } as const;
const http = { tag: 'reading' } as const;

export const groups = {
  create: command({
    ...common,
    name: 'groups.create',
    before: CREATES,
    permission: 'groups:consume',
    input: z.strictObject({
      name: groupNameSchema,
      stream,
      from: z.enum(['oldest', 'now']).default('oldest').describe('where the group begins'),
      sessionMs: groupSchema.shape.sessionMs.describe(
        'a member without a sign of life for so long loses its shardlets',
      ),
      order,
      drainMinutes: groupSchema.shape.drainMinutes.describe(
        'a backlog is to be processed within so long: how many members are wanted depends on it; left out: 10',
      ),
      deadLetters: z
        .boolean()
        .default(false)
        .describe('make the stream for dead letters now, instead of with the first letter'),
      checkpoints: groupCheckpointingSchema
        .optional()
        .describe('its members keep state, of which they take checkpoints; {} for the usual settings'),
    }),
    output: groupSummarySchema,
    errors: [
      ...(['invalid_parameter', 'unknown_stream', 'conflict', 'limit_reached'] as const),
      ...(['store_unreachable', 'host_unreachable', 'in_the_way', 'unexamined'] as const),
    ],
    http: {
      ...http,
      method: 'post',
      path: '/v1/groups',
      operationId: 'createGroup',
      summary: 'Begin a consumer group',
      description: 'A group processes each event of a stream once, with as many members as there are.',
      body: { description: 'the group' },
      answers: { 201: 'It is there' },
    },
  }),
  push: command({
    ...common,
    name: 'groups.push',
    before: CREATES,
    secrets: ['secret', 'url'],
    permission: 'groups:manage',
    input: z.strictObject({
      ...group,
      url: pushSchema.shape.url.describe('where the worker posts batches of CloudEvents'),
      stream,
      from: z.enum(['oldest', 'now']).default('oldest').describe('where the group starts'),
      order: order.describe(
        'log: a worker posts the events of all its shardlets by time, one post after the other; what is refused holds up all of them',
      ),
      attempts: groupSchema.shape.attempts.describe(
        'after so many refusals an event becomes a dead letter, and the group goes on; left out: it is tried for ever',
      ),
    }),
    output: groupSummarySchema
      .extend({ url: z.string(), secret: z.string().describe('Standard Webhooks: shown this once') })
      .meta({ id: 'PushGroup' }),
    errors: [
      ...(['invalid_parameter', 'unknown_stream', 'conflict', 'limit_reached'] as const),
      ...(['store_unreachable', 'host_unreachable'] as const),
    ],
    http: {
      ...http,
      method: 'post',
      path: '/v1/groups/{group}/push',
      operationId: 'createPushGroup',
      summary: 'Create a consumer group whose events are posted to an address',
      description:
        'A worker posts them, signed after Standard Webhooks. An address inside a private network is refused unless FORESHARD_PRIVATE_NETWORKS names it.',
      body: { description: 'where to, and what of' },
      answers: { 201: 'With the secret, which is shown this once' },
    },
  }),
  list: query({
    ...common,
    name: 'groups.list',
    permission: 'topology:read',
    input: z.strictObject({}),
    output: z.strictObject({ groups: z.array(groupSummarySchema) }),
    errors: ['store_unreachable'],
    http: {
      ...http,
      method: 'get',
      path: '/v1/groups',
      operationId: 'listGroups',
      summary: 'The consumer groups',
      description: 'By name.',
      answers: { 200: 'All groups' },
    },
  }),
  summaries: query({
    ...common,
    name: 'groups.summaries',
    permission: 'topology:read',
    input: z.strictObject({
      search: z.string().trim().max(64).default('').describe('part of the name of the group or its stream'),
      internal: z.boolean().default(false).describe('also groups that read re-driven events'),
      limit: z.int().min(1).max(PAGE_MAX).default(PAGE_DEFAULT).describe('groups in a page'),
      offset: z.int().min(0).default(0).describe('groups before the page, by name'),
    }),
    output: z.strictObject({
      groups: z.array(groupStandingSchema),
      total: z.int().describe('groups that match, on all pages'),
      internal: z.int().describe('groups that match, and are left out because they read re-driven events'),
    }),
    errors: ['store_unreachable'],
    http: {
      ...http,
      method: 'get',
      path: '/v1/group-summaries',
      operationId: 'summarizeGroups',
      summary: 'How far consumer groups are, without their shardlets',
      description:
        'By name. Each host is asked once for all groups of the page, and whoever asks the same meanwhile shares the answer.',
      answers: { 200: 'A page of groups' },
    },
  }),
  show: query({
    ...common,
    name: 'groups.show',
    permission: 'topology:read',
    input: z.strictObject({
      ...group,
      limit: z
        .int()
        .min(0)
        .max(SHARDLETS_MAX)
        .optional()
        .describe('shardlets in the answer; left out: all of them'),
      offset: z.int().min(0).optional().describe('shardlets before the first one'),
      sort: z
        .enum(['shardlet', 'lag'])
        .optional()
        .describe(
          'lag: those that are furthest behind first, and last those that are processed to their end; left out: by number',
        ),
      member: memberIdSchema.optional().describe('only shardlets of this member'),
    }),
    output: groupDetailSchema,
    errors: ['unknown_group', 'store_unreachable'],
    http: {
      ...http,
      method: 'get',
      path: '/v1/groups/{group}',
      operationId: 'readGroup',
      summary: 'Members, assignment and lag of a group',
      description: 'Shows who has what, what is on its way to another member, and how far each shardlet is.',
      answers: { 200: 'The group as it is now' },
    },
  }),
  remove: command({
    ...common,
    name: 'groups.remove',
    before: 'noted',
    permission: 'groups:manage',
    owned: true,
    dryRun: true,
    input: z.strictObject(group),
    output: z
      .strictObject({
        group: z.string(),
        result: z.enum(['removed', 'would be removed']),
        letters: z
          .strictObject({ dead: z.int(), redriven: z.int(), discarded: z.int() })
          .nullable()
          .describe('dead letters that go with it; null: it never had one'),
      })
      .meta({ id: 'RemovedGroup' }),
    errors: [
      ...(['unknown_group', 'invalid_parameter', 'in_the_way', 'conflict', 'unexamined'] as const),
      ...(['store_unreachable', 'host_unreachable', 'overloaded'] as const),
    ],
    http: {
      ...http,
      method: 'delete',
      path: '/v1/groups/{group}',
      operationId: 'removeGroup',
      summary: 'Remove a consumer group',
      description: [
        'Its committed positions are gone: a group of this name begins anew. Events of its stream are not touched. Its dead letters',
        'are deleted, with their stream and the group that reads what is re-driven.',
      ].join('\n'),
      answers: { 200: 'Removed, or with `dryRun` what would go' },
    },
  }),
} as const;
