/**
 * Every route but the posting of events: health, metrics, the map, the description, and what others mount.
 * A path that exists for other methods answers 405 with Allow; OPTIONS tells the methods; whatever fails
 * answers a problem document; every answer tells its trace.
 */

import { OWN_CLUSTER } from '@foreshard/core/access';
import { exposed } from '@foreshard/core/exposition';
import { ForeshardError } from '@foreshard/core/kernel';
import { events, requirePermission, topology } from '@foreshard/core/operations';
import { alarmWords, type HostAlarm } from '@foreshard/core/telemetry';
import type { ClusterIdentity, Host } from '@foreshard/core/topology';
import type { HttpBindings } from '@hono/node-server';
import { type Context, Hono } from 'hono';
import { Api } from '../api/index.ts';
import { docsPage, errorPage, openApiDocument, PAGE_HEADERS } from '../docs/index.ts';
import type { EdgeMetrics } from '../http/metrics.ts';
import type { Peer } from '../http/networks.ts';
import { PROBLEM_MEDIA_TYPE, problemOf } from '../http/problem.ts';
import type { TokenCheck } from '../http/token-check.ts';
import { type Trace, traceOf, traceresponse } from '../http/trace.ts';
import type { EdgeMap } from '../map/edge-map.ts';
import { mountTrpc, type TrpcParts } from '../trpc/index.ts';
import { mapDocument } from './map-document.ts';
import * as service from './service-operations.ts';

export interface RouteParts {
  readonly map: EdgeMap;
  readonly tokens: TokenCheck;
  readonly metrics: EdgeMetrics;
  readonly mapAgeMs: () => number;
  /** metrics need no token */
  readonly metricsPublic: boolean;
  /** of the worker; never fails, never waits long */
  readonly hostAlarms: () => Promise<ReadonlyMap<number, HostAlarm>>;
  /** undefined: not read yet; never fails, never waits long */
  readonly identity: () => Promise<ClusterIdentity | undefined>;
  /** what mounts its operations beside those of this file */
  readonly mounts: readonly ((api: Api) => void)[];
  readonly trpc: TrpcParts;
  readonly fault: (error: unknown, trace: Trace) => void;
}

export interface EdgeRoutes {
  readonly app: Hono;
  readonly api: Api;
}

export const API_VERSION = '1.0.0';

export function edgeRoutes(parts: RouteParts): EdgeRoutes {
  const api = new Api((c, permission) =>
    parts.tokens.require(c.req.header('authorization'), peerOf(c), permission),
  );
  // the posting of events is answered without a framework, see events-endpoint.ts
  api.serveElsewhere(events.ingest);
  for (const mount of [...parts.mounts, (to: Api) => mountService(to, parts)]) mount(api);
  const app = new Hono();
  app.onError((error, c) => problemResponse(error, traceOfContext(c), parts.fault));
  app.use(async (c, next) => {
    await next();
    // an answer that is being streamed keeps its headers as they are
    c.header('traceresponse', traceresponse(traceOfContext(c)));
  });
  mountTrpc(app, parts.trpc);
  app.options('*', (c) => options(c, api));
  app.route('/', api.app);
  app.notFound((c) => missing(c, api));
  return { app, api };
}

/** The other end of the connection. */
function peerOf(c: Context): Peer {
  return (c.env as HttpBindings).incoming.socket;
}

/** The bindings stay out of Hono's type: comparing two of its instances takes the compiler seconds. */
function traceOfContext(c: Context): Trace {
  return traceOf((c.env as HttpBindings).incoming);
}

