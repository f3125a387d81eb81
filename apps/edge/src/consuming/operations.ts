/** What members of consumer groups do, described by the schemas that check it. */
import { commitSchema } from '@foreshard/core/consuming';
import { z } from 'zod';
import { json, type Operation } from '../api/operation.ts';
import { commitReplySchema, groupPath, leaveSchema, pollReplySchema, pollSchema } from './schemas.ts';

const EVENT_STREAM = 'text/event-stream';

const common = { tag: 'reading', scope: 'consume' } as const;
export const pollGroup = {
  ...common,
  method: 'post',
  path: '/v1/groups/{group}/poll',
  operationId: 'pollGroup',
  summary: 'Join a group, stay in it, and get events',
  description: [
    'A poll is the sign of life of a member. It answers the shardlets the member has and events after their',
    'checkpoints: events that were not committed come again. A member that wants more before it has committed',
    'names in `after` what it holds. The member belongs to the token that joined, by the name of the token, until it',
    'ends or its session does.',
  ].join('\n'),
  params: groupPath,
  body: { description: 'who polls', content: json(pollSchema) },
  answers: { 200: { description: 'Events by shardlet', content: json(pollReplySchema) } },
  errors: ['unknown_group', 'foreign_member', 'limit_reached', 'store_unreachable'],
} as const satisfies Operation;

export const commitGroup = {
  ...common,
  method: 'post',
  path: '/v1/groups/{group}/commit',
  operationId: 'commitGroup',
  summary: 'Tell what is processed',
  description:
    'Each position has its own result. 409 when any was refused: another member has its shardlet now.',
  params: groupPath,
  body: { description: 'positions', content: json(commitSchema) },
  answers: {
    200: { description: 'All are committed, or were before', content: json(commitReplySchema) },
    409: { description: 'Some were fenced; the others are committed', content: json(commitReplySchema) },
  },
  errors: ['unknown_group', 'foreign_member', 'store_unreachable'],
} as const satisfies Operation;

export const leaveGroup = {
  ...common,
  method: 'post',
  path: '/v1/groups/{group}/leave',
  operationId: 'leaveGroup',
  summary: 'End as a member',
  description: 'Others get its shardlets at once, instead of after the session.',
  params: groupPath,
  body: { description: 'who ends', content: json(leaveSchema) },
  answers: { 204: { description: 'Done' } },
  errors: ['unknown_group', 'foreign_member', 'store_unreachable'],
} as const satisfies Operation;

export const followGroup = {
  ...common,
  method: 'get',
  path: '/v1/groups/{group}/stream',
  operationId: 'followGroup',
  summary: 'Get the events of a member as they come',
  description: [
    'Server-sent events: each `batch` is what a poll answers for one shardlet, and is committed like it. The',
    'stream is the sign of life; when it ends, what was not committed goes to others after the session.',
  ].join('\n'),
  params: groupPath,
  query: leaveSchema,
  answers: {
    200: {
      description: 'Batches as they come',
      content: {
        [EVENT_STREAM]: {
          schema: z.string().meta({ contentMediaType: EVENT_STREAM, description: 'data: a GroupBatch' }),
        },
      },
    },
  },
  errors: ['unknown_group', 'foreign_member', 'limit_reached', 'store_unreachable'],
} as const satisfies Operation;
