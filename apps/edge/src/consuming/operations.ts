/** Creating and showing consumer groups, described by the schemas that check them. */
import { z } from 'zod';
import { json, type Operation } from '../api/operation.ts';
import { createGroupSchema, groupDetailSchema, groupPath, groupSummarySchema } from './schemas.ts';

const common = { tag: 'reading', scope: 'consume' } as const;
/** for who looks at a group without being a member */
const looking = { tag: 'reading', scope: 'read' } as const;

export const createGroup = {
  ...common,
  method: 'post',
  path: '/v1/groups',
  operationId: 'createGroup',
  summary: 'Begin a consumer group',
  description: 'A group processes each event of a stream once, with as many members as there are.',
  body: { description: 'the group', content: json(createGroupSchema) },
  answers: { 201: { description: 'It is there', content: json(groupSummarySchema) } },
  errors: ['unknown_stream', 'conflict', 'limit_reached', 'store_unreachable', 'host_unreachable'],
} as const satisfies Operation;

export const listGroups = {
  ...looking,
  method: 'get',
  path: '/v1/groups',
  operationId: 'listGroups',
  summary: 'The consumer groups',
  description: 'By name.',
  answers: {
    200: {
      description: 'All groups',
      content: json(z.strictObject({ groups: z.array(groupSummarySchema) })),
    },
  },
  errors: ['store_unreachable'],
} as const satisfies Operation;

export const readGroup = {
  ...looking,
  method: 'get',
  path: '/v1/groups/{group}',
  operationId: 'readGroup',
  summary: 'Members, assignment and lag of a group',
  description: 'Shows who has what, what is on its way to another member, and how far each shardlet is.',
  params: groupPath,
  answers: { 200: { description: 'The group as it is now', content: json(groupDetailSchema) } },
  errors: ['unknown_group', 'store_unreachable'],
} as const satisfies Operation;
