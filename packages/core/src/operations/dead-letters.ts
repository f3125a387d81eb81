/** Events that a consumer group could not process: what they are, and what people decide about them. */
import { z } from 'zod';
import { groupNameSchema, LETTER_STATES, LETTERS_PER_CALL_MAX, letterIdSchema } from '../consuming/index.ts';
import { type Before, command, query } from './operation.ts';

const PAGE_DEFAULT = 100;
const PAGE_MAX = 1_000;
const NOTE_CHARS_MAX = 500;

const LETTERS: Before = {
  none: 'Each decision is an event beside the letter, which keeps what it was and who decided before.',
};

const micros = z.int().describe('microseconds since 1970');

export const letterSchema = z
  .strictObject({
    letter: letterIdSchema.describe('names it: shardlet, seq and ts of the event'),
    state: z.enum(LETTER_STATES),
    stream: z.string().describe('of the event'),
    shardlet: z.int(),
    seq: z.int(),
    ts: micros.describe('when the event was stored, in microseconds since 1970'),
    key: z.string(),
    reason: z.string().describe('as the handler gave it, cut to 1,000 characters'),
    attempts: z.int(),
    member: z.string().describe('who gave it up'),
    failures: z.int().describe('how often it was given up: once, and again after each redrive that failed'),
    failedAt: micros.describe('when it was given up last, in microseconds since 1970'),
    decided: z
      .strictObject({ by: z.string(), note: z.string(), at: micros })
      .nullable()
      .describe('the last decision about it'),
  })
  .meta({ id: 'DeadLetter' });

const countsSchema = z.strictObject({ dead: z.int(), redriven: z.int(), discarded: z.int() });

const group = { group: groupNameSchema.describe('the name of the group') };
const chosen = {
  letters: z
    .array(letterIdSchema)
    .min(1)
    .max(LETTERS_PER_CALL_MAX)
    .optional()
    .describe('which; not together with `all`'),
  all: z
    .literal(true)
    .optional()
    .describe(
      `every one, to redrive only those that were not discarded; at most ${LETTERS_PER_CALL_MAX} in one call, the oldest first`,
    ),
  note: z.string().trim().max(NOTE_CHARS_MAX).default('').describe('kept with each letter'),
};
const changed = { changed: z.int() };
const rest = {
  unchanged: z.int().describe('in another state meanwhile, or decided by somebody else at the same time'),
  left: z.int().describe('of `all`: letters for the next call'),
};
const common = { resource: 'consumer group', permission: 'groups:consume', owned: true } as const;
const http = { tag: 'reading' } as const;
const PATH = '/v1/groups/{group}/dead-letters';
const READING = ['unknown_group', 'store_unreachable', 'host_unreachable', 'overloaded'] as const;
const DECIDING = [...READING, 'invalid_parameter', 'not_found', 'past_retention', 'host_full'] as const;

export const deadLetters = {
  list: query({
    ...common,
    name: 'deadLetters.list',
    input: z.strictObject({
      ...group,
      state: z
        .enum([...LETTER_STATES, 'any'])
        .default('any')
        .describe('only letters in this state; `any`: all of them'),
      limit: z.int().min(1).max(PAGE_MAX).default(PAGE_DEFAULT).describe('letters in a page'),
      after: letterIdSchema.optional().describe('the last one of the page before'),
    }),
    output: z
      .strictObject({
        letters: z.array(letterSchema),
        counts: countsSchema.describe('of all letters, by state'),
        more: z.boolean().describe('there are more after the last one'),
        omitted: z.int().describe('older ones that are not listed any more'),
      })
      .meta({ id: 'DeadLetters' }),
    errors: [...READING, 'not_found'],
    http: {
      ...http,
      method: 'get',
      path: PATH,
      operationId: 'listDeadLetters',
      summary: 'The dead letters of a group',
      description: [
        'Events that the group could not process, the newest first. Reasons may quote payloads, so the list needs what a',
        'member of the group needs; the events themselves are shown one at a time.',
      ].join('\n'),
      answers: { 200: 'A page of letters' },
    },
  }),
  show: query({
    ...common,
    name: 'deadLetters.show',
    payload: 'event',
    input: z.strictObject({
      ...group,
      letter: letterIdSchema.describe('the name of the letter, as the list has it'),
    }),
    output: letterSchema
      .extend({
        event: z
          .string()
          .nullable()
          .describe('JSON, as it is stored; null: the caller may not read events of this key (events:read)'),
      })
      .meta({ id: 'DeadLetterWithEvent' }),
    errors: [...READING, 'not_found', 'past_retention'],
    http: {
      ...http,
      method: 'get',
      path: `${PATH}/{letter}`,
      operationId: 'readDeadLetter',
      summary: 'One dead letter, with its event',
      description: 'The event is shown to whoever may read events of its stream and key.',
      answers: { 200: 'The letter' },
    },
  }),
  redrive: command({
    ...common,
    name: 'deadLetters.redrive',
    before: LETTERS,
    dryRun: true,
    input: z.strictObject({ ...group, ...chosen }),
    output: z
      .strictObject({ result: z.enum(['redriven', 'would be redriven']), ...changed, ...rest })
      .meta({ id: 'RedrivenLetters' }),
    errors: [...DECIDING, 'conflict', 'limit_reached'],
    http: {
      ...http,
      method: 'post',
      path: '/v1/groups/{group}/redrives',
      operationId: 'redriveDeadLetters',
      summary: 'Give dead letters to the group again',
      description: [
        'Each event is appended once more, for the group `{group}.redrive`, which the members of the group read beside',
        'their stream. It cannot be taken back. An event that fails again is a dead letter again.',
      ].join('\n'),
      body: { description: 'which letters', example: { all: true, note: 'tax service is back' } },
      answers: { 200: 'How many' },
    },
  }),
  discard: command({
    ...common,
    name: 'deadLetters.discard',
    before: LETTERS,
    dryRun: true,
    input: z.strictObject({ ...group, ...chosen }),
    output: z
      .strictObject({ result: z.enum(['discarded', 'would be discarded']), ...changed, ...rest })
      .meta({ id: 'DiscardedLetters' }),
    errors: DECIDING,
    http: {
      ...http,
      method: 'post',
      path: '/v1/groups/{group}/discards',
      operationId: 'discardDeadLetters',
      summary: 'Mark dead letters as done with',
      description: 'They stay listed as discarded, and can be restored or re-driven.',
      body: {
        description: 'which letters',
        example: { letters: ['7:120:1763900000000000'], note: 'test data' },
      },
      answers: { 200: 'How many' },
    },
  }),
  restore: command({
    ...common,
    name: 'deadLetters.restore',
    before: LETTERS,
    dryRun: true,
    input: z.strictObject({ ...group, ...chosen }),
    output: z
      .strictObject({ result: z.enum(['restored', 'would be restored']), ...changed, ...rest })
      .meta({ id: 'RestoredLetters' }),
    errors: DECIDING,
    http: {
      ...http,
      method: 'post',
      path: '/v1/groups/{group}/restores',
      operationId: 'restoreDeadLetters',
      summary: 'Take back that dead letters were discarded',
      description: 'They are dead letters as before.',
      body: { description: 'which letters', example: { letters: ['7:120:1763900000000000'] } },
      answers: { 200: 'How many' },
    },
  }),
} as const;
