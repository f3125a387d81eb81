/**
 * What the process tells about itself over HTTP: alive (it answers), ready (it can do its work; if not,
 * what is missing), and its metrics.
 */
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { Registry } from 'prom-client';

export interface ProbeParts {
  readonly host: string;
  readonly port: number;
  readonly metrics: Registry;
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
    else if (path === '/metrics') void metrics(response, parts.metrics);
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

async function metrics(response: ServerResponse, registry: Registry): Promise<void> {
  try {
    const text = await registry.metrics();
    response.writeHead(200, { 'content-type': registry.contentType }).end(text);
  } catch (error) {
    send(response, 500, { error: String(error) });
  }
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(`${JSON.stringify(body)}\n`);
}
