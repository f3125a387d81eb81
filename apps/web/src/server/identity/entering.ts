/**
 * What the routes of signing in share: they take JSON from pages of the console alone (a form of another site could
 * sign somebody in as somebody else), and set the cookie. Whoever comes in gets a new session, and the one they had is
 * ended, so that a cookie that was planted before is worth nothing.
 */
import type { Entered } from '@foreshard/core/adapters/identity';
import type { z } from 'zod';
import { boundedBody } from '../bounded-body.ts';
import { type ConsoleServer, consoleServer } from '../main.ts';
import { comesFromElsewhere } from '../origin.ts';
import { clientAddress } from './client-address.ts';
import { readCookie, setCookie } from './cookie.ts';
import { type Attempt, recordEntry } from './recording.ts';

const STATUS = {
  'wrong-password': 401,
  'bad-link': 410,
  'bad-input': 422,
  ...{ locked: 429, throttled: 429, taken: 409, disabled: 403 },
} as const;
const BODY_BYTES_MAX = 10_000;
const MS_PER_SECOND = 1_000;

export interface Entering<T> {
  readonly server: ConsoleServer;
  readonly body: T;
  readonly client: { readonly address: string; readonly userAgent: string };
}

/** A response is the refusal. */
export async function entering<T>(request: Request, schema: z.ZodType<T>): Promise<Entering<T> | Response> {
  const { headers } = request;
  if (comesFromElsewhere(headers))
    return problem(403, 'This request does not come from a page of the console.');
  if (headers.get('content-type')?.split(';')[0]?.trim() !== 'application/json')
    return problem(415, 'Send application/json.');
  const text = await boundedBody(request, BODY_BYTES_MAX);
  if (text === undefined) return problem(413, 'The body is too large.');
  const body = parsed(text, schema);
  if (body === undefined) return problem(400, 'The body cannot be understood.');
  const server = consoleServer();
  return { server, body, client: clientOf(headers, server) };
}

export function clientOf(headers: Headers, { proxies }: ConsoleServer): Entering<unknown>['client'] {
  return { address: clientAddress(headers, proxies), userAgent: headers.get('user-agent') ?? '' };
}

/** The session begins, or the words why it does not. */
export async function entered(
  { headers }: Request,
  server: ConsoleServer,
  attempt: Attempt,
  reply: Entered,
): Promise<Response> {
  await recordEntry(server, headers, attempt, reply);
  if (reply.kind === 'refused') {
    const { reason, detail, field, retryAfterMs } = reply;
    const wait =
      retryAfterMs === undefined ? {} : { 'retry-after': `${Math.ceil(retryAfterMs / MS_PER_SECOND)}` };
    return problem(STATUS[reason], detail, { reason, field }, wait);
  }
  await endSession(headers, server);
  const { name } = server.cookie;
  return Response.json(
    { email: reply.entry.session.person.email },
    { headers: { 'set-cookie': setCookie(server.cookie, name, reply.entry.secret), ...NOT_KEPT } },
  );
}

export async function endSession(headers: Headers, server: ConsoleServer): Promise<void> {
  const secret = readCookie(headers, server.cookie.name);
  if (secret !== undefined) await server.sessions.end(secret);
}

/** What fails because the store is away has its words; a fault of ours has not. */
export async function orAway(work: () => Promise<Response>): Promise<Response> {
  try {
    return await work();
  } catch (error) {
    if ((error as Error).name !== 'DatabaseUnreachable') throw error;
    return problem(503, `Nobody can sign in now: ${(error as Error).message}.`);
  }
}

const NOT_KEPT = { 'cache-control': 'no-store' } as const;

export function problem(status: number, detail: string, more: object = {}, headers: object = {}): Response {
  return Response.json({ detail, ...more }, { status, headers: { ...NOT_KEPT, ...headers } });
}

function parsed<T>(text: string, schema: z.ZodType<T>): T | undefined {
  try {
    return schema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
