/** Tokens: who may call the API, and what each of them may do. */
import { z } from 'zod';
import { isPlain, NOT_PLAIN, scopeSchema, TOKEN_SCOPES } from '../access/index.ts';
import { time } from './fields.ts';
import { CREATES, command, query } from './operation.ts';

const SECONDS_A_CENTURY = 3_155_760_000;
const SECONDS_A_DAY = 86_400;
export const TOKEN_LIFETIME_SECONDS_DEFAULT = 90 * SECONDS_A_DAY;
export const TOKEN_OVERLAP_SECONDS_DEFAULT = SECONDS_A_DAY;
const OVERLAP_SECONDS_MAX = 30 * SECONDS_A_DAY;
const NETWORKS_MAX = 50;

const tokenSchema = z
  .strictObject({
    id: z.string(),
    name: z.string(),
    prefix: z.string().describe('its first characters, to tell tokens apart'),
    scopes: z.array(z.enum(TOKEN_SCOPES)).describe('what it may do'),
    limits: scopeSchema,
    cidrs: z.array(z.string()).describe('networks it may be used from; empty: any'),
    owner: z
      .string()
      .nullable()
      .describe('e-mail of the person who made it; null: made on a machine of the control plane'),
    state: z
      .enum(['active', 'owner away', 'expired', 'revoked'])
      .describe('owner away: it is refused until its owner signs in at the identity provider'),
    createdAt: z.iso.datetime(),
    lastUsedAt: time.describe('within a minute; null: never'),
    expiresAt: time.describe('null: never'),
    signInBy: time.describe('by then its owner has to sign in again; null: it holds without that'),
    revokedAt: time.describe('null: it was not'),
  })
  .meta({ id: 'Token' });

const network = z.union([z.cidrv4(), z.cidrv6()], {
  error: 'a network such as 10.0.0.0/8, 192.0.2.7/32 or fd00::/8',
});
const lifetime = z.int().min(1).max(SECONDS_A_CENTURY).nullable();
const created = tokenSchema
  .extend({ token: z.string().describe('the token itself: it is answered only here') })
  .meta({ id: 'CreatedToken' });

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
    before: CREATES,
    input: z.strictObject({
      name: z
        .string()
        .trim()
        .min(1)
        .max(200)
        .refine(isPlain, `must be ${NOT_PLAIN}`)
        .describe(
          'who it is for; a token that replaces another needs its name to go on as its group members',
        ),
      scopes: z.array(z.enum(TOKEN_SCOPES)).min(1).describe('what it may do'),
      limits: scopeSchema.default({}),
      cidrs: z
        .array(network)
        .max(NETWORKS_MAX)
        .default([])
        .describe('networks it may be used from; empty: any'),
      lifetimeSeconds: lifetime
        .default(TOKEN_LIFETIME_SECONDS_DEFAULT)
        .describe('it expires so long after its creation; left out: 90 days, null: never'),
    }),
    output: created,
    errors: ['invalid_order', 'store_unreachable', 'overloaded'],
    secrets: ['token'],
    http: {
      tag: 'administration',
      method: 'post',
      path: '/v1/tokens',
      operationId: 'createToken',
      summary: 'Create a token',
      description: [
        'The answer is the only place where the token itself is shown: keep it. Every edge knows it at once. A caller gives no',
        'more than it has itself: each scope, within the same limits. `forbidden` otherwise.',
      ].join('\n'),
      body: {
        description: 'who it is for, and what it may do',
        example: {
          ...{ name: 'shop', scopes: ['events:write'], lifetimeSeconds: 7_776_000 },
          limits: { streams: [{ name: 'orders', keyPrefix: 'eu-' }] },
          cidrs: ['10.0.0.0/8'],
        },
      },
      answers: { 201: 'The token' },
    },
  }),
  rotate: command({
    ...common,
    name: 'tokens.rotate',
    before: 'noted',
    secrets: ['token'],
    input: z.strictObject({
      // not `token`: that is the secret in the answer, which is kept out of the audit log
      id: z.string().min(1).max(200).describe('id of the token to replace'),
      overlapSeconds: z
        .int()
        .min(0)
        .max(OVERLAP_SECONDS_MAX)
        .default(TOKEN_OVERLAP_SECONDS_DEFAULT)
        .describe('the one before expires after this time; left out: a day'),
      lifetimeSeconds: lifetime
        .optional()
        .describe('of the new one; left out: as long as that of the one before, null: never'),
    }),
    output: created
      .extend({
        replaces: z.strictObject({ id: z.string(), expiresAt: z.iso.datetime() }),
      })
      .meta({ id: 'RotatedToken' }),
    errors: ['unknown_token', 'store_unreachable'],
    http: {
      tag: 'administration',
      method: 'post',
      path: '/v1/tokens/{id}/rotate',
      operationId: 'rotateToken',
      summary: 'Replace a token by a new one',
      description: [
        'The new token has the name, the scopes, the limits and the owner of the one before, which goes on for',
        '`overlapSeconds`: time to hand the new one to whoever uses it. A caller rotates no token that may do more than itself.',
      ].join('\n'),
      body: { description: 'how long both are valid', optional: true, example: { overlapSeconds: 3_600 } },
      answers: { 201: 'The new token' },
    },
  }),
  revoke: command({
    ...common,
    name: 'tokens.revoke',
    before: 'noted',
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
        'Every connected edge refuses it within 2 seconds. The caller may revoke its own token, also when no other has `tokens:manage`.',
      answers: { 200: 'Revoked' },
    },
  }),
} as const;
