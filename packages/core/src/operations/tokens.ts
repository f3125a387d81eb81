/** Tokens: who may call the API, and what each of them may do. */
import { z } from 'zod';
import { TOKEN_SCOPES } from '../access/index.ts';
import { time } from './fields.ts';
import { command, query } from './operation.ts';

const SECONDS_A_CENTURY = 3_155_760_000;

const tokenSchema = z
  .strictObject({
    id: z.string(),
    name: z.string(),
    prefix: z.string().describe('its first characters, to tell tokens apart'),
    scopes: z.array(z.enum(TOKEN_SCOPES)),
    state: z.enum(['active', 'expired', 'revoked']),
    createdAt: z.iso.datetime(),
    lastUsedAt: time.describe('within a minute; null: never'),
    expiresAt: time.describe('null: never'),
    revokedAt: time.describe('null: it was not'),
  })
  .meta({ id: 'Token' });

const common = { resource: 'token', permission: 'tokens:manage' } as const;

export const tokens = {
  list: query({
    ...common,
    name: 'tokens.list',
    input: z.strictObject({}),
    output: z.strictObject({ tokens: z.array(tokenSchema) }),
    errors: ['store_unreachable'],
    http: {
      tag: 'administration',
      method: 'get',
      path: '/v1/tokens',
      operationId: 'listTokens',
      summary: 'All tokens',
      description:
        'Newest first, also those that were revoked or have expired. The tokens themselves are not kept.',
      answers: { 200: 'The tokens' },
    },
  }),
  create: command({
    ...common,
    name: 'tokens.create',
    input: z.strictObject({
      name: z
        .string()
        .trim()
        .min(1)
        .max(200)
        .describe(
          'who it is for; a token that replaces another needs its name to go on as its group members',
        ),
      scopes: z.array(z.enum(TOKEN_SCOPES)).min(1).describe('what it may do'),
      lifetimeSeconds: z
        .int()
        .min(1)
        .max(SECONDS_A_CENTURY)
        .optional()
        .describe('it expires so long after its creation; left out: never'),
    }),
    output: tokenSchema
      .extend({ token: z.string().describe('the token itself: it is answered only here') })
      .meta({ id: 'CreatedToken' }),
    errors: ['invalid_order', 'store_unreachable', 'overloaded'],
    secrets: ['token'],
    http: {
      tag: 'administration',
      method: 'post',
      path: '/v1/tokens',
      operationId: 'createToken',
      summary: 'Create a token',
      description: [
        'The answer is the only place where the token itself is shown: keep it. Every edge knows it within 3 seconds, mostly',
        'at once. Any scope can be given, so whoever has `admin` can do everything.',
      ].join('\n'),
      body: {
        description: 'who it is for, and what it may do',
        example: { name: 'shop', scopes: ['ingest'], lifetimeSeconds: 7_776_000 },
      },
      answers: { 201: 'The token' },
    },
  }),
  revoke: command({
    ...common,
    name: 'tokens.revoke',
    input: z.strictObject({ token: z.string().min(1).max(200).describe('id of the token') }),
    output: z.strictObject({ token: z.string(), result: z.literal('revoked') }).meta({ id: 'RevokedToken' }),
    errors: ['unknown_token', 'store_unreachable'],
    http: {
      tag: 'administration',
      method: 'delete',
      path: '/v1/tokens/{id}',
      params: { id: 'token' },
      operationId: 'revokeToken',
      summary: 'Revoke a token',
      description:
        'Every edge refuses it within 3 seconds. The caller may revoke its own token, also when no other has `admin`.',
      answers: { 200: 'Revoked' },
    },
  }),
} as const;
