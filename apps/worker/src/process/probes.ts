/**
 * What the process tells about itself over HTTP: alive (it answers), ready (it can do its work; if not,
 * what is missing), and its metrics.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { exposed, preferredExposition } from '@foreshard/core/exposition';
import type { Registry } from 'prom-client';
import type { DoorReply, MetricsDoor } from './metrics-door.ts';

export interface ProbeParts {
  readonly host: string;
  readonly port: number;
  readonly metrics: Registry;
  /** who may read them; undefined: everybody */
  readonly door: Pick<MetricsDoor, 'opensTo'> | undefined;
  /** what is missing, one line each; nothing when ready */
  missing(): readonly string[];
}

/** @throws when the port is taken */
export async function serveProbes(parts: ProbeParts): Promise<Server> {
  const server = createServer((request, response) => {
    const path = request.url?.split('?')[0];
    if (request.method !== 'GET' && request.method !== 'HEAD') send(response, 405, { error: 'use GET' });
    else if (path === '/livez') send(response, 200, { live: true });
    else if (path === '/readyz') ready(response, parts.missing());
    else if (path === '/metrics') void metrics(request, response, parts);
    else send(response, 404, { error: 'there are /livez, /readyz and /metrics' });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(parts.port, parts.host, resolve);
  });
  return server;
}

function ready(response: ServerResponse, missing: readonly string[]): void {
  send(response, missing.length === 0 ? 200 : 503, { ready: missing.length === 0, missing });
}

async function metrics(
  { headers, socket }: IncomingMessage,
  response: ServerResponse,
  { metrics: registry, door }: ProbeParts,
): Promise<void> {
  try {
    const reply = (await door?.opensTo(headers.authorization, socket.remoteAddress)) ?? 'open';
    if (reply !== 'open') return refuse(response, reply);
    const { contentType, text } = await exposed(registry, preferredExposition(headers.accept));
    response.writeHead(200, { 'content-type': contentType }).end(text);
  } catch (error) {
    send(response, 500, { error: String(error) });
  }
}

const REFUSALS: Readonly<
  Record<Exclude<DoorReply, 'open'>, { readonly status: number; readonly error: string }>
> = {
  unauthorized: {
    status: 401,
    error:
      'send "Authorization: Bearer <token>" with a token that has cluster:read, or set METRICS_PUBLIC=true',
  },
  forbidden: { status: 403, error: 'the token does not have the permission cluster:read from here' },
  unreachable: {
    status: 503,
    error: 'the tokens cannot be read, and the list is older than TOKEN_STALE_MAX: check PostgreSQL',
  },
};

function refuse(response: ServerResponse, reply: Exclude<DoorReply, 'open'>): void {
  const { status, error } = REFUSALS[reply];
  if (status === 401) response.setHeader('www-authenticate', 'Bearer');
  send(response, status, { error });
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(`${JSON.stringify(body)}\n`);
}
