/** The map: streams, hosts and shardlets, as an edge routes by them. */
import { z } from 'zod';
import { apart } from './operation.ts';

const mapSchema = z
  .strictObject({
    version: z.int(),
    streams: z.array(z.looseObject({ id: z.int(), name: z.string() })),
    hosts: z.array(
      z.strictObject({
        id: z.int(),
        name: z.string(),
        engine: z.string(),
        address: z.string().nullable(),
        durability: z.string(),
        state: z.string(),
      }),
    ),
    shardlets: z.array(
      z.strictObject({
        id: z.int(),
        stream: z.string(),
        shard: z.int(),
        range: z.strictObject({ from: z.string(), to: z.string() }).describe('half open; 16 hex digits'),
        owner: z.int(),
        epoch: z.int(),
        state: z.string(),
        successors: z.array(z.int()).optional(),
        finalSeq: z.int().optional(),
        finalTs: z.int().optional(),
        parents: z.array(z.int()),
      }),
    ),
  })
  .meta({ id: 'Map' });

export const topology = {
  map: apart({
    kind: 'query',
    name: 'topology.map',
    resource: 'topology',
    permission: 'topology:read',
    input: z.strictObject({
      stream: z.string().optional().describe('only the shardlets of this stream'),
    }),
    output: mapSchema,
    errors: ['unknown_stream'],
    http: {
      tag: 'topology',
      method: 'get',
      path: '/v1/map',
      operationId: 'readMap',
      summary: 'Read streams, hosts and shardlets',
      description: 'The map that this edge routes by, and its version.',
      answers: { 200: 'The map' },
      example: { version: 12, streams: [], hosts: [], shardlets: [] },
    },
  }),
} as const;
