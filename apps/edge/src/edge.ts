/**
 * Puts an edge together from its ports and runs it until it is drained. What is behind the ports is chosen
 * in main.ts, and in tests.
 *
 * Start: listen (health checks get an answer), then tokens and map, from the stores or from disk; then
 * events. Stop: take no new request, finish those under way, hand over the last counters.
 */
import { join } from 'node:path';
import { oldestEvent } from '@foreshard/core/consuming';
import { Frontiers, Heads } from '@foreshard/core/heads';
import { OPERATIONS } from '@foreshard/core/operations';
import { OperationRunner, operationHandlers } from '@foreshard/core/operations/handlers';
import { appending, systemClock } from './appending.ts';
import { caching } from './caching.ts';
import { consuming } from './consuming/index.ts';
import type { EdgeParts, Fault, Loaded, Warn } from './edge-parts.ts';
import { ByteBudget } from './http/byte-budget.ts';
import { CrossOrigin } from './http/cross-origin.ts';
import { EdgeMetrics } from './http/metrics.ts';
import { TokenCheck } from './http/token-check.ts';
import { requestId } from './http/trace.ts';
import {
  IDEMPOTENCY_BYTES_MAX,
  IDEMPOTENCY_LIFETIME_MS,
  IdempotencyRecords,
  RedisRecords,
} from './idempotency/index.ts';
import { DuplicateTimes } from './ingest/duplicate-times.ts';
import { QuotaBook, Quotas } from './limits/index.ts';
import { type FirstMap, FollowedMap, firstMap } from './map/follower.ts';
import { BoundOperations, mountOperations } from './operations/index.ts';
import { Prefetcher } from './prefetching/index.ts';
import { reading } from './reading/index.ts';
import { EventsEndpoint } from './serving/events-endpoint.ts';
import { edgeRoutes } from './serving/routes.ts';
import { EdgeServer } from './serving/server.ts';
import { LivingEdges, SharedRedis } from './sharing/index.ts';
import { mountTelemetry } from './telemetry/mount.ts';
import { RecordIntake } from './telemetry/record-intake.ts';
import { later } from './timers.ts';

export interface RunningEdge {
  readonly url: string;
  stop(): Promise<void>;
}

const MAP_RETRY_MS = 1_000;
/** Who listens there does not know how it is reached. */
const EVERY_ADDRESS = new Set(['0.0.0.0', '::']);
const DRAIN_MS = 10_000;
/** The same warning is written once in this time: an absent server would fill the log. */
const WARN_PAUSE_MS = 10_000;

export async function startEdge(parts: EdgeParts): Promise<RunningEdge> {
  const { settings, log } = parts;
  const metrics = new EdgeMetrics();
  const server = new EdgeServer(metrics, new CrossOrigin(settings.corsOrigins), settings);
  const port = await server.listen(settings.host, settings.port);
  const url = `http://${settings.host}:${port}`;
  log.info({ url }, 'listening');
  const warn = rarely((message, error) => log.warn({ err: error }, message));
  const fault = faultOf(parts, metrics);
  const tokens = tokenCheckOf(parts, warn);
  const quotas = quotaBookOf(parts, warn);
  const [map] = await Promise.all([followedMap(parts, warn), tokens.start(), quotas.start()]);
  const hosts = parts.connectHosts(map.topology);
  const { handlers, start, stop } = assemble(parts, {
    ...{ map, hosts, tokens, quotas, metrics, warn, fault },
    publicUrl: settings.publicUrl ?? (EVERY_ADDRESS.has(settings.host) ? undefined : url),
  });
  server.ready(handlers);
  await Promise.all([start(), map.start()]);
  log.info({ url }, 'ready');
  return {
    url,
    async stop() {
      await stop(() => server.drain(DRAIN_MS));
      tokens.stop();
      quotas.stop();
      await map.stop();
      await hosts.close();
      log.info({}, 'drained');
    },
  };
}

