/** What workers learned of the order of events: which types follow which, and what each key does next. */
import { z } from 'zod';
import { hitRatesSchema, surgeFiguresSchema } from '../anticipating/index.ts';
import { prefetchReportSchema } from '../prefetching/index.ts';
import { time } from './fields.ts';
import { query } from './operation.ts';

const ROWS_MAX = 200;
const ROWS_DEFAULT = 20;
const TYPES_MAX = 32;
const TYPES_DEFAULT = 12;

const stream = z.string().min(1).max(63).default('main').describe('name of a stream');
const share = z.number().min(0).max(1);
const count = z.number().min(0);
const version = z.int().describe('grows with each report of what was learned; 0: nothing was learned yet');

const sliceSchema = z
  .strictObject({
    slice: z.int().min(0),
    holder: z.string().nullable().describe('the worker that learns it; null: none at the moment'),
    learned: count,
    dropped: count.describe('events that were not learned: they were too old, or past their retention'),
    behind: count.describe('events of the log that are not read yet'),
    keys: count,
    types: count,
    reportedAt: time.describe('null: not yet'),
    savedAt: time.describe('the state that another worker would go on from; null: not yet'),
  })
  .meta({ id: 'AnticipationSlice' });

const expectedSchema = z
  .strictObject({
    type: z.string(),
    key: z.string(),
    shardlet: z.int().describe('the target partition'),
    probability: share,
    expectedAt: time.describe('null: no gap after its last event is known'),
    history: z
      .array(z.strictObject({ type: z.string(), at: z.iso.datetime() }))
      .describe('evidence: the last events of the key, newest first'),
  })
  .meta({ id: 'ExpectedEvent' });

const inShardletSchema = z
  .strictObject({
    type: z.string(),
    shardlet: z.int(),
    events: count.describe('that its keys expect together'),
    keys: z.int(),
    nextAt: time.describe('of the soonest'),
  })
  .meta({ id: 'ExpectedInShardlet' });

const lagSchema = z.strictObject({ p10: count, p50: count, p90: count });
const pairSchema = z
  .strictObject({
    from: z.string(),
    to: z.string(),
    coefficient: z
      .number()
      .min(-1)
      .max(1)
      .describe('1: "to" comes if and only if "from" came; 0: no relation'),
    samples: count,
    isEnough: z.boolean().describe('false: too few samples for a statement'),
    lagMs: lagSchema.describe('milliseconds from "from" to "to"'),
    counts: z
      .strictObject({ to: count, afterFrom: count, all: count })
      .describe('evidence: events of "to", events after a "from" of their key, and all events'),
    lags: z
      .array(z.strictObject({ ms: count.describe('middle of the class'), samples: count }))
      .describe('distribution of the lag'),
  })
  .meta({ id: 'CorrelatedTypes' });

const keysSchema = z
  .strictObject({ from: share, to: share })
  .describe('a part of all keys, by the hash of the key: 0 is the first, 1 the end');
const surgeSchema = z
  .strictObject({
    cause: z.string().describe('what announces it, in words'),
    type: z.string().describe('of the events that announce it; burst: another burst does'),
    source: keysSchema,
    target: keysSchema,
    announcedAt: z.iso.datetime(),
    expectedAt: z.iso.datetime(),
    endsAt: z.iso.datetime().describe('nobody counts with it from then on'),
    cameAt: time.describe('null: not yet'),
    probability: share,
    eventsPerSecond: count.describe('of all keys of the target, on top of what is usual'),
    evidence: z.strictObject({
      hits: count.describe('causes of late that a burst followed in time'),
      causes: count.describe('of so many'),
      byChance: count.describe('the same of causes shifted in time'),
    }),
  })
  .meta({ id: 'AnnouncedSurge' });

const common = { resource: 'anticipation', errors: ['unknown_stream', 'store_unreachable'] } as const;
const http = { tag: 'forecasting', method: 'get' } as const;

