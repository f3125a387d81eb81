/** Sessions at the console: who is signed in from where, and ending that. */
import { z } from 'zod';
import { command, query } from './operation.ts';

export const sessionSchema = z
  .strictObject({
    id: z.string(),
    user: z.string().describe('id of the person'),
    email: z.string(),
    createdAt: z.iso.datetime(),
    lastSeenAt: z.iso.datetime().describe('within a minute'),
    expiresAt: z.iso.datetime().describe('however much it is used'),
    address: z.string(),
    userAgent: z.string().describe('as the browser names itself'),
    current: z.boolean().describe('is it the one that asks?'),
  })
  .meta({ id: 'Session' });

export const sessionIdMember = { session: z.uuid().describe('id of the session') };
export const endedSessionSchema = z
  .strictObject({ session: z.string(), result: z.literal('ended') })
  .meta({ id: 'EndedSession' });

const common = { resource: 'session', permission: 'users:manage' } as const;
const tag = 'administration';

export const sessions = {
  list: query({
    ...common,
    name: 'sessions.list',
    input: z.strictObject({
      user: z.string().trim().min(1).max(254).optional().describe('only of this person: id or e-mail'),
    }),
    output: z.strictObject({ sessions: z.array(sessionSchema) }),
    errors: ['not_found', 'store_unreachable'],
    http: {
      tag,
      method: 'get',
      path: '/v1/sessions',
      operationId: 'listSessions',
      summary: 'All sessions',
      description: 'Those that can be used, newest first.',
      answers: { 200: 'The sessions' },
      example: { sessions: [] },
    },
  }),
  end: command({
    ...common,
    name: 'sessions.end',
    before: 'noted',
    input: z.strictObject(sessionIdMember),
    output: endedSessionSchema,
    errors: ['not_found', 'store_unreachable'],
    http: {
      tag,
      method: 'delete',
      path: '/v1/sessions/{id}',
      params: { id: 'session' },
      operationId: 'endSession',
      summary: 'End a session',
      description: 'Within 5 seconds it can do nothing more, and its live pictures end.',
      answers: { 200: 'Ended' },
    },
  }),
  endAll: command({
    ...common,
    name: 'sessions.endAll',
    before: 'noted',
    input: z.strictObject({
      user: z
        .string()
        .trim()
        .min(1)
        .max(254)
        .nullable()
        .describe('of this person: id or e-mail; null: of everybody'),
    }),
    output: z.strictObject({ ended: z.int() }).meta({ id: 'EndedSessions' }),
    errors: ['invalid_order', 'not_found', 'store_unreachable'],
    http: {
      tag,
      method: 'post',
      path: '/v1/end-sessions',
      operationId: 'endAllSessions',
      summary: 'End all sessions of a person, or of everybody',
      description: 'The session that asks goes on; end it by signing out.',
      body: { description: 'whose', id: 'SessionsToEnd', example: { user: 'ada@example.org' } },
      answers: { 200: 'How many ended' },
    },
  }),
} as const;