function mountService(api: Api, parts: RouteParts): void {
  const { registry } = parts.metrics;
  api.mount(service.liveness, ({ c }) => c.text('ok'));
  api.mount(service.readiness, ({ c }) => readiness(c, parts));
  api.mount(
    parts.metricsPublic ? service.publicMetrics : service.metrics,
    async ({ c, standing, mediaType }) => {
      if (standing !== undefined)
        requirePermission(standing.principal, service.metrics.permission, { cluster: OWN_CLUSTER });
      const { contentType, text } = await exposed(registry, mediaType);
      return c.body(text, 200, { 'content-type': contentType });
    },
  );
  api.serve(topology.map, ({ c, members }) => map(c, parts.map, members.stream));
  // made once, when all are mounted
  let made: { json: string; html: Promise<string> } | undefined;
  const described = () => {
    if (made !== undefined) return made;
    const document = openApiDocument(api.operations, API_VERSION);
    made = { json: JSON.stringify(document), html: docsPage(document) };
    return made;
  };
  api.mount(service.description, ({ c }) =>
    c.body(described().json, 200, { 'content-type': 'application/json' }),
  );
  api.mount(service.docs, async ({ c }) => c.html(await described().html, 200, PAGE_HEADERS));
  api.mount(service.errorDocs, async ({ c }) => c.html(await errorPage(undefined), 200, PAGE_HEADERS));
  api.mount(service.errorDoc, async ({ c, params }) =>
    c.html(await errorPage(params.code), 200, PAGE_HEADERS),
  );
}

function options(c: Context, api: Api): Response {
  const methods = api.methodsOf(c.req.path);
  if (methods.length === 0) throw new ForeshardError('not_found', `There is no ${c.req.path}.`);
  const types = api.bodyTypesOf(c.req.path);
  return c.body(null, 204, {
    allow: methods.join(', '),
    ...(types.length === 0 ? {} : { 'accept-post': types.join(', ') }),
  });
}

function missing(c: Context, api: Api): Response {
  const { path } = c.req;
  const trace = traceOfContext(c);
  const allow = api.methodsOf(path).join(', ');
  if (allow === '') return problemResponse(new ForeshardError('not_found', `There is no ${path}.`), trace);
  const error = new ForeshardError('method_not_allowed', `${path} takes ${allow}.`);
  return problemResponse(error, trace, undefined, { allow });
}

async function readiness(
  c: Context,
  { map, tokens, mapAgeMs, hostAlarms, identity }: RouteParts,
): Promise<Response> {
  if (!tokens.isLoaded) throw new ForeshardError('not_ready', 'The API tokens were not read yet.');
  const [alarms, cluster = null] = await Promise.all([hostAlarms(), identity()]);
  const { topology } = map;
  const waiting = topology.hosts().flatMap((host) => {
    const alarm = alarmOf(host, alarms);
    return alarm === undefined
      ? []
      : [{ host: host.id, ...alarmWords(alarm.reason, host), why: alarm.detail }];
  });
  return c.json({
    status: 'ready',
    mapVersion: topology.version,
    mapAgeMs: mapAgeMs(),
    tokensAgeMs: tokens.ageMs,
    cluster,
    waiting,
  });
}

/** The map knows of a host that went back, also when no worker runs; of the rest only a worker does. */
function alarmOf(
  { id, readmission }: Host,
  alarms: ReadonlyMap<number, HostAlarm>,
): Pick<HostAlarm, 'reason' | 'detail'> | undefined {
  const regressed = readmission?.regressed;
  if (regressed?.accepted !== undefined) return undefined;
  return regressed === undefined ? alarms.get(id) : { reason: 'regressed', detail: regressed.detail };
}

function map(c: Context, { topology }: EdgeMap, name: string | undefined): Response {
  const stream = name === undefined ? undefined : topology.streamNamed(name);
  if (name !== undefined && stream === undefined) {
    throw new ForeshardError('unknown_stream', `There is no stream "${name}".`, { pointer: '?stream' });
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

function problemResponse(
  error: unknown,
  trace: Trace,
  fault?: RouteParts['fault'],
  headers: Record<string, string> = {},
): Response {
  if (!(error instanceof ForeshardError)) fault?.(error, trace);
  const { document, retryAfterSeconds, headers: own } = problemOf(error, trace);
  return new Response(JSON.stringify(document), {
    status: document.status,
    headers: {
      'content-type': PROBLEM_MEDIA_TYPE,
      ...(retryAfterSeconds === undefined ? {} : { 'retry-after': String(retryAfterSeconds) }),
      ...(document.status === 401 ? { 'www-authenticate': 'Bearer' } : {}),
      ...own,
      ...headers,
    },
  });
}
