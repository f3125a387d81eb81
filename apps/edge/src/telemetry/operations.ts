/** The routes by which the user's query layer tells of itself, described by the schemas that check them. */
import { accessRecordSchema, instanceRecordSchema, RECORDS_PER_REQUEST_MAX } from '@foreshard/core/telemetry';
import { z } from 'zod';
import type { Operation } from '../api/index.ts';
import { problemSchema } from '../api/schemas.ts';

export const recordResultsSchema = z
  .strictObject({
    results: z
      .array(
        z.union([
          z.strictObject({ status: z.literal('accepted') }),
          z.strictObject({ status: z.literal('error'), error: problemSchema }),
        ]),
      )
      .describe('in the order of the records'),
  })
  .meta({ id: 'RecordResults' });

const recordsProblemSchema = problemSchema
  .extend({ results: recordResultsSchema.shape.results.optional() })
  .meta({ id: 'RecordsProblem', description: 'A problem that tells what became of each record' });

const BULK = `One record or an array of up to ${RECORDS_PER_REQUEST_MAX}. Each is judged by itself: where one is refused the answer is a problem with all \`results\`, and the others are taken.`;
const answers = {
  202: {
    description: 'All are handed on to the record of load',
    content: {
      'application/json': {
        schema: recordResultsSchema,
        example: { results: [{ status: 'accepted' }] },
      },
    },
  },
} as const;

const access = {
  key: 'order-1',
  time: '2026-11-21T15:00:00Z',
  instance: 'query-7',
  group: 'checkout',
  frequency: 12,
  durationMs: 3.5,
};
const instance = {
  id: 'query-7',
  group: 'checkout',
  cpu: 0.8,
  memory: 512_000_000,
  started: '2026-11-21T14:00:00Z',
};

export const tellAccesses = {
  method: 'post',
  path: '/v1/telemetry/accesses',
  operationId: 'tellAccesses',
  tag: 'telemetry',
  summary: 'Tell which metrics or keys were read, by whom, how often and how fast',
  description: BULK,
  scope: 'ingest',
  body: {
    description: 'Accesses of the query layer',
    content: {
      'application/json': {
        schema: z.union([accessRecordSchema, z.array(accessRecordSchema)]),
        example: [access],
      },
    },
  },
  answers,
  errors: ['overloaded', 'invalid_record'],
  problems: { 400: recordsProblemSchema },
} as const satisfies Operation;

export const tellInstances = {
  method: 'post',
  path: '/v1/telemetry/instances',
  operationId: 'tellInstances',
  tag: 'telemetry',
  summary: 'Tell which instances of the query layer run, and what they use',
  description: `${BULK} The last word on each run (id and start) counts; "stopped" ends it.`,
  scope: 'ingest',
  body: {
    description: 'Instances of the query layer',
    content: {
      'application/json': {
        schema: z.union([instanceRecordSchema, z.array(instanceRecordSchema)]),
        example: [instance],
      },
    },
  },
  answers,
  errors: ['overloaded', 'invalid_record'],
  problems: { 400: recordsProblemSchema },
} as const satisfies Operation;
