/** Annotations: what people remark about a time. They change nothing that is planned or forecast. */
import { z } from 'zod';
import { annotationRequestSchema } from '../annotations/index.ts';
import { time } from './fields.ts';
import { CREATES, command, query } from './operation.ts';

const annotationSchema = z
  .strictObject({
    id: z.uuid(),
    stream: z.string(),
    from: z.iso.datetime(),
    to: z.iso.datetime().describe('as `from`: it marks one moment'),
    range: z
      .strictObject({ from: z.string(), to: z.string() })
      .nullable()
      .describe('half open, positions in hex; null: all keys'),
    text: z.string(),
    createdAt: z.iso.datetime(),
    createdBy: z.string(),
    removedAt: time.describe('null: charts show it'),
    removedBy: z.string().nullable(),
  })
  .meta({ id: 'Annotation' });

const example = {
  from: '2026-11-27T08:00:00+01:00',
  to: '2026-11-27T20:00:00+01:00',
  text: 'sale begins',
};

const instant = z.iso.datetime({ offset: true });
const annotation = z.strictObject({ id: z.uuid().describe('of the annotation') });
const common = { resource: 'annotation', permission: 'cluster:operate' } as const;
const tag = 'telemetry';
const LIST_MAX = 1_000;

export const annotations = {
  list: query({
    ...common,
    name: 'annotations.list',
    permission: 'cluster:read',
    input: z.strictObject({
      stream: z.string().optional().describe('only of this stream'),
      from: instant.optional().describe('only those that end at this time or later'),
      to: instant.optional().describe('only those that start at this time or earlier'),
      removed: z.boolean().default(false).describe('also those that were removed'),
      limit: z.int().min(1).max(LIST_MAX).default(200).describe('at most so many, the latest'),
    }),
    output: z.strictObject({ annotations: z.array(annotationSchema) }),
    errors: ['store_unreachable'],
    http: {
      tag,
      method: 'get',
      path: '/v1/annotations',
      operationId: 'listAnnotations',
      summary: 'What people remarked about a time, the latest first',
      description: 'Without `stream`, `from` and `to`: of every stream and every time.',
      answers: { 200: 'The annotations' },
      example: { annotations: [] },
    },
  }),
  add: command({
    ...common,
    name: 'annotations.add',
    before: CREATES,
    input: annotationRequestSchema,
    output: annotationSchema,
    errors: ['unknown_stream', 'store_unreachable'],
    http: {
      tag,
      method: 'post',
      path: '/v1/annotations',
      operationId: 'addAnnotation',
      summary: 'Remark something about a moment or a time',
      description:
        'Shown on the heat map and on the chart of forecasts of its stream. It changes no forecast and no plan: a hint does.',
      body: { description: 'An annotation', example },
      answers: { 201: 'Kept' },
      headers: {
        location: { description: 'the path of the annotation', of: ({ id }) => `/v1/annotations/${id}` },
      },
    },
  }),
  remove: command({
    ...common,
    name: 'annotations.remove',
    before: 'noted',
    input: annotation,
    output: z.void(),
    errors: ['not_found', 'store_unreachable'],
    http: {
      tag,
      method: 'delete',
      path: '/v1/annotations/{id}',
      operationId: 'removeAnnotation',
      summary: 'Remove an annotation from every chart',
      description: 'It is kept with who removed it, and can be put back.',
      answers: { 204: 'Removed' },
    },
  }),
  restore: command({
    ...common,
    name: 'annotations.restore',
    before: 'noted',
    input: annotation,
    output: z.void(),
    errors: ['not_found', 'store_unreachable'],
    http: {
      tag,
      method: 'post',
      path: '/v1/annotations/{id}/restore',
      operationId: 'restoreAnnotation',
      summary: 'Put a removed annotation back',
      description: 'Charts show it again.',
      answers: { 204: 'Put back' },
    },
  }),
} as const;
