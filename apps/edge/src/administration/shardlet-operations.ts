/** The routes that change where shardlets end. */
import { json, type Operation } from '../api/index.ts';
import { common, dryRunQuery, idPath, orderAnswers } from './describing.ts';
import { mergeOrderSchema, restructuredSchema, splitOrderSchema } from './schemas.ts';

const order = {
  ...common,
  method: 'post',
  query: dryRunQuery,
  answers: orderAnswers(restructuredSchema),
  errors: [
    'unknown_shardlet',
    'invalid_order',
    'conflict',
    'in_the_way',
    'unexamined',
    'store_unreachable',
    'overloaded',
  ],
} as const;

export const splitShardlet = {
  ...order,
  path: '/v1/shardlets/{id}/split',
  operationId: 'splitShardlet',
  summary: 'Cut a shardlet where its observed load is in balance',
  description: [
    'In place, without copying. Where one key carries half of the load or more, `hotKey` and `explanation` say so:',
    'it is cut inside the key where the stream allows it, else set apart.',
  ].join('\n'),
  params: idPath('shardlet'),
  body: { description: 'where to cut', content: json(splitOrderSchema, {}), optional: true },
} as const satisfies Operation;

export const rollShardlet = {
  ...order,
  path: '/v1/shardlets/{id}/roll',
  operationId: 'rollShardlet',
  summary: 'End a shardlet and go on with a fresh one of the same range',
  description: 'In place, without copying. The successor knows every id that its parent knows.',
  params: idPath('shardlet'),
} as const satisfies Operation;

export const mergeShardlets = {
  ...order,
  path: '/v1/merge',
  operationId: 'mergeShardlets',
  summary: 'Make one shardlet of neighbours',
  description: 'They must be in one shard and on one host. In place, without copying.',
  body: { description: 'the neighbours', content: json(mergeOrderSchema, { shardlets: [12, 13] }) },
} as const satisfies Operation;