/** The handlers of requests, with what runs beside them. */
function assemble(parts: EdgeParts, loaded: Loaded) {
  const { map, hosts, metrics, tokens } = loaded;
  const frontiers = new Frontiers({ hosts, map, nowMs: monotonicMs });
  const heads = new Heads({ frontiers, map, later, nowMs: monotonicMs, fault: loaded.fault });
  const appends = appending(parts, loaded, {
    usedAgain: (host) => frontiers.readAnew(host),
    appended: (shardlet, lastSeq) => heads.noteAppended(shardlet, lastSeq),
  });
  const cache = caching(parts, loaded, { frontiers, onRead: (read) => prefetcher.observed(read) });
  const prefetcher: Prefetcher = prefetcherOf(parts, loaded, { frontiers, heads, cache });
  const reads = reading({
    ...{ map, hosts, frontiers, reads: cache.reads, clock: systemClock },
    onRead: (shardlet, events) => appends.load.read(shardlet, events),
  });
  const edges = livingEdges(parts, loaded);
  const { topology, wake } = parts.operations(map.topology);
  const budget = new ByteBudget(parts.settings.inFlightBytesMax);
  const groups = consuming({
    ...{ groups: parts.groups, map, hosts, heads, reads: cache.reads, topology, wake },
    promises: frontiers,
    state: { ...parts.checkpoints, bytesMax: parts.settings.checkpointBytesMax },
    budget,
    actor: parts.settings.edgeId,
    time: { nowMs: monotonicMs, later },
    preferredEdge: (group, member) => edges.preferred(group, member),
    polled: (group, member, poll) => prefetcher.polled(group, member, poll),
  });
  const events = eventsEndpoint(parts, loaded, { appends, budget });
  const routes = routesOf(parts, loaded, { events, reads, groups, budget });
  metrics.watch({
    heldEvents: appends.heldEvents,
    bytesInFlight: () => budget.inUse,
    mapVersion: () => map.topology.version,
    mapAgeSeconds: () => map.ageMs / 1_000,
    tokensAgeSeconds: () => tokens.ageMs / 1_000,
    followers: () => reads.followers(),
    cache: () => cache.reads.stats,
    prefetching: () => prefetcher.ledger.totals,
    hostClaims: () => appends.claims.open,
  });
  return {
    handlers: { events, routes },
    start() {
      appends.start();
      cache.start();
      prefetcher.start();
      return edges.start();
    },
    async stop(drain: () => Promise<void>) {
      // readers that wait for news are answered now; they come back to another edge
      reads.close();
      groups.close();
      await edges.stop();
      await drain();
      prefetcher.stop();
      heads.close();
      cache.stop();
      await appends.stop();
    },
  };
}

function prefetcherOf(
  { settings, prefetching }: EdgeParts,
  { map, fault }: Loaded,
  { frontiers, heads, cache }: { frontiers: Frontiers; heads: Heads; cache: ReturnType<typeof caching> },
): Prefetcher {
  return new Prefetcher({
    ...{ name: settings.edgeId, bytesMax: settings.cacheBytes, map: map.topology, ...prefetching },
    fetchAhead: (read) => cache.reads.fetchAhead(read),
    follow: (stream) => heads.follow(stream),
    // a hint: what is not there brings nothing
    lastSeq: ({ id, owner }) => heads.lastSeq(id) ?? frontiers.tables.replica(owner, id)?.lastSeq,
    nowMs: Date.now,
    fault,
  });
}

type Appends = ReturnType<typeof appending>;
type Reads = ReturnType<typeof reading>;
type Groups = ReturnType<typeof consuming>;

function eventsEndpoint(
  { redis, settings }: EdgeParts,
  { map, hosts, tokens, quotas, fault }: Loaded,
  { appends, budget }: { readonly appends: Appends; readonly budget: ByteBudget },
): EventsEndpoint {
  const shared = new SharedRedis(redis, Date.now);
  const kept = { bytesMax: IDEMPOTENCY_BYTES_MAX, lifetimeMs: IDEMPOTENCY_LIFETIME_MS };
  return new EventsEndpoint({
    map,
    ingestion: appends.intake,
    duplicateTimes: new DuplicateTimes({ map, hosts, nowMs: Date.now, fault }),
    tokens,
    quotas: new Quotas(quotas, shared),
    budget,
    answers: new IdempotencyRecords({ ...kept, nowMs: Date.now }, new RedisRecords(shared, kept)),
    clock: systemClock,
    fault,
    ...settings,
  });
}

function livingEdges({ redis, settings }: EdgeParts, { publicUrl: url }: Loaded): LivingEdges {
  return new LivingEdges({ id: settings.edgeId, url }, redis, monotonicMs);
}

interface Served {
  readonly events: EventsEndpoint;
  readonly reads: Reads;
  readonly groups: Groups;
  readonly budget: ByteBudget;
}