export const anticipation = {
  status: query({
    ...common,
    name: 'anticipation.status',
    permission: 'cluster:read',
    input: z.strictObject({ stream }),
    output: z.strictObject({
      isOn: z.boolean().describe('the policy says that something is learned'),
      isLearned: z.boolean().describe('this stream is one of those that are learned'),
      sampleShare: share,
      attributes: z.array(z.string()).describe('JSON pointers into the events'),
      learned: count,
      wanted: count.describe('events to be learned before anything is claimed; 0: enough'),
      dropped: count,
      behind: count,
      hits: hitRatesSchema.describe(
        'how often it was right of late; each event is scored before it is learned',
      ),
      slices: z.array(sliceSchema),
      version,
    }),
    http: {
      ...http,
      path: '/v1/anticipation/status',
      operationId: 'getAnticipationStatus',
      summary: 'What is learned of the order of events, by whom, and how often it is right',
      description:
        'The keys of a stream are divided over slices. Each has a model, and a worker that learns it.',
      answers: { 200: 'The state of the learner' },
    },
  }),
  map: query({
    ...common,
    name: 'anticipation.map',
    permission: 'events:read',
    input: z.strictObject({
      stream,
      type: z.string().min(1).max(4_096).optional().describe('of the expected events; left out: all'),
      limit: z
        .int()
        .min(1)
        .max(ROWS_MAX)
        .default(ROWS_DEFAULT)
        .describe('at most so many of each, likeliest first'),
    }),
    output: z.strictObject({
      version,
      keys: z.array(expectedSchema),
      shardlets: z.array(inShardletSchema),
    }),
    http: {
      ...http,
      path: '/v1/anticipation/map',
      operationId: 'getAnticipationMap',
      summary: 'The Prefetch Probability Map: which events are expected where, how likely and when',
      description: [
        'By key and by shardlet. What a key expects replaces what it expected before; what is overdue by a minute is left out.',
        'Each slice reports the 20 likeliest keys of a type every few seconds.',
      ].join('\n'),
      answers: { 200: 'The map' },
    },
  }),
  prefetching: query({
    name: 'anticipation.prefetching',
    resource: 'anticipation',
    permission: 'cluster:read',
    input: z.strictObject({}),
    output: z.strictObject({ edges: z.array(prefetchReportSchema) }),
    errors: ['store_unreachable'],
    http: {
      ...http,
      path: '/v1/anticipation/prefetching',
      operationId: 'getPrefetching',
      summary: 'What edges fetch before anybody asks, and what it brings',
      description: [
        'Edges fetch what follows the checkpoints of members, what members were given or the topology moved, and what the',
        'map expects, where the policy has a threshold. One row per edge, at most 5 seconds old.',
      ].join('\n'),
      answers: { 200: 'The edges' },
    },
  }),
  matrix: query({
    ...common,
    name: 'anticipation.matrix',
    permission: 'events:read',
    input: z.strictObject({
      stream,
      types: z.int().min(1).max(TYPES_MAX).default(TYPES_DEFAULT).describe('so many, the most frequent'),
    }),
    output: z.strictObject({
      version,
      types: z.array(z.string()).describe('most frequent first'),
      pairs: z.array(pairSchema).describe('strongest first among those with enough samples'),
    }),
    http: {
      ...http,
      path: '/v1/anticipation/matrix',
      operationId: 'getAnticipationMatrix',
      summary: 'Which types of events follow which, and after what time',
      description: 'For each pair of types that came after each other within eight events of a key.',
      answers: { 200: 'The matrix' },
    },
  }),
  surges: query({
    ...common,
    name: 'anticipation.surges',
    permission: 'events:read',
    input: z.strictObject({ stream }),
    output: z.strictObject({
      version,
      reserve: share.describe('of the policy: room that is kept for what is announced; 0: none'),
      kinds: count.describe('kinds of events that announce a burst somewhere'),
      kindsByChance: count.describe('the same of events shifted in time: so many are false'),
      figures: surgeFiguresSchema.strict().nullable().describe('null: nothing was learned yet'),
      announced: z.array(surgeSchema).describe('what is expected or lasts, soonest first'),
    }),
    http: {
      ...http,
      path: '/v1/anticipation/surges',
      operationId: 'getAnnouncedSurges',
      summary: 'Bursts that other events announce, and how such announcements turned out',
      description:
        'An event of a type announces a burst of other keys after a lag. Each announcement has an end of its own, and a planner keeps room for it until then where the policy says so.',
      answers: { 200: 'What is announced' },
    },
  }),
} as const;
