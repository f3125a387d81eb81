/** By these the user's query layer reports what it reads and what it runs on. */
import { z } from 'zod';
import { accessRecordSchema, instanceRecordSchema, RECORDS_PER_REQUEST_MAX } from '../telemetry/index.ts';
import { apart } from './operation.ts';
import { problemSchema } from './problem.ts';

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

const BULK = `One record or an array of up to ${RECORDS_PER_REQUEST_MAX}. Each is judged by itself: where one is refused the answer is a problem with all \`results\`, and the others are taken.`;

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

const recordsProblem = {
  id: 'RecordsProblem',
  description: 'A problem that tells what became of each record',
  members: recordResultsSchema.partial(),
};

const common = {
  kind: 'command',
  resource: 'telemetry',
  permission: 'telemetry:write',
  output: recordResultsSchema,
  errors: ['overloaded', 'invalid_record'],
} as const;
const http = {
  tag: 'telemetry',
  method: 'post',
  answers: { 202: 'All are handed on to the record of load' },
  example: { results: [{ status: 'accepted' }] },
  problems: { 400: recordsProblem },
} as const;

export const telemetry = {
  accesses: apart({
    ...common,
    name: 'telemetry.accesses',
    input: z.strictObject({ records: z.union([accessRecordSchema, z.array(accessRecordSchema)]) }),
    http: {
      ...http,
      path: '/v1/telemetry/accesses',
      operationId: 'reportAccesses',
      summary: 'Tell which metrics or keys were read, by whom, how often and how fast',
      description: BULK,
      body: {
        description: 'Accesses of the query layer',
        whole: {
          member: 'records',
          content: {
            'application/json': {
              schema: z.union([accessRecordSchema, z.array(accessRecordSchema)]),
              example: [access],
            },
          },
        },
      },
    },
  }),
  instances: apart({
    ...common,
    name: 'telemetry.instances',
    input: z.strictObject({ records: z.union([instanceRecordSchema, z.array(instanceRecordSchema)]) }),
    http: {
      ...http,
      path: '/v1/telemetry/instances',
      operationId: 'reportInstances',
      summary: 'Tell which instances of the query layer run, and what they use',
      description: `${BULK} The last word on each run (id and start) counts; "stopped" ends it.`,
      body: {
        description: 'Instances of the query layer',
        whole: {
          member: 'records',
          content: {
            'application/json': {
              schema: z.union([instanceRecordSchema, z.array(instanceRecordSchema)]),
              example: [instance],
            },
          },
        },
      },
    },
  }),
} as const;