/** All but appends of events. */
function routesOf(parts: EdgeParts, loaded: Loaded, { events, reads, groups, budget }: Served) {
  const { map, tokens, metrics, fault } = loaded;
  const records = new RecordIntake(parts.redis, Date.now);
  const operations = boundOperations(parts, loaded, groups);
  return edgeRoutes({
    ...{ map, tokens, metrics, fault, hostAlarms: parts.hostAlarms, identity: parts.identity },
    mapAgeMs: () => map.ageMs,
    metricsPublic: parts.settings.metricsPublic,
    trpc: {
      tokens,
      store: (body, request) => events.storeBatch(body, request),
      read: (stream, request, mayRead) => reads.bodyOf(stream, request, mayRead),
      ...{ records, operations, budget, fault, bodyBytesMax: parts.settings.bodyBytesMax },
    },
    mounts: [
      (api) => reads.mount(api),
      (api) => groups.mount(api),
      (api) => mountTelemetry(api, records, budget),
      (api) => mountOperations(api, { bound: operations, budget }),
    ],
  }).app;
}

function boundOperations(
  parts: EdgeParts,
  { map, hosts, warn }: Loaded,
  { service, letters, upkeep, drill }: Groups,
) {
  const handlers = operationHandlers({
    ...parts.operations(map.topology),
    ...{ groups: parts.groups, groupService: service, letters, upkeep, drill },
    map: () => map.topology,
    onHost: async (host, use) => use(await hosts.get(host.id)),
    oldestEvent: (checkpoint) => oldestEvent({ map: map.topology, host: (id) => hosts.get(id) }, checkpoint),
    nowMs: Date.now,
  });
  const runner = new OperationRunner({
    ...{ table: OPERATIONS, handlers },
    ...{ audit: parts.audit, nowMs: Date.now, warn },
  });
  return new BoundOperations(runner);
}

function faultOf({ log }: EdgeParts, metrics: EdgeMetrics): Fault {
  return (error, trace) => {
    metrics.fault();
    const request = trace === undefined ? {} : { request: requestId(trace), parent: trace.parentId };
    log.error({ err: error, ...request }, 'unexpected fault');
  };
}

function quotaBookOf({ settings, ownQuotas }: EdgeParts, warn: Warn): QuotaBook {
  const { token, stream } = settings.quotaOfEach;
  return new QuotaBook({
    ofEveryToken: token,
    ofEveryStream: stream,
    own: ownQuotas,
    refreshMs: settings.refreshMs,
    warn,
  });
}

function tokenCheckOf(parts: EdgeParts, warn: Warn): TokenCheck {
  const { settings, activeHashes, assertionKeys, onTokensChange: onChange, markTokensUsed } = parts;
  const file = join(settings.dataDir, 'edge', 'tokens.json');
  return new TokenCheck({
    ...{ activeHashes, assertionKeys, onChange, markUsed: markTokensUsed, file, warn },
    ...{ refreshMs: settings.refreshMs, staleMsMax: settings.tokenStaleMsMax, nowMs: Date.now },
  });
}

async function followedMap(parts: EdgeParts, warn: Warn): Promise<FollowedMap> {
  const { store, notifier } = parts;
  const file = join(parts.settings.dataDir, 'edge', 'map.json');
  const first = await untilThereIsAMap(parts, file, warn);
  parts.log.info({ version: first.topology.version, from: first.from }, 'map loaded');
  const reloaded = (reason: string) => parts.log.warn({ reason }, 'the whole map was loaded again');
  return new FollowedMap(first, { store, notifier, file, nowMs: Date.now, warn, reloaded });
}

async function untilThereIsAMap({ store }: EdgeParts, file: string, warn: Warn): Promise<FirstMap> {
  for (;;) {
    const first = await firstMap({ store, file });
    if (first !== undefined) return first;
    warn('the topology store does not answer and there is no map on disk', undefined);
    await new Promise((resolve) => setTimeout(resolve, MAP_RETRY_MS));
  }
}

function monotonicMs(): number {
  return performance.now();
}

function rarely(warn: Warn): Warn {
  const warnedAt = new Map<string, number>();
  return (message, error) => {
    const last = warnedAt.get(message) ?? Number.NEGATIVE_INFINITY;
    if (Date.now() - last < WARN_PAUSE_MS) return;
    warnedAt.set(message, Date.now());
    warn(message, error);
  };
}
