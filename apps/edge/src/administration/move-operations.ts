/** The routes of moves. */
import { z } from 'zod';
import { flag, json, type Operation, wholeNumber } from '../api/index.ts';
import { problemSchema } from '../cloudevents/schema.ts';
import { common, dryRunQuery, idPath, orderAnswers } from './describing.ts';
import {
  controlsSchema,
  limitsOrderSchema,
  moveResultSchema,
  moveResultsSchema,
  movesOrderSchema,
  movesSchema,
  orderedMoveSchema,
  reasonSchema,
  shownMoveSchema,
} from './schemas.ts';

const LISTED_MAX = 1_000;
const LISTED_DEFAULT = '100';
const order = { ...common, method: 'post', query: dryRunQuery } as const;
const why = {
  description: 'why it is ordered',
  content: json(reasonSchema, { reason: 'maintenance at 4' }),
  optional: true,
} as const;
const one = { ...order, params: idPath('migration'), body: why, answers: orderAnswers(orderedMoveSchema) };
const ERRORS = ['invalid_order', 'conflict', 'in_the_way', 'store_unreachable', 'overloaded'] as const;
const errors = ['unknown_migration', ...ERRORS] as const;

export const listMoves = {
  ...common,
  method: 'get',
  path: '/v1/migrations',
  operationId: 'listMigrations',
  summary: 'What moves, and what has moved',
  description:
    'Newest first: phase, bytes, rate, lag, the time left where it is known, who wanted it and why.',
  query: z.object({
    ended: flag.describe('also those that have ended'),
    limit: wholeNumber(1, LISTED_MAX).default(Number(LISTED_DEFAULT)).describe('how many at most'),
  }),
  answers: { 200: { description: 'Moves, and what holds for all', content: json(movesSchema) } },
  errors: ['store_unreachable'],
} as const satisfies Operation;

export const showMove = {
  ...common,
  method: 'get',
  path: '/v1/migrations/{id}',
  operationId: 'showMigration',
  summary: 'One move with its journal',
  description: 'Each step with its time, worker and bytes, oldest first.',
  params: idPath('migration'),
  answers: { 200: { description: 'The move', content: json(shownMoveSchema) } },
  errors: ['unknown_migration', 'store_unreachable'],
} as const satisfies Operation;

const allRefused = problemSchema.extend(moveResultsSchema.partial().shape).meta({
  id: 'MigrationsProblem',
  description: 'A problem that tells of each shardlet why it does not move',
});

export const beginMoves = {
  ...order,
  path: '/v1/migrations',
  operationId: 'beginMigrations',
  summary: 'Move shardlets to another host',
  description: [
    'Open or closed, while they take events. Each shardlet is decided by itself: `results` names those that move',
    'and those that are refused. Where all are refused the answer is a problem with the same `results`.',
  ].join('\n'),
  body: {
    description: 'which shardlets, and where to',
    content: json(movesOrderSchema, { shardlets: [12, 13], to: 'host-2', reason: 'host-1 gets new disks' }),
  },
  answers: orderAnswers(moveResultsSchema),
  errors: ['unknown_shardlet', 'unknown_host', 'unexamined', ...ERRORS],
  problems: { 400: allRefused, 404: allRefused, 409: allRefused },
} as const satisfies Operation;

export const pauseMove = {
  ...one,
  path: '/v1/migrations/{id}/pause',
  operationId: 'pauseMigration',
  summary: 'Let a move wait',
  description: 'It waits before its next chunk; what is copied stays. A cutover under way is finished.',
  errors,
} as const satisfies Operation;

export const resumeMove = {
  ...one,
  path: '/v1/migrations/{id}/resume',
  operationId: 'resumeMigration',
  summary: 'Let a move go on',
  description: 'It goes on where it was: what is copied is not copied again.',
  errors,
} as const satisfies Operation;

export const abortMove = {
  ...one,
  path: '/v1/migrations/{id}/abort',
  operationId: 'abortMigration',
  summary: 'Give a move up before its cutover',
  description: 'The shardlet stays where it is and takes events all the time; the copy is dropped.',
  errors,
} as const satisfies Operation;

export const moveBack = {
  ...one,
  path: '/v1/migrations/{id}/move-back',
  operationId: 'moveBack',
  summary: 'Move a shardlet back to where a finished move took it from',
  description: 'A new move, in the other direction. The present copy serves until that one has opened.',
  answers: orderAnswers(moveResultSchema),
  errors: ['unknown_shardlet', 'unexamined', ...errors],
} as const satisfies Operation;

const all = {
  ...order,
  body: why,
  answers: { 200: { description: 'What holds for all moves now', content: json(controlsSchema) } },
  errors: ERRORS,
} as const;

export const pauseAll = {
  ...all,
  path: '/v1/pause-all',
  operationId: 'pauseAllMigrations',
  summary: 'The kill switch: no move copies until it is released',
  description:
    'It survives every restart. What is between seal and opening is finished, as edges wait for it.',
} as const satisfies Operation;

export const resumeAll = {
  ...all,
  path: '/v1/resume-all',
  operationId: 'resumeAllMigrations',
  summary: 'Let all moves go on',
  description: 'Releases the kill switch. Moves that were paused one by one stay paused.',
} as const satisfies Operation;

export const limitMoves = {
  ...all,
  path: '/v1/migration-limits',
  operationId: 'limitMigrations',
  summary: 'What all moves may use together',
  description:
    'What is left out stays as it is; `bytesPerSecondMax: null` leaves it to the answer times of the hosts.',
  body: {
    description: 'limits of all moves together',
    content: json(limitsOrderSchema, { bytesPerSecondMax: 20_000_000, concurrencyMax: 2 }),
  },
} as const satisfies Operation;
