/** What is ordered, and what is told of hosts, moves and shardlets: the same over REST and tRPC. */
import { MOVE_ORDERS, MOVE_PHASES, MOVE_RESULTS, moveControlsSchema } from '@foreshard/core/migration';
import { hostCapacitySchema, hostDescriptionSchema, REFUSALS } from '@foreshard/core/topology';
import { z } from 'zod';

const id = z.int().min(1);
const shardlets = (least: number) => z.array(id).min(least).max(1_000).describe('numbers of shardlets');
const reason = z.string().trim().min(1).max(500).default('asked for over the API').describe('kept with it');
const hostRef = z.union([id, z.string().min(1).max(200)]).describe('the number of a host, or its name');

export const newHostSchema = z.strictObject({
  url: z
    .string()
    .min(1)
    .max(2_000)
    .describe('redis://HOST:PORT or postgresql://USER:PASSWORD@HOST:PORT/DATABASE'),
  name: z.string().trim().min(1).max(200).optional().describe('how it is called; else its address'),
  ...hostDescriptionSchema.shape,
});

export const describeHostSchema = hostDescriptionSchema;

export const reasonSchema = z.strictObject({ reason });

const SECONDS_A_MONTH = 2_678_400;

export const movesOrderSchema = z.strictObject({
  shardlets: shardlets(1),
  to: hostRef,
  reason,
  windowSeconds: z
    .int()
    .min(1)
    .max(SECONDS_A_MONTH)
    .optional()
    .describe('a move that has not reached its cutover within it is aborted'),
  bytesPerSecondMax: id.optional().describe('of each of these moves'),
});

export const splitOrderSchema = z.strictObject({
  at: z
    .string()
    .regex(/^[0-9a-f]{16}$/i, '16 hex digits are expected')
    .optional()
    .describe('cut there; else where half of the observed load lies on either side'),
});

export const mergeOrderSchema = z.strictObject({ shardlets: shardlets(2) });

export const limitsOrderSchema = moveControlsSchema
  .pick({ bytesPerSecondMax: true, concurrencyMax: true })
  .partial()
  .strict();

export const controlsSchema = moveControlsSchema.meta({ id: 'MigrationControls' });

const time = z.iso.datetime().nullable();
const hostSide = z.strictObject({ host: id, name: z.string().nullable().describe('null: removed since') });

export const hostSchema = z
  .strictObject({
    id,
    name: z.string(),
    engine: z.string(),
    address: z.string().nullable().describe('without user and password'),
    durability: z.string(),
    state: z.enum(['active', 'draining', 'readmitting']),
    shardlets: z.int().describe('that it owns, open and closed'),
    zone: z.string(),
    labels: z.record(z.string(), z.string()),
    capacity: hostCapacitySchema.describe('what is left out, the policy says for all hosts'),
  })
  .meta({ id: 'Host' });

export const hostsSchema = z.strictObject({ hosts: z.array(hostSchema) });

export const addedHostSchema = z
  .strictObject({
    result: z.enum(['joined', 'known', 'would join']),
    host: hostSchema.nullable().describe('null: nothing was changed'),
  })
  .meta({ id: 'AddedHost' });

export const describedHostSchema = z
  .strictObject({ result: z.enum(['described', 'would be described']), host: hostSchema })
  .meta({ id: 'DescribedHost' });

export const removedHostSchema = z
  .strictObject({ host: id, result: z.enum(['removed', 'would be removed']) })
  .meta({ id: 'RemovedHost' });

export const acceptLossSchema = z.strictObject({
  incarnation: z
    .string()
    .min(1)
    .max(200)
    .describe('the run whose loss was reviewed; another one has to be reviewed anew'),
});

const seq = z.int().min(0);

