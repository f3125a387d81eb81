/** Hints: load that people expect. They change what the cluster plans for. */
import { z } from 'zod';
import { hintRequestSchema } from '../hints/index.ts';
import { time } from './fields.ts';
import { CREATES, command, query } from './operation.ts';

const hintSchema = z
  .strictObject({
    id: z.uuid(),
    stream: z.string(),
    from: z.iso.datetime(),
    to: z.iso.datetime(),
    factor: z.number().nullable(),
    perSecond: z.number().nullable(),
    scope: z.looseObject({}),
    repeat: z.looseObject({}).nullable(),
    because: z.string(),
    createdAt: z.iso.datetime(),
    createdBy: z.string().describe('"api:" and the id of the token, or the program'),
    removedAt: time.describe('null: it counts'),
    removedBy: z.string().nullable(),
  })
  .meta({ id: 'Hint' });

const example = {
  from: '2026-12-24T18:00:00+01:00',
  to: '2026-12-24T22:00:00+01:00',
  factor: 3,
  scope: { types: ['order.placed'] },
  because: 'last orders before Christmas',
};

const hint = z.strictObject({ id: z.uuid().describe('of the hint') });
const common = { resource: 'hint', permission: 'cluster:operate' } as const;
const tag = 'forecasting';
/** A thousand keys, event types and shards. */
const BODY_BYTES_MAX = 262_144;

export const hints = {
  list: query({
    ...common,
    name: 'hints.list',
    permission: 'cluster:read',
    input: z.strictObject({
      removed: z.boolean().default(false).describe('also those that were removed'),
    }),
    output: z.strictObject({ hints: z.array(hintSchema) }),
    errors: ['store_unreachable'],
    http: {
      tag,
      method: 'get',
      path: '/v1/hints',
      operationId: 'listHints',
      summary: 'All hints that were not removed',
      description: 'In the order of their begin. A repeated hint is told once, with its first occurrence.',
      answers: { 200: 'The hints' },
      example: { hints: [] },
    },
  }),
  add: command({
    ...common,
    name: 'hints.add',
    before: CREATES,
    input: hintRequestSchema,
    output: hintSchema,
    errors: ['invalid_record', 'unknown_stream', 'store_unreachable', 'overloaded'],
    http: {
      tag,
      method: 'post',
      path: '/v1/hints',
      operationId: 'addHint',
      summary: 'Say what load is expected, when, where and why',
      description:
        'From one time to another expect so many times the load that is forecast, or so many events a second, on the whole stream or on some keys, event types or shards. Forecasts count it at once.',
      body: { description: 'A hint', bytesMax: BODY_BYTES_MAX, example },
      answers: { 201: 'Taken' },
      headers: { location: { description: 'the path of the hint', of: ({ id }) => `/v1/hints/${id}` } },
    },
  }),
  remove: command({
    ...common,
    name: 'hints.remove',
    before: 'noted',
    input: hint,
    output: z.void(),
    errors: ['not_found', 'store_unreachable'],
    http: {
      tag,
      method: 'delete',
      path: '/v1/hints/{id}',
      operationId: 'removeHint',
      summary: 'Take a hint back',
      description: 'It does not count any more. It is kept with who removed it, and can be put back.',
      answers: { 204: 'Removed' },
    },
  }),
  restore: command({
    ...common,
    name: 'hints.restore',
    before: 'noted',
    input: hint,
    output: z.void(),
    errors: ['not_found', 'store_unreachable'],
    http: {
      tag,
      method: 'post',
      path: '/v1/hints/{id}/restore',
      operationId: 'restoreHint',
      summary: 'Put a removed hint back',
      description: 'It counts again, as if it had never been removed.',
      answers: { 204: 'It counts again' },
    },
  }),
} as const;
