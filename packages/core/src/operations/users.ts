/**
 * People who may use the console: who they are, what they may do, and the links that let them in. No mail is sent: a
 * link is answered once, and whoever asked for it hands it over.
 */
import { z } from 'zod';
import { givenRolesSchema, isPlain, NOT_PLAIN, roleGrantsSchema } from '../access/index.ts';
import { time } from './fields.ts';
import { CREATES, command, query } from './operation.ts';

const EMAIL_CHARS_MAX = 254;

const email = z
  .string()
  .trim()
  .toLowerCase()
  .pipe(z.email('an e-mail address is needed, such as ada@example.org').max(EMAIL_CHARS_MAX))
  .describe('e-mail');
const user = z.string().trim().min(1).max(EMAIL_CHARS_MAX).describe('id or e-mail of the person');
const name = z
  .string()
  .trim()
  .min(1)
  .max(200)
  .refine(isPlain, `must be ${NOT_PLAIN}`)
  .describe('as other people see it');

const userSchema = z
  .strictObject({
    id: z.string(),
    email: z.string(),
    name: z.string(),
    roles: roleGrantsSchema,
    state: z.enum(['active', 'disabled']),
    signIn: z.enum(['password', 'oidc']).describe('oidc: at the identity provider only'),
    createdAt: z.iso.datetime(),
    lastSignInAt: time.describe('null: never'),
    lockedUntil: time.describe('after too many wrong passwords; null: not locked'),
  })
  .meta({ id: 'User' });

const invitationSchema = z
  .strictObject({
    id: z.string(),
    email: z.string(),
    roles: roleGrantsSchema,
    createdBy: z.string(),
    createdAt: z.iso.datetime(),
    expiresAt: z.iso.datetime(),
  })
  .meta({ id: 'Invitation' });

const linkSchema = z
  .strictObject({
    id: z.string(),
    email: z.string(),
    path: z.string().describe('of the page of the console that it opens; it is answered only here'),
    url: z
      .string()
      .nullable()
      .describe('answered only here; null: the address of the console is not set (FORESHARD_CONSOLE_URL)'),
    expiresAt: z.iso.datetime(),
  })
  .meta({ id: 'SignInLink' });

const common = { resource: 'user', permission: 'users:manage' } as const;
const tag = 'administration';

export const users = {
  list: query({
    ...common,
    name: 'users.list',
    input: z.strictObject({}),
    output: z.strictObject({ users: z.array(userSchema) }),
    errors: ['store_unreachable'],
    http: {
      tag,
      method: 'get',
      path: '/v1/users',
      operationId: 'listUsers',
      summary: 'All people',
      description: 'By e-mail, with their roles and when they last signed in.',
      answers: { 200: 'The people' },
      example: { users: [] },
    },
  }),
  show: query({
    ...common,
    name: 'users.show',
    input: z.strictObject({ user }),
    output: userSchema,
    errors: ['not_found', 'store_unreachable'],
    http: {
      tag,
      method: 'get',
      path: '/v1/users/{user}',
      operationId: 'readUser',
      summary: 'One person',
      description: 'By id or e-mail.',
      answers: { 200: 'The person' },
    },
  }),
  invite: command({
    ...common,
    name: 'users.invite',
    before: CREATES,
    secrets: ['path', 'url'],
    input: z.strictObject({
      email,
      roles: givenRolesSchema.refine((roles) => roles.length > 0, 'at least one role is needed'),
    }),
    output: linkSchema,
    errors: ['invalid_order', 'conflict', 'forbidden', 'store_unreachable'],
    http: {
      tag,
      method: 'post',
      path: '/v1/invitations',
      operationId: 'inviteUser',
      summary: 'Invite a person',
      description:
        'Answers a link, this once, which works once within 7 days: hand it to the person, who chooses a name and a password there. Roles cannot permit more than the caller may do. A second invitation of the same e-mail replaces the first.',
      body: {
        description: 'who, and what the person may do',
        id: 'NewInvitation',
        example: { email: 'ada@example.org', roles: [{ role: 'operator' }] },
      },
      answers: { 201: 'The link' },
    },
  }),
  link: command({
    ...common,
    name: 'users.link',
    before: { none: 'The account stays as it is until the link is used.' },
    secrets: ['path', 'url'],
    input: z.strictObject({ user }),
    output: linkSchema,
    errors: ['not_found', 'forbidden', 'in_the_way', 'store_unreachable'],
    http: {
      tag,
      method: 'post',
      path: '/v1/users/{user}/link',
      operationId: 'linkUser',
      summary: 'Make a link for a new password',
      description:
        'Answers a link, this once, which works once within an hour. The old password works until the link is used. Refused for a person who may do more than the caller.',
      answers: { 201: 'The link' },
    },
  }),
  change: command({
    ...common,
    name: 'users.change',
    before: 'noted',
    input: z.strictObject({
      user,
      name: name.optional(),
      roles: givenRolesSchema.optional().describe('all roles, in place of those before'),
      state: z.enum(['active', 'disabled']).optional().describe('disabled: cannot sign in, sessions end'),
    }),
    output: userSchema,
    errors: ['invalid_order', 'not_found', 'forbidden', 'in_the_way', 'store_unreachable'],
    http: {
      tag,
      method: 'patch',
      path: '/v1/users/{user}',
      operationId: 'changeUser',
      summary: 'Change a person',
      description:
        'Members left out stay as they are. New roles hold within 5 seconds, in sessions that are open as well. Refused for roles that permit more than the caller may do, for a person who may do more than the caller, and for the last administrator.',
      body: {
        description: 'what changes',
        id: 'UserChange',
        example: { roles: [{ role: 'reader', scope: { streams: [{ name: 'orders' }] } }] },
      },
      answers: { 200: 'The person as it is now' },
    },
  }),
  remove: command({
    ...common,
    name: 'users.remove',
    before: 'noted',
    input: z.strictObject({ user }),
    output: z.strictObject({
      user: z.string().describe('id'),
      email: z.string(),
      result: z.literal('removed'),
    }),
    errors: ['not_found', 'forbidden', 'in_the_way', 'store_unreachable'],
    http: {
      tag,
      method: 'delete',
      path: '/v1/users/{user}',
      operationId: 'removeUser',
      summary: 'Remove a person',
      description:
        'Sessions end and the own API tokens are revoked. Refused for a person who may do more than the caller, and for the last administrator.',
      answers: { 200: 'Removed' },
    },
  }),
  invitations: query({
    ...common,
    name: 'users.invitations',
    input: z.strictObject({}),
    output: z.strictObject({ invitations: z.array(invitationSchema) }),
    errors: ['store_unreachable'],
    http: {
      tag,
      method: 'get',
      path: '/v1/invitations',
      operationId: 'listInvitations',
      summary: 'Invitations nobody has used yet',
      description: 'Newest first. The links themselves are not kept.',
      answers: { 200: 'The invitations' },
      example: { invitations: [] },
    },
  }),
  revokeInvitation: command({
    ...common,
    name: 'users.revokeInvitation',
    before: 'noted',
    input: z.strictObject({ invitation: z.uuid().describe('its id') }),
    output: z.strictObject({ invitation: z.string(), result: z.literal('revoked') }),
    errors: ['not_found', 'store_unreachable'],
    http: {
      tag,
      method: 'delete',
      path: '/v1/invitations/{id}',
      params: { id: 'invitation' },
      operationId: 'revokeInvitation',
      summary: 'Revoke an invitation',
      description: 'Its link does not work any more.',
      answers: { 200: 'Revoked' },
    },
  }),
} as const;
