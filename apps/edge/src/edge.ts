/**
 * Puts an edge together from its ports and runs it until it is drained. What is behind the ports is chosen
 * in main.ts, and in tests.
 *
 * Start: listen (health checks get an answer), then tokens and map, from the stores or from disk; then
 * events. Stop: take no new request, finish those under way, hand over the last counters.
 */
import { join } from 'node:path';
import type { AssertionKey } from '@foreshard/core/access';
import type { HotKey, PolicyStore } from '@foreshard/core/advising';
import type { GroupStore } from '@foreshard/core/consuming';
import type { EventHost, HostProofStore, ProgressWatch } from '@foreshard/core/hosts';
import { type Clock, MICROS_PER_MS } from '@foreshard/core/kernel';
import { OPERATIONS } from '@foreshard/core/operations';
import { type OperationStores, operationHandlers } from '@foreshard/core/operations/handlers';
import { LoadCounters } from '@foreshard/core/telemetry';
import type { ChangeNotifier, TopologyMap, TopologyStore } from '@foreshard/core/topology';
import { consuming } from './consuming/index.ts';
import { MemoryGuard } from './hosts/memory-guard.ts';
import type { KnownToken } from './http/bearer.ts';
import { ByteBudget } from './http/byte-budget.ts';
import { EdgeMetrics } from './http/metrics.ts';
import { TokenCheck } from './http/token-check.ts';
import { requestId, type Trace } from './http/trace.ts';
import {
  IDEMPOTENCY_BYTES_MAX,
  IDEMPOTENCY_LIFETIME_MS,
  IdempotencyRecords,
  RedisRecords,
} from './idempotency/index.ts';
import { DuplicateTimes } from './ingest/duplicate-times.ts';
import { Ingestion, type IngestionLimits, type IngestionObserver } from './ingest/ingestion.ts';
import { LeasedIngestion } from './ingest/leased-ingestion.ts';
import { type OwnQuota, QuotaBook, type QuotaRedis, Quotas } from './limits/index.ts';
import { type FirstMap, FollowedMap, firstMap } from './map/follower.ts';
import { BoundOperations, mountOperations } from './operations/index.ts';
import { profiling } from './profiling/index.ts';
import { HostClaims, LastAcknowledged } from './proof/index.ts';
import { reading } from './reading/index.ts';
import { EventsEndpoint } from './serving/events-endpoint.ts';
import { edgeRoutes, type RouteParts } from './serving/routes.ts';
import { EdgeServer } from './serving/server.ts';
import { type EdgeSettings, hostPatienceMs } from './settings.ts';
import { type CappedStream, SharedRedis } from './sharing/index.ts';
import { HotKeyLane } from './telemetry/hot-key-lane.ts';
import { loadFlushing } from './telemetry/load-flushing.ts';
import { LoadObserver } from './telemetry/load-observer.ts';
import { mountTelemetry } from './telemetry/mount.ts';
import { RecordIntake } from './telemetry/record-intake.ts';

export interface HostConnections {
  get(hostId: number): Promise<EventHost>;
  watch(hostId: number): ProgressWatch | undefined;
  close(): Promise<void>;
}

export interface EdgeParts {
  readonly settings: EdgeSettings;
  readonly store: Pick<TopologyStore, 'snapshot' | 'changesAfter'>;
  readonly notifier: Pick<ChangeNotifier, 'subscribe'>;
  readonly activeHashes: () => Promise<readonly KnownToken[]>;
  /** with which what consoles assert is judged */
  readonly assertionKeys: () => Promise<readonly AssertionKey[]>;
  readonly onTokensChange: (listener: () => void) => Promise<() => Promise<void>>;
  readonly markTokensUsed: (ids: readonly string[]) => Promise<void>;
  readonly proofs: Pick<HostProofStore, 'claim' | 'verdict'>;
  readonly groups: GroupStore;
  /** hosts that nobody uses until a person has looked; never fails, never waits long */
  readonly hostAlarms: RouteParts['hostAlarms'];
  readonly hotKeys: HotKeyParts;
  /** what operations are carried out on */
  readonly operations: (
    map: TopologyMap,
  ) => Omit<OperationStores, 'groups' | 'groupService' | 'map' | 'onHost' | 'nowMs'>;
  /** of tokens and streams that have their own */
  readonly ownQuotas: () => Promise<readonly OwnQuota[]>;
  readonly redis: CappedStream & QuotaRedis;
  readonly connectHosts: (map: TopologyMap) => HostConnections;
  readonly log: EdgeLog;
}

export interface HotKeyParts {
  readonly policies: Pick<PolicyStore, 'at'>;
  /** to the worker that splits below it */
  readonly report: (hot: HotKey) => Promise<void>;
}

export interface EdgeLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export interface RunningEdge {
  readonly url: string;
  stop(): Promise<void>;
}

/** Half of the bytes that may be in flight may wait: the rest of the traffic goes on. */
const HELD_SHARE_OF_BYTES = 0.5;
const HELD_EVENTS_MAX = 200_000;

