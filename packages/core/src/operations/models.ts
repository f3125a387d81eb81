/** Models that forecast the load: versions, trainings, and which version serves. */
import { z } from 'zod';
import type { Resolution } from '../forecast-service/index.ts';
import { id, reason, time } from './fields.ts';
import { command, query } from './operation.ts';

const LISTED_MAX = 200;
const VERSIONS_DEFAULT = 30;
const TRAININGS_DEFAULT = 10;

/** Only its type is taken from the forecasts: the edge and browsers load none of their code. */
const RESOLUTIONS = { '5m': '5m', '1h': '1h' } as const satisfies { readonly [R in Resolution]: R };

const moment = z.iso.datetime();
const measure = z.number().nullable().describe('null: not known');

const versionSchema = z
  .strictObject({
    id,
    name: z.string().describe('of the model'),
    resolution: z.enum(RESOLUTIONS),
    members: z.array(z.string()).describe('models that it is made of'),
    mae: measure,
    naiveMae: measure.describe('of "same as the season before" at the same origins; null: not known'),
    rmse: measure,
    mase: measure,
    wape: measure,
    pinball: measure,
    coverage: measure.describe('share of measurements at or below the 90 % quantile; null: not known'),
    origins: z.int(),
    fitSeconds: measure,
    windowFrom: moment,
    windowTo: moment,
    training: z.int(),
    createdAt: moment,
  })
  .meta({ id: 'ModelVersion' });

const trainingSchema = z
  .strictObject({
    id,
    streamId: z.int().nullable().describe('number of the stream; null: all streams'),
    reason: z.string(),
    actor: z.string(),
    state: z.enum(['running', 'finished', 'failed']),
    startedAt: moment,
    endedAt: time,
    detail: z.string().describe('how it ended'),
    log: z.string().describe('empty where it tells of clusters that the caller may not see'),
  })
  .meta({ id: 'Training' });

const promotedSchema = z.strictObject({ champion: versionSchema });

const stream = z.string().min(1).max(63).describe('name of a stream, or of a cluster that is not ours');
const series = {
  stream: stream.default('main'),
  resolution: z.enum(RESOLUTIONS).default('1h').describe('length of the steps'),
};
const limit = (preset: number) =>
  z.int().min(1).max(LISTED_MAX).default(preset).describe('at most so many, the newest first');

/** A stream's name may be that of a cluster that is not ours, and a version is of some stream. */
const common = { resource: 'model', permission: 'cluster:operate', judgedLater: true } as const;
const ORDERED = ['invalid_order', 'conflict', 'store_unreachable', 'overloaded'] as const;

export const models = {
  list: query({
    ...common,
    name: 'models.list',
    permission: 'cluster:read',
    input: z.strictObject({ ...series, limit: limit(VERSIONS_DEFAULT) }),
    output: z.strictObject({
      versions: z.array(versionSchema),
      champion: id.nullable().describe('the version that serves; null: a default model serves'),
    }),
    errors: ['unknown_stream', 'store_unreachable'],
    http: {
      tag: 'forecasting',
      method: 'get',
      path: '/v1/models',
      operationId: 'listModels',
      summary: 'Versions of the models that forecast a stream',
      description: 'Newest first, with their errors in a rolling back-test.',
      answers: { 200: 'The versions' },
    },
  }),
  trainings: query({
    ...common,
    name: 'models.trainings',
    permission: 'cluster:read',
    input: z.strictObject({ limit: limit(TRAININGS_DEFAULT) }),
    output: z.strictObject({ trainings: z.array(trainingSchema) }),
    errors: ['store_unreachable'],
    http: {
      tag: 'forecasting',
      method: 'get',
      path: '/v1/trainings',
      operationId: 'listTrainings',
      summary: 'Trainings, with their logs',
      description: 'Newest first; of clusters that the caller may see.',
      answers: { 200: 'The trainings' },
    },
  }),
  retrain: command({
    ...common,
    name: 'models.retrain',
    before: { none: 'It wakes a training; what serves is changed by a promotion.' },
    input: z.strictObject({ stream: stream.optional().describe('left out: all streams'), reason }),
    output: z.strictObject({ stream: z.string().nullable().describe('null: all streams') }),
    errors: ['unknown_stream', ...ORDERED],
    http: {
      tag: 'forecasting',
      method: 'post',
      path: '/v1/trainings',
      operationId: 'retrainModels',
      summary: 'Train challengers now',
      description: [
        'A worker trains on the newest data and promotes a challenger that errs no more than the champion. Forecasts go on',
        'meanwhile. While a training runs, the next one waits for its end.',
      ].join('\n'),
      body: { description: 'which stream, and why', example: { reason: 'new client' }, optional: true },
      answers: { 202: 'A worker trains' },
    },
  }),
  promote: command({
    ...common,
    name: 'models.promote',
    before: 'noted',
    input: z.strictObject({ version: id.describe('number of the version'), reason }),
    output: promotedSchema,
    errors: ['not_found', ...ORDERED],
    http: {
      tag: 'forecasting',
      method: 'post',
      path: '/v1/models/{id}/promote',
      params: { id: 'version' },
      operationId: 'promoteModel',
      summary: 'Make a version the champion',
      description: 'It serves within a minute.',
      body: { description: 'why', example: { reason: 'errs less at night' }, optional: true },
      answers: { 200: 'The champion' },
    },
  }),
  rollBack: command({
    ...common,
    name: 'models.rollBack',
    before: 'noted',
    input: z.strictObject({ ...series, reason }),
    output: promotedSchema,
    errors: ['unknown_stream', ...ORDERED],
    http: {
      tag: 'forecasting',
      method: 'post',
      path: '/v1/models/roll-back',
      operationId: 'rollBackModel',
      summary: 'Make the champion before this one the champion again',
      description: 'It serves within a minute. Refused where there was no champion before.',
      body: { description: 'which stream and steps, and why', example: { stream: 'main' }, optional: true },
      answers: { 200: 'The champion' },
    },
  }),
} as const;
