/** Migrations: shardlets that move to another host, and what holds for all of them. */
import { z } from 'zod';
import { MOVE_PHASES } from '../machines/index.ts';
import { MOVE_ORDERS, MOVE_RESULTS, moveControlsSchema } from '../moves/index.ts';
import { REFUSALS } from '../topology/index.ts';
import { id, reason, time } from './fields.ts';
import { command, query } from './operation.ts';

const SECONDS_A_MONTH = 2_678_400;
const LISTED_MAX = 1_000;
const LISTED_DEFAULT = 100;

const controlsSchema = moveControlsSchema.meta({ id: 'MigrationControls' });
const hostSide = z.strictObject({ host: id, name: z.string().nullable().describe('null: removed since') });

const migrationSchema = z
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

const journalSchema = z.array(
  z.strictObject({
    at: z.iso.datetime(),
    worker: z.string(),
    what: z.string(),
    bytes: z.int(),
    detail: z.string(),
  }),
);

const orderedSchema = z.strictObject({ migration: migrationSchema, dryRun: z.boolean() });

const resultSchema = z
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
const resultsSchema = z.strictObject({ results: z.array(resultSchema) });

const migration = id.describe('number of the migration');
const common = { resource: 'migration', permission: 'cluster:operate' } as const;
const http = { tag: 'administration', params: { id: 'migration' } } as const;
const ORDERED = {
  200: 'With `dryRun`: what would be decided',
  202: 'Decided; a worker carries it out',
} as const;
const why = {
  description: 'why it is ordered',
  example: { reason: 'maintenance at 4' },
  optional: true,
} as const;
const ERRORS = ['invalid_order', 'conflict', 'in_the_way', 'store_unreachable', 'overloaded'] as const;

/** An order to one migration that is under way. */
const one = {
  ...common,
  dryRun: true,
  input: z.strictObject({ migration, reason }),
  output: orderedSchema,
  errors: ['unknown_migration', ...ERRORS],
} as const;
const oneHttp = { ...http, method: 'post', body: why, answers: ORDERED } as const;

/** What holds for all migrations. */
const all = { ...common, dryRun: true, output: controlsSchema, errors: ERRORS } as const;
const allHttp = {
  tag: 'administration',
  method: 'post',
  body: why,
  answers: { 200: 'What holds for all moves now' },
} as const;

const allRefused = {
  id: 'MigrationsProblem',
  description: 'A problem that tells of each shardlet why it does not move',
  members: resultsSchema.partial(),
};

