/** "Watch it work": what the forecast is worth, shown on this cluster in less than three minutes. */
import { z } from 'zod';
import { demoStatusSchema } from '../demo/index.ts';
import { CREATES, command, query } from './operation.ts';

const common = { resource: 'demo', permission: 'cluster:operate' } as const;
const http = { tag: 'planning', path: '/v1/demo' } as const;

export const demo = {
  status: query({
    ...common,
    name: 'demo.status',
    permission: 'cluster:read',
    input: z.strictObject({}),
    output: demoStatusSchema,
    errors: ['store_unreachable'],
    http: {
      ...http,
      method: 'get',
      operationId: 'showDemo',
      summary: 'The demo that runs, or ran last',
      description: 'Load of each host by the second, forecast, plans, moves, and the summary of its runs.',
      answers: { 200: 'The demo' },
    },
  }),
  start: command({
    ...common,
    name: 'demo.start',
    before: CREATES,
    input: z.strictObject({
      seed: z
        .int()
        .min(0)
        .max(2 ** 31 - 1)
        .optional()
        .describe('of the load and of the order of the runs; left out: chosen at random'),
    }),
    output: demoStatusSchema,
    errors: ['conflict', 'invalid_order', 'store_unreachable'],
    http: {
      ...http,
      method: 'post',
      operationId: 'startDemo',
      summary: 'Show on this cluster what the forecast is worth',
      description: [
        'Sends a made-up morning to a stream of its own, six times: in turns with moves planned from the forecast, and with',
        'moves planned from what was measured. Its moves, its stream and its token belong to the caller, and are gone at the',
        'end. It is refused where a host is not on this machine, where other streams have load, and while something moves.',
      ].join('\n'),
      body: { description: 'how it begins', optional: true, example: { seed: 7 } },
      answers: { 202: 'A worker carries it out' },
    },
  }),
  stop: command({
    ...common,
    name: 'demo.stop',
    before: { none: 'It ends what runs, and the answer shows it.' },
    input: z.strictObject({}),
    output: demoStatusSchema,
    errors: ['conflict', 'store_unreachable'],
    http: {
      ...http,
      method: 'delete',
      operationId: 'stopDemo',
      summary: 'Stop the demo',
      description: 'It ends within a second, and a worker deletes its stream.',
      answers: { 202: 'It ends' },
    },
  }),
} as const;
