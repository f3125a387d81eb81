/**
 * Every route but the posting of events: health, metrics, the map, and the reads that are mounted. A path
 * that exists for other methods answers 405 with Allow; whatever fails answers a problem document.
 */
import { ForeshardError } from '@foreshard/core/kernel';
import { type Context, Hono } from 'hono';
import type { EdgeMap } from '../map/edge-map.ts';
import { mapDocument } from './map-document.ts';
import type { EdgeMetrics } from './metrics.ts';
import { PROBLEM_MEDIA_TYPE, problemOf } from './problem.ts';
import type { TokenCheck } from './token-check.ts';

export interface RouteParts {
  readonly map: EdgeMap;
  readonly tokens: TokenCheck;
  readonly metrics: EdgeMetrics;
  readonly mapAgeMs: () => number;
  readonly reading: Hono;
  readonly fault: (error: unknown) => void;
}

/** They are answered before Hono is asked, but a wrong method on them comes here. */
const EVENT_PATHS = ['/v1/events', '/v1/streams/:stream/events'];

export function edgeRoutes(parts: RouteParts): Hono {
  const app = new Hono();
  app.onError((error) => problemResponse(error, parts.fault));
  app.get('/livez', (c) => c.text('ok'));
  app.get('/readyz', (c) => readiness(c, parts));
  app.get('/metrics', async (c) => {
    const text = await parts.metrics.registry.metrics();
    return c.body(text, 200, { 'content-type': parts.metrics.registry.contentType });
  });
  app.use('/v1/*', async (c, next) => {
    await parts.tokens.require(c.req.header('authorization'), 'read');
    await next();
  });
  app.get('/v1/map', (c) => map(c, parts.map));
  app.route('/', parts.reading);
  app.notFound((c) => {
    const allowed = methodsOf(app, c.req.path);
    if (allowed.length === 0)
      return problemResponse(new ForeshardError('not_found', `There is no ${c.req.path}.`));
    const error = new ForeshardError('method_not_allowed', `${c.req.path} takes ${allowed.join(', ')}.`);
    return problemResponse(error, undefined, { allow: allowed.join(', ') });
  });
  return app;
}

function readiness(c: Context, { map, tokens, mapAgeMs }: RouteParts): Response {
  if (!tokens.isLoaded) throw new ForeshardError('not_ready', 'The API tokens were not read yet.');
  return c.json({ status: 'ready', mapVersion: map.topology.version, mapAgeMs: mapAgeMs() });
}

function map(c: Context, { topology }: EdgeMap): Response {
  const name = c.req.query('stream');
  const stream = name === undefined ? undefined : topology.streamNamed(name);
  if (name !== undefined && stream === undefined) {
    throw new ForeshardError('unknown_stream', `There is no stream "${name}".`);
  }
  const pieces = mapDocument(topology, stream);
  const encoder = new TextEncoder();
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      const { value, done } = pieces.next();
      if (done) controller.close();
      else controller.enqueue(encoder.encode(value));
    },
  });
  return c.body(body, 200, { 'content-type': 'application/json' });
}

export function problemResponse(
  error: unknown,
  fault?: (error: unknown) => void,
  headers: Record<string, string> = {},
): Response {
  if (!(error instanceof ForeshardError)) fault?.(error);
  const { document, retryAfterSeconds } = problemOf(error);
  return new Response(JSON.stringify(document), {
    status: document.status,
    headers: {
      'content-type': PROBLEM_MEDIA_TYPE,
      ...(retryAfterSeconds === undefined ? {} : { 'retry-after': String(retryAfterSeconds) }),
      ...(document.status === 401 ? { 'www-authenticate': 'Bearer' } : {}),
      ...headers,
    },
  });
}

/** The methods of the routes that match a path, from the routes themselves. */
function methodsOf(app: Hono, path: string): string[] {
  const methods = new Set<string>();
  if (EVENT_PATHS.some((pattern) => matches(pattern, path))) methods.add('POST');
  for (const route of app.routes) {
    if (route.method === 'ALL' || !matches(route.path, path)) continue;
    methods.add(route.method);
    if (route.method === 'GET') methods.add('HEAD');
  }
  return [...methods].sort();
}

function matches(pattern: string, path: string): boolean {
  const wanted = pattern.split('/');
  const given = path.split('/');
  return (
    wanted.length === given.length && wanted.every((part, i) => part.startsWith(':') || part === given[i])
  );
}
