/** What would become of the cluster if: nothing is changed. */
import { z } from 'zod';
import { type WhatIfAnswer, whatIfRequestSchema } from '../advising/index.ts';
import { query } from './operation.ts';

const BODY_BYTES_MAX = 262_144;
/** longer than the worker that answers has, so that the asker is told what became of it */
const ANSWER_WITHIN_MS = 35_000;

const pictureSchema = z.strictObject({
  pressure: z.number(),
  eventsPerSecond: z.number(),
  shardlets: z.int(),
});

/** Open to what the planner adds; its type is the planner's own. */
const answerSchema = z
  .looseObject({
    at: z.iso.datetime(),
    topologyVersion: z.int(),
    hosts: z.array(
      z.strictObject({
        host: z.string(),
        now: pictureSchema.nullable(),
        changed: pictureSchema,
        planned: pictureSchema,
        isLost: z.boolean(),
      }),
    ),
    hostCount: z.int(),
    plan: z.looseObject({}),
    recommendationCount: z.int(),
  })
  .meta({ id: 'WhatIfAnswer' }) as unknown as z.ZodType<WhatIfAnswer, WhatIfAnswer>;

export const whatIf = {
  ask: query({
    name: 'whatIf.ask',
    resource: 'simulation',
    permission: 'cluster:read',
    input: whatIfRequestSchema.meta({ id: 'WhatIf' }),
    output: answerSchema,
    errors: ['invalid_record', 'store_unreachable', 'overloaded'],
    answerWithinMs: ANSWER_WITHIN_MS,
    http: {
      tag: 'planning',
      method: 'post',
      path: '/v1/what-if',
      operationId: 'askWhatIf',
      summary: 'Simulate changes on the cluster as it is now',
      description:
        'A worker lays the changes onto the live cluster and its forecasts and plans: every host as it is, with the changes, and after what would be recommended. Nothing is changed.',
      body: {
        description: 'What is supposed, in this order',
        example: {
          changes: [
            { kind: 'lose-host', host: '1' },
            { kind: 'load', factor: 2, of: { stream: 'main' } },
          ],
        },
        bytesMax: BODY_BYTES_MAX,
      },
      answers: { 200: 'The three pictures' },
    },
  }),
} as const;
