/** Health, metrics and the description itself: what is no operation of the table. Only metrics need a token. */
import { EXPOSITIONS } from '@foreshard/core/exposition';
import { z } from 'zod';
import type { Operation } from '../api/operation.ts';
import { readinessSchema } from '../api/schemas.ts';

const service = (
  path: string,
  operationId: string,
  summary: string,
  types: string | readonly string[],
  answer: { schema: z.ZodType; example?: unknown },
  description = `${summary}.`,
) =>
  ({
    method: 'get',
    path,
    operationId,
    tag: 'service' as const,
    summary,
    description,
    answers: {
      200: {
        description: summary,
        content: Object.fromEntries([types].flat().map((type) => [type, answer])),
      },
    },
  }) satisfies Operation;

const text = z.string();

export const liveness = service('/livez', 'liveness', 'The process answers', 'text/plain', {
  schema: text,
  example: 'ok',
});
export const readiness = service(
  '/readyz',
  'readiness',
  'The edge has its map and its tokens',
  'application/json',
  {
    schema: readinessSchema,
    example: {
      status: 'ready',
      mapVersion: 12,
      mapAgeMs: 140,
      tokensAgeMs: 900,
      cluster: { id: '6f1c…', name: 'orders' },
      waiting: [],
    },
  },
  'Answers 503 `not_ready` until then. `mapAgeMs`: since the topology store last answered. `tokensAgeMs`: since the list of tokens was read; at `TOKEN_STALE_MAX` nobody is let in. `cluster` is compared by the console. `waiting` hosts keep the edge ready: the others go on.',
);
export const publicMetrics = service(
  '/metrics',
  'metrics',
  'Metrics for Prometheus',
  EXPOSITIONS,
  { schema: text, example: 'foreshard_edge_held_events 0\n' },
  'The text format of Prometheus, or OpenMetrics for who asks for it.',
);
export const metrics = { ...publicMetrics, permission: 'cluster:read' } as const satisfies Operation;
export const description = service(
  '/v1/openapi.json',
  'describeApi',
  'This description',
  'application/json',
  { schema: z.looseObject({ openapi: text }).meta({ id: 'OpenApi' }), example: { openapi: '3.1.1' } },
  'OpenAPI 3.1, made from the schemas that check requests.',
);
export const docs = service('/docs', 'docs', 'This description, for people', 'text/html', { schema: text });
export const errorDocs = service(
  '/docs/errors',
  'errorDocs',
  'Every error, its cause and cure',
  'text/html',
  {
    schema: text,
  },
);
export const errorDoc = {
  ...service('/docs/errors/{code}', 'errorDoc', 'One error, its cause and cure', 'text/html', {
    schema: text,
  }),
  description: 'Where the `type` of every problem document leads.',
  params: z.object({ code: text.describe('the `code` of a problem').meta({ example: 'invalid_event' }) }),
  errors: ['not_found'],
} as const satisfies Operation;
