/** The routes of hints: what people expect. They change what the cluster plans for, so they need `admin`. */
import { hintRequestSchema } from '@foreshard/core/hints';
import { z } from 'zod';
import { json, type Operation } from '../api/index.ts';

export const hintSchema = z
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
  })
  .meta({ id: 'Hint' });

export const hintsSchema = z.strictObject({ hints: z.array(hintSchema) });

const example = {
  from: '2026-12-24T18:00:00+01:00',
  to: '2026-12-24T22:00:00+01:00',
  factor: 3,
  scope: { types: ['order.placed'] },
  because: 'last orders before Christmas',
};

export const addHint = {
  method: 'post',
  path: '/v1/hints',
  operationId: 'addHint',
  tag: 'forecasting',
  summary: 'Say what load is expected, when, where and why',
  description:
    'From one time to another expect so many times the load that is forecast, or so many events a second, on the whole stream or on some keys, event types or shards. Forecasts count it at once.',
  scope: 'admin',
  body: {
    description: 'A hint',
    content: json(hintRequestSchema, example),
  },
  answers: {
    201: {
      description: 'Taken',
      content: json(hintSchema),
      headers: { location: z.string().describe('the path of the hint') },
    },
  },
  errors: ['invalid_record', 'unknown_stream', 'store_unreachable', 'overloaded'],
} as const satisfies Operation;

export const listHints = {
  method: 'get',
  path: '/v1/hints',
  operationId: 'listHints',
  tag: 'forecasting',
  summary: 'All hints that were not removed',
  description: 'In the order of their begin. A repeated hint is told once, with its first occurrence.',
  scope: 'admin',
  answers: {
    200: {
      description: 'The hints',
      content: json(hintsSchema, { hints: [] }),
    },
  },
  errors: ['store_unreachable'],
} as const satisfies Operation;

export const removeHint = {
  method: 'delete',
  path: '/v1/hints/{id}',
  operationId: 'removeHint',
  tag: 'forecasting',
  summary: 'Take a hint back',
  description:
    'It does not count any more. It is kept with who removed it, and can be put back in the console.',
  scope: 'admin',
  params: z.object({ id: z.uuid().describe('of the hint') }),
  answers: { 204: { description: 'Removed' } },
  errors: ['not_found', 'store_unreachable'],
} as const satisfies Operation;