/**
 * A call as large as this costs the host some ten milliseconds, in which it answers nobody else; larger
 * ones save nothing more.
 */
const CALL_EVENTS_MAX = 4_000;
const CALL_BYTES_MAX = 2 * 1_048_576;
/** two are on their way at a time, and the host may have others to answer */
const CALL_SHARE_OF_PATIENCE = 0.25;
/** the same with as many shardlets: a group of one event takes some 20 microseconds */
const CALL_GROUPS_MAX = 1_000;

const MAP_RETRY_MS = 1_000;
const DRAIN_MS = 10_000;
/** The same warning is written once in this time: an absent server would fill the log. */
const WARN_PAUSE_MS = 10_000;

const systemClock: Clock = { nowMicros: () => Date.now() * MICROS_PER_MS };

type Warn = (message: string, error: unknown) => void;

export async function startEdge(parts: EdgeParts): Promise<RunningEdge> {
  const { settings, log } = parts;
  const metrics = new EdgeMetrics();
  const server = new EdgeServer(metrics, settings);
  const port = await server.listen(settings.host, settings.port);
  const url = `http://${settings.host}:${port}`;
  log.info({ url }, 'listening');
  const warn = rarely((message, error) => log.warn({ err: error }, message));
  const tokens = tokenCheckOf(parts, warn);
  const quotas = quotaBookOf(parts, warn);
  const [map] = await Promise.all([followedMap(parts, warn), tokens.start(), quotas.start()]);
  const hosts = parts.connectHosts(map.topology);
  const { handlers, start, stop } = assemble(parts, { map, hosts, tokens, quotas, metrics, warn });
  server.ready(handlers);
  start();
  await map.start();
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

interface Loaded {
  readonly map: FollowedMap;
  readonly hosts: HostConnections;
  readonly tokens: TokenCheck;
  readonly quotas: QuotaBook;
  readonly metrics: EdgeMetrics;
  readonly warn: Warn;
}

function hotKeyLane({ hotKeys: { policies, report } }: EdgeParts, map: FollowedMap): HotKeyLane {
  return new HotKeyLane({
    policy: async () => (await policies.at(Date.now())).policy,
    report,
    splitsKeys(shardlet) {
      const stream = map.topology.shardlet(shardlet)?.stream;
      return stream !== undefined && map.topology.stream(stream)?.splitKeys === true;
    },
    nowMs: Date.now,
  });
}

function assemble(parts: EdgeParts, { map, hosts, tokens, quotas: book, metrics, warn }: Loaded) {
  const { settings } = parts;
  const clock = systemClock;
  const fault = (error: unknown, trace?: Trace) => {
    metrics.fault();
    const request = trace === undefined ? {} : { request: requestId(trace), parent: trace.parentId };
    parts.log.error({ err: error, ...request }, 'unexpected fault');
  };
  const guard = new MemoryGuard(
    (hostId) => hosts.get(hostId),
    (hostId) => ingestion.hostAnswers(hostId),
  );
  const counters = new LoadCounters(settings.edgeId, Date.now());
  const hotKeys = hotKeyLane(parts, map);
  const load = new LoadObserver(
    counters,
    (shardlet) => map.topology.shardlet(shardlet)?.owner,
    (shardlet, keyHash) => hotKeys.observe(shardlet, keyHash),
  );
  const acknowledged = new LastAcknowledged();
  const claims = hostClaims(parts, { map, hosts, metrics }, acknowledged);
  const ingestion = new Ingestion({
    map,
    hosts,
    isFull: (hostId) => guard.isFull(hostId),
    clock,
    limits: limitsOf(settings),
    observer: {
      ...observerOf(metrics, load, map.topology, fault, warn),
      acknowledged: acknowledged.note.bind(acknowledged),
    },
  });
  const reads = reading({
    map,
    hosts,
    clock,
    onRead: (shardlet, events) => load.read(shardlet, events),
  });
  const groups = consuming({
    groups: parts.groups,
    map,
    hosts,
  });
  const budget = new ByteBudget(settings.inFlightBytesMax);
  const shared = new SharedRedis(parts.redis, Date.now);
  const kept = { bytesMax: IDEMPOTENCY_BYTES_MAX, lifetimeMs: IDEMPOTENCY_LIFETIME_MS };
  const answers = new IdempotencyRecords({ ...kept, nowMs: Date.now }, new RedisRecords(shared, kept));
  const profiles = profiling({
    ...settings,
    stream: parts.redis,
    fault,
    onLost: () => metrics.lostProfile(),
  });
  const records = new RecordIntake(parts.redis, Date.now);
  const loads = loadFlushing(counters, parts.redis, () => metrics.lostFlush());
  metrics.watch({
    heldEvents: () => ingestion.heldEvents,
    bytesInFlight: () => budget.inUse,
    mapVersion: () => map.topology.version,
    mapAgeSeconds: () => map.ageMs / 1_000,
    tokensAgeSeconds: () => tokens.ageMs / 1_000,
    followers: () => reads.followers(),
    hostClaims: () => claims.open,
  });
  const quotas = new Quotas(book, shared);
  const operations = new BoundOperations(
    OPERATIONS,
    operationHandlers({
      ...parts.operations(map.topology),
      ...{ groups: parts.groups, groupService: groups.service, map: () => map.topology },
      onHost: async (host, use) => use(await hosts.get(host.id)),
      nowMs: Date.now,
    }),
  );
  const events = new EventsEndpoint({
    map,
    ingestion: load.countingKeys(profiles.around(leasedIngestion(ingestion, map, metrics, warn))),
    duplicateTimes: new DuplicateTimes({ map, hosts, nowMs: Date.now, fault }),
    tokens,
    quotas,
    budget,
    answers,
    clock,
    fault,
    ...settings,
  });
  const routes = edgeRoutes({
    map,
    tokens,
    metrics,
    mapAgeMs: () => map.ageMs,
    metricsPublic: settings.metricsPublic,
    hostAlarms: parts.hostAlarms,
    trpc: {
      tokens,
      store: (body, request) => events.storeBatch(body, request),
      read: (stream, request, mayRead) => reads.bodyOf(stream, request, mayRead),
      records,
      operations,
      bodyBytesMax: settings.bodyBytesMax,
      budget,
      fault,
    },
    mounts: [
      (api) => reads.mount(api),
      (api) => groups.mount(api),
      (api) => mountTelemetry(api, records, budget),
      (api) => mountOperations(api, { bound: operations, budget }),
    ],
    fault,
  }).app;
  return {
    handlers: { events, routes },
    start() {
      guard.start();
      claims.start();
      hotKeys.start();
      loads.start();
      profiles.flushing.start();
    },
    async stop(drain: () => Promise<void>) {
      // readers that wait for news are answered now; they come back to another edge
      reads.close();
      groups.close();
      await drain();
      guard.stop();
      claims.stop();
      hotKeys.stop();
      await Promise.all([loads.stop(), profiles.flushing.stop()]);
    },
  };
}

function hostClaims(
  { settings, proofs, log }: EdgeParts,
  { map, hosts, metrics }: Pick<Loaded, 'map' | 'hosts' | 'metrics'>,
  acknowledged: LastAcknowledged,
): HostClaims {
  return new HostClaims({
    hosts: () => map.topology.hosts(),
    watch: (id) => hosts.watch(id),
    acknowledged,
    proofs,
    claimant: settings.edgeId,
    nowMs: Date.now,
    monotonicMs: () => performance.now(),
    observer: {
      regressed({ name }, seen) {
        metrics.regressed(name);
        log.error({ host: name, ...seen }, 'host went back to an older state: the topology store is asked');
      },
      unanswered({ name }) {
        metrics.claimUnanswered(name);
        log.warn(
          { host: name },
          'nobody said whether the host went back to an older state: it is used again; check PostgreSQL and the worker',
        );
      },
    },
  });
}

function leasedIngestion(ingestion: Ingestion, map: FollowedMap, metrics: EdgeMetrics, warn: Warn) {
  return new LeasedIngestion({
    submit: (intake) => ingestion.submit(intake),
    refresh: () => map.refresh(),
    answeredAskedAtMs: () => map.answeredAskedAtMs,
    nowMs: Date.now,
    observe(lane, events) {
      metrics.lane(lane, events);
      if (lane !== 'direct')
        warn(`appends are in the lane "${lane}": the lease on the map ran out`, undefined);
    },
  });
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

function limitsOf(settings: EdgeSettings): IngestionLimits {
  const { inFlightBytesMax, holdMsMax } = settings;
  return {
    hold: {
      eventsMax: HELD_EVENTS_MAX,
      bytesMax: inFlightBytesMax * HELD_SHARE_OF_BYTES,
      waitMicrosMax: holdMsMax * MICROS_PER_MS,
    },
    call: {
      eventsMax: CALL_EVENTS_MAX,
      bytesMax: CALL_BYTES_MAX,
      groupsMax: CALL_GROUPS_MAX,
      microsMax: CALL_SHARE_OF_PATIENCE * hostPatienceMs(settings) * MICROS_PER_MS,
    },
  };
}

function observerOf(
  metrics: EdgeMetrics,
  load: LoadObserver,
  map: TopologyMap,
  fault: (error: unknown) => void,
  warn: Warn,
): Omit<IngestionObserver, 'acknowledged'> {
  const nameOf = (hostId: number) => map.host(hostId)?.name ?? String(hostId);
  return {
    stored(stream, shardlet, events, bytes) {
      metrics.stored(stream, events);
      load.stored(shardlet, events, bytes);
    },
    duplicates(stream, events) {
      metrics.duplicates(stream, events);
      load.duplicates(events);
    },
    refused(stream, shardlet, code, events) {
      metrics.refused(stream, code, events);
      load.refused(shardlet, events);
    },
    called(hostId, micros, events) {
      metrics.called(nameOf(hostId), micros, events);
      load.called(hostId, micros);
    },
    unreachable(hostId, error) {
      metrics.unreachable(nameOf(hostId), error);
      warn(`host ${nameOf(hostId)} does not answer`, error);
    },
    fault,
  };
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