export const lossSchema = z
  .strictObject({
    host: id,
    name: z.string(),
    incarnation: z.string().describe('the run that was looked at: accept its loss with this'),
    detail: z.string().describe('what shows that it went back'),
    suspendedAt: z.iso.datetime().nullable().describe('null: the change log does not reach back so far'),
    isAccepted: z.boolean(),
    shardlets: z
      .array(
        z.strictObject({
          shardlet: id,
          stream: z.string(),
          takesAppends: z.boolean(),
          lastSeqBefore: seq.nullable().describe('known from before it went back; null: not known'),
          lastSeqNow: seq.nullable().describe('null: the host has nothing of it'),
          certainSeq: seq.describe('no event up to it was lost or replaced'),
          atRisk: seq.describe('events above it that are lost, or were replaced, at most'),
        }),
      )
      .describe('those with something at risk, or absent'),
    whole: z.int().describe('shardlets on it that lose nothing'),
    absent: z.int(),
    atRisk: z.int().describe('events, over all shardlets'),
    consequences: z.array(z.string()).describe('of accepting'),
  })
  .meta({ id: 'HostLoss' });

export const acceptedLossSchema = z
  .strictObject({ host: id, result: z.enum(['accepted', 'would be accepted']) })
  .meta({ id: 'AcceptedLoss' });

export const drainSchema = z
  .strictObject({
    host: id,
    state: z.enum(['draining', 'active']),
    dryRun: z.boolean(),
    left: z.int().describe('shardlets on it'),
    moves: z
      .array(z.strictObject({ shardlet: id, to: id }))
      .describe('what leaves it next, and where to as things are now'),
    waiting: z
      .array(z.strictObject({ why: z.string(), shardlets: z.array(id) }))
      .describe('what cannot leave it yet: no host has room or is reachable, or a shardlet is being changed'),
  })
  .meta({ id: 'Drain' });

export const moveDocumentSchema = z
  .strictObject({
    id,
    shardlet: id,
    kind: z.enum(['open', 'closed']),
    from: hostSide,
    to: hostSide,
    phase: z.enum(MOVE_PHASES),
    result: z.enum(MOVE_RESULTS).nullable().describe('null: it is under way'),
    order: z.enum(MOVE_ORDERS),
    orderReason: z.string(),
    orderedBy: z.string().nullable(),
    actor: z.string().describe('who asked for it'),
    reason: z.string(),
    createdAt: z.iso.datetime(),
    startedAt: time,
    endedAt: time,
    deadlineAt: time,
    bytes: z.int(),
    records: z.int(),
    bytesPerSecond: z.number(),
    bytesPerSecondMax: z.int().nullable(),
    lag: z.int().describe('records that the copy lacks'),
    secondsLeft: z.number().nullable().describe('null: not known'),
    obstacle: z.string().describe('why it does not get on just now; empty when it does'),
    detail: z.string().describe('how it ended'),
    worker: z.string().nullable(),
  })
  .meta({ id: 'Migration' });

export const movesSchema = z.strictObject({
  migrations: z.array(moveDocumentSchema),
  controls: controlsSchema,
});

const journalSchema = z.array(
  z.strictObject({
    at: z.iso.datetime(),
    worker: z.string(),
    what: z.string(),
    bytes: z.int(),
    detail: z.string(),
  }),
);

export const shownMoveSchema = z.strictObject({ migration: moveDocumentSchema, journal: journalSchema });
export const orderedMoveSchema = z.strictObject({ migration: moveDocumentSchema, dryRun: z.boolean() });

export const moveResultSchema = z
  .strictObject({
    shardlet: id,
    result: z.enum(['moving', 'would move', 'refused']),
    migration: id.nullable().describe('its number; null where nothing was begun'),
    from: id.nullable(),
    to: id.nullable(),
    refusal: z
      .strictObject({ reason: z.enum(REFUSALS), detail: z.string() })
      .optional()
      .describe('where it was refused'),
  })
  .meta({ id: 'MigrationResult' });

export const moveResultsSchema = z.strictObject({ results: z.array(moveResultSchema) });

export const restructuredSchema = z
  .strictObject({
    parents: z.array(id),
    children: z.array(
      z.strictObject({
        shardlet: id.nullable().describe('null: nothing was changed'),
        host: id,
        range: z.strictObject({ from: z.string(), to: z.string() }).describe('half open; 16 hex digits'),
        loadShare: z.number().nullable().describe('of what was observed'),
      }),
    ),
    dryRun: z.boolean(),
    basis: z.enum(['load', 'middle']).optional().describe('of a split'),
    hotKey: z
      .strictObject({ keyHash: z.int(), share: z.number() })
      .nullable()
      .optional()
      .describe('a single key with half of the load or more'),
    explanation: z.string().optional(),
  })
  .meta({ id: 'Restructured' });
