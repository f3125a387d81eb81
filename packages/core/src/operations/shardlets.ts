/** Shardlets: where they end. Moves are in migrations.ts. */
import { z } from 'zod';
import { shardletStateSchema } from '../topology/index.ts';
import { id } from './fields.ts';
import { command, query } from './operation.ts';

const restructuredSchema = z
  .strictObject({
    parents: z.array(id),
    children: z.array(
      z.strictObject({
        shardlet: id.nullable().describe('null: nothing was changed'),
        host: id,
        range: z.strictObject({ from: z.string(), to: z.string() }).describe('half open; 16 hex digits'),
        loadShare: z.number().nullable().describe('of what was observed'),
      }),
    ),
    dryRun: z.boolean(),
    basis: z.enum(['load', 'middle']).optional().describe('of a split'),
    hotKey: z
      .strictObject({ keyHash: z.int(), share: z.number() })
      .nullable()
      .optional()
      .describe('a single key with half of the load or more'),
    explanation: z.string().optional(),
  })
  .meta({ id: 'Restructured' });

const shardlet = id.describe('number of the shardlet');
const common = {
  resource: 'shardlet',
  permission: 'cluster:operate',
  dryRun: true,
  output: restructuredSchema,
  errors: [
    ...(['unknown_shardlet', 'invalid_order', 'conflict', 'in_the_way', 'unexamined'] as const),
    ...(['store_unreachable', 'overloaded'] as const),
  ],
} as const;
const http = {
  tag: 'administration',
  method: 'post',
  params: { id: 'shardlet' },
  answers: {
    200: 'With `dryRun`: what would be decided',
    202: 'Decided; a worker carries it out',
  },
} as const;

const shardletSchema = z
  .strictObject({
    id,
    stream: z.string(),
    shard: z.int(),
    range: z.strictObject({ from: z.string(), to: z.string() }).describe('half open; 16 hex digits'),
    host: id.describe('that owns it'),
    epoch: z.int(),
    state: z.enum(shardletStateSchema.options.map(({ shape }) => shape.kind.value)),
    parents: z.array(id),
  })
  .meta({ id: 'Shardlet' });

export const shardlets = {
  show: query({
    resource: 'shardlet',
    permission: 'cluster:read',
    name: 'shardlets.show',
    input: z.strictObject({ shardlet }),
    output: shardletSchema,
    errors: ['unknown_shardlet', 'store_unreachable'],
    http: {
      tag: 'administration',
      params: { id: 'shardlet' },
      method: 'get',
      path: '/v1/shardlets/{id}',
      operationId: 'showShardlet',
      summary: 'One shardlet',
      description: 'Its range, owner, epoch and state as the topology store has them now.',
      answers: { 200: 'The shardlet' },
    },
  }),
  split: command({
    ...common,
    name: 'shardlets.split',
    before: 'noted',
    input: z.strictObject({
      shardlet,
      at: z
        .string()
        .regex(/^[0-9a-f]{16}$/i, '16 hex digits are expected')
        .optional()
        .describe('cut there; else where half of the observed load lies on either side'),
    }),
    http: {
      ...http,
      path: '/v1/shardlets/{id}/split',
      operationId: 'splitShardlet',
      summary: 'Cut a shardlet where its observed load is in balance',
      description: [
        'In place, without copying. Where one key carries half of the load or more, `hotKey` and `explanation` say so:',
        'it is cut inside the key where the stream allows it, else set apart.',
      ].join('\n'),
      body: { description: 'where to cut', example: {}, optional: true },
    },
  }),
  roll: command({
    ...common,
    name: 'shardlets.roll',
    before: 'noted',
    input: z.strictObject({ shardlet }),
    http: {
      ...http,
      path: '/v1/shardlets/{id}/roll',
      operationId: 'rollShardlet',
      summary: 'End a shardlet and go on with a fresh one of the same range',
      description: 'In place, without copying. The successor knows every id that its parent knows.',
    },
  }),
  merge: command({
    ...common,
    name: 'shardlets.merge',
    before: 'noted',
    input: z.strictObject({
      shardlets: z.array(id).min(2).max(1_000).describe('numbers of shardlets'),
    }),
    http: {
      ...http,
      path: '/v1/merge',
      operationId: 'mergeShardlets',
      summary: 'Make one shardlet of neighbours',
      description: 'They must be in one shard and on one host. In place, without copying.',
      body: { description: 'the neighbours', example: { shardlets: [12, 13] } },
    },
  }),
} as const;