export const migrations = {
  list: query({
    ...common,
    name: 'migrations.list',
    permission: 'cluster:read',
    input: z.strictObject({
      ended: z.boolean().default(false).describe('also those that have ended'),
      limit: z.int().min(1).max(LISTED_MAX).default(LISTED_DEFAULT).describe('how many at most'),
    }),
    output: z.strictObject({ migrations: z.array(migrationSchema), controls: controlsSchema }),
    errors: ['store_unreachable'],
    http: {
      tag: 'administration',
      method: 'get',
      path: '/v1/migrations',
      operationId: 'listMigrations',
      summary: 'What moves, and what has moved',
      description:
        'Newest first: phase, bytes, rate, lag, the time left where it is known, who wanted it and why.',
      answers: { 200: 'Moves, and what holds for all' },
    },
  }),
  show: query({
    ...common,
    name: 'migrations.show',
    permission: 'cluster:read',
    input: z.strictObject({ migration }),
    output: z.strictObject({ migration: migrationSchema, journal: journalSchema }),
    errors: ['unknown_migration', 'store_unreachable'],
    http: {
      ...http,
      method: 'get',
      path: '/v1/migrations/{id}',
      operationId: 'showMigration',
      summary: 'One move with its journal',
      description: 'Each step with its time, worker and bytes, oldest first.',
      answers: { 200: 'The move' },
    },
  }),
  start: command({
    ...common,
    name: 'migrations.start',
    before: { none: 'It starts moves, and the answer names the host that each shardlet leaves.' },
    dryRun: true,
    input: z.strictObject({
      shardlets: z.array(id).min(1).max(1_000).describe('numbers of shardlets'),
      to: z.union([id, z.string().min(1).max(200)]).describe('the number of a host, or its name'),
      reason,
      windowSeconds: z
        .int()
        .min(1)
        .max(SECONDS_A_MONTH)
        .optional()
        .describe('a move that has not reached its cutover within it is aborted'),
      bytesPerSecondMax: id.optional().describe('of each of these moves'),
    }),
    output: resultsSchema,
    errors: ['unknown_shardlet', 'unknown_host', 'unexamined', ...ERRORS],
    http: {
      tag: 'administration',
      method: 'post',
      path: '/v1/migrations',
      operationId: 'startMigrations',
      summary: 'Move shardlets to another host',
      description: [
        'Open or closed, while they take events. Each shardlet is decided by itself: `results` names those that move',
        'and those that are refused. Where all are refused the answer is a problem with the same `results`.',
      ].join('\n'),
      body: {
        description: 'which shardlets, and where to',
        example: { shardlets: [12, 13], to: 'host-2', reason: 'host-1 gets new disks' },
      },
      answers: ORDERED,
      problems: { 400: allRefused, 404: allRefused, 409: allRefused },
    },
  }),
  pause: command({
    ...one,
    name: 'migrations.pause',
    before: 'noted',
    http: {
      ...oneHttp,
      path: '/v1/migrations/{id}/pause',
      operationId: 'pauseMigration',
      summary: 'Let a move wait',
      description: 'It waits before its next chunk; what is copied stays. A cutover under way is finished.',
    },
  }),
  resume: command({
    ...one,
    name: 'migrations.resume',
    before: 'noted',
    http: {
      ...oneHttp,
      path: '/v1/migrations/{id}/resume',
      operationId: 'resumeMigration',
      summary: 'Let a move go on',
      description: 'It goes on where it was: what is copied is not copied again.',
    },
  }),
  abort: command({
    ...one,
    name: 'migrations.abort',
    before: 'noted',
    http: {
      ...oneHttp,
      path: '/v1/migrations/{id}/abort',
      operationId: 'abortMigration',
      summary: 'Give a move up before its cutover',
      description: 'The shardlet stays where it is and takes events all the time; the copy is dropped.',
    },
  }),
  moveBack: command({
    ...one,
    name: 'migrations.moveBack',
    before: { none: 'It starts a move, and the answer names the host that the shardlet leaves.' },
    output: resultSchema,
    errors: ['unknown_shardlet', 'unexamined', ...one.errors],
    http: {
      ...oneHttp,
      path: '/v1/migrations/{id}/move-back',
      operationId: 'moveBack',
      summary: 'Move a shardlet back to where a finished move took it from',
      description: 'A new move, in the other direction. The present copy serves until that one has opened.',
    },
  }),
  pauseAll: command({
    ...all,
    name: 'migrations.pauseAll',
    before: 'noted',
    input: z.strictObject({ reason }),
    http: {
      ...allHttp,
      path: '/v1/pause-all',
      operationId: 'pauseAllMigrations',
      summary: 'The kill switch: no move copies until it is released',
      description:
        'It survives every restart. What is between seal and opening is finished, as edges wait for it.',
    },
  }),
  resumeAll: command({
    ...all,
    name: 'migrations.resumeAll',
    before: 'noted',
    input: z.strictObject({ reason }),
    http: {
      ...allHttp,
      path: '/v1/resume-all',
      operationId: 'resumeAllMigrations',
      summary: 'Let all moves go on',
      description: 'Releases the kill switch. Moves that were paused one by one stay paused.',
    },
  }),
  limit: command({
    ...all,
    name: 'migrations.limit',
    before: 'noted',
    input: moveControlsSchema.pick({ bytesPerSecondMax: true, concurrencyMax: true }).partial().strict(),
    http: {
      ...allHttp,
      path: '/v1/migration-limits',
      operationId: 'limitMigrations',
      summary: 'What all moves may use together',
      description:
        'What is left out stays as it is; `bytesPerSecondMax: null` leaves it to the answer times of the hosts.',
      body: {
        description: 'limits of all moves together',
        example: { bytesPerSecondMax: 20_000_000, concurrencyMax: 2 },
      },
    },
  }),
} as const;
