/** What everybody may ask and do about the own account. */
import { z } from 'zod';
import { grantSchema, PRINCIPAL_KINDS, roleGrantsSchema } from '../access/index.ts';
import { time } from './fields.ts';
import { command, query } from './operation.ts';
import { endedSessionSchema, sessionIdMember, sessionSchema } from './sessions.ts';

const PASSWORD_CHARS_MAX = 200;
const password = z.string().min(1).max(PASSWORD_CHARS_MAX);

const accountSchema = z
  .strictObject({
    kind: z.enum(PRINCIPAL_KINDS),
    id: z.string(),
    name: z.string().describe('e-mail of a person, name of a token'),
    grants: z.array(grantSchema),
    person: z
      .strictObject({
        name: z.string(),
        roles: roleGrantsSchema,
        signIn: z.enum(['password', 'oidc']),
        lastSignInAt: time.describe('null: never'),
      })
      .nullable()
      .describe('null: the caller is a token'),
  })
  .meta({ id: 'Account' });

const common = { resource: 'account', permission: 'account:use' } as const;
const tag = 'administration';

const userCode = z.string().min(8).max(20).describe('that the command line shows, such as BCDF-GHJK');
const deviceSchema = z
  .strictObject({
    code: z.string(),
    device: z.string().describe('the name of the machine, as it says'),
    expiresAt: z.iso.datetime(),
  })
  .meta({ id: 'Device' });

export const account = {
  show: query({
    ...common,
    name: 'account.show',
    input: z.strictObject({}),
    output: accountSchema,
    errors: ['store_unreachable'],
    http: {
      tag,
      method: 'get',
      path: '/v1/account',
      operationId: 'readAccount',
      summary: 'Who I am, and what I may do',
      description: 'Of the person or the token that asks.',
      answers: { 200: 'The account' },
    },
  }),
  sessions: query({
    ...common,
    name: 'account.sessions',
    input: z.strictObject({}),
    output: z.strictObject({ sessions: z.array(sessionSchema) }),
    errors: ['forbidden', 'store_unreachable'],
    http: {
      tag,
      method: 'get',
      path: '/v1/account/sessions',
      operationId: 'listOwnSessions',
      summary: 'Own sessions',
      description: 'Of the person who asks, newest first. A token has none.',
      answers: { 200: 'The sessions' },
      example: { sessions: [] },
    },
  }),
  endSession: command({
    ...common,
    name: 'account.endSession',
    before: 'noted',
    input: z.strictObject(sessionIdMember),
    output: endedSessionSchema,
    errors: ['not_found', 'forbidden', 'store_unreachable'],
    http: {
      tag,
      method: 'delete',
      path: '/v1/account/sessions/{id}',
      params: { id: 'session' },
      operationId: 'endOwnSession',
      summary: 'End an own session',
      description: 'Within 5 seconds it can do nothing more.',
      answers: { 200: 'Ended' },
    },
  }),
  endOtherSessions: command({
    ...common,
    name: 'account.endOtherSessions',
    before: { none: 'The answer counts the sessions that it ends.' },
    input: z.strictObject({}),
    output: z.strictObject({ ended: z.int() }).meta({ id: 'EndedOwnSessions' }),
    errors: ['forbidden', 'store_unreachable'],
    http: {
      tag,
      method: 'post',
      path: '/v1/account/end-sessions',
      operationId: 'endOtherOwnSessions',
      summary: 'End all other own sessions',
      description:
        'The session that asks goes on. A token of a person ends all sessions of that person; tokens go on until they are revoked.',
      answers: { 200: 'How many ended' },
    },
  }),
  changePassword: command({
    ...common,
    name: 'account.changePassword',
    before: { none: 'What it changes is a secret.' },
    secrets: ['current', 'password'],
    input: z.strictObject({
      current: password.describe('the password of now'),
      password: password.describe('the new one'),
    }),
    output: z.strictObject({ sessionsEnded: z.int() }).meta({ id: 'ChangedPassword' }),
    errors: ['invalid_order', 'forbidden', 'in_the_way', 'store_unreachable'],
    http: {
      tag,
      method: 'post',
      path: '/v1/account/password',
      operationId: 'changePassword',
      summary: 'Change the own password',
      description: 'The session that asks goes on, all others of the person end.',
      body: { description: 'the old one and the new one', id: 'PasswordChange' },
      answers: { 200: 'Changed' },
    },
  }),
  device: query({
    ...common,
    name: 'account.device',
    input: z.strictObject({ code: userCode }),
    output: deviceSchema,
    errors: ['not_found', 'store_unreachable'],
    http: {
      tag,
      method: 'get',
      path: '/v1/account/devices/{code}',
      operationId: 'readDevice',
      summary: 'A command line that waits to be let in',
      description: 'By the code that it shows.',
      answers: { 200: 'The command line' },
    },
  }),
  decideDevice: command({
    ...common,
    name: 'account.decideDevice',
    before: { none: 'It decides about a sign-in that waits, which the answer names.' },
    input: z.strictObject({ code: userCode, approve: z.boolean() }),
    output: z
      .strictObject({ device: z.string(), result: z.enum(['approved', 'denied']) })
      .meta({ id: 'DecidedDevice' }),
    errors: ['not_found', 'forbidden', 'in_the_way', 'store_unreachable'],
    http: {
      tag,
      method: 'post',
      path: '/v1/account/devices/{code}',
      operationId: 'decideDevice',
      summary: 'Let a command line in, or not',
      description: [
        'It acts as the person from then on, with a token of 30 days that the page API tokens shows. Refused for roles that are',
        'limited in different ways, since a token has one limit.',
      ].join('\n'),
      body: { description: 'whether it is let in', id: 'DeviceDecision', example: { approve: true } },
      answers: { 200: 'Decided' },
    },
  }),
} as const;
