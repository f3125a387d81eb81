/**
 * Puts an edge together from its ports and runs it until it is drained. What is behind the ports is chosen
 * in main.ts, and in tests.
 *
 * Start: listen (health checks get an answer), then tokens and map, from the stores or from disk; then
 * events. Stop: take no new request, finish those under way, hand over the last counters.
 */
import { join } from 'node:path';
import type { EventHost } from '@foreshard/core/hosts';
import { type Clock, MICROS_PER_MS } from '@foreshard/core/kernel';
import { LoadCounters } from '@foreshard/core/telemetry';
import type { ChangeNotifier, TopologyMap, TopologyStore } from '@foreshard/core/topology';
import { MemoryGuard } from './hosts/memory-guard.ts';
import { ByteBudget } from './http/byte-budget.ts';
import { EventsEndpoint } from './http/events-endpoint.ts';
import { EdgeMetrics } from './http/metrics.ts';
import { edgeRoutes } from './http/routes.ts';
import { EdgeServer } from './http/server.ts';
import { type KnownToken, TokenCheck } from './http/token-check.ts';
import { Ingestion, type IngestionLimits, type IngestionObserver } from './ingest/ingestion.ts';
import { LoadFlusher, type LoadStream } from './ingest/load-flusher.ts';
import { type FirstMap, firstMap, MapFollower } from './map/follower.ts';
import { readingRoutes } from './reading/index.ts';
import type { EdgeSettings } from './settings.ts';

export interface HostConnections {
  get(hostId: number): Promise<EventHost>;
  close(): Promise<void>;
}

export interface EdgeParts {
  readonly settings: EdgeSettings;
  readonly store: Pick<TopologyStore, 'snapshot' | 'changesAfter'>;
  readonly notifier: Pick<ChangeNotifier, 'subscribe'>;
  readonly activeHashes: () => Promise<readonly KnownToken[]>;
  readonly loadStream: LoadStream;
  readonly connectHosts: (map: TopologyMap) => HostConnections;
  readonly log: EdgeLog;
  /** the map cannot be followed any more: the process should begin anew */
  readonly onBroken: (reason: string) => void;
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

const MAP_RETRY_MS = 1_000;
const DRAIN_MS = 10_000;
/** The same warning is written once in this time: an absent server would fill the log. */
const WARN_PAUSE_MS = 10_000;

const systemClock: Clock = { nowMicros: () => Date.now() * MICROS_PER_MS };

export async function startEdge(parts: EdgeParts): Promise<RunningEdge> {
  const { settings, log } = parts;
  const metrics = new EdgeMetrics();
  const server = new EdgeServer(metrics);
  const port = await server.listen(settings.host, settings.port);
  const url = `http://${settings.host}:${port}`;
  log.info({ url }, 'listening');
  const warn = rarely((message, error) => log.warn({ err: error }, message));

  const tokens = new TokenCheck({
    activeHashes: parts.activeHashes,
    file: join(settings.dataDir, 'edge', 'tokens.json'),
    nowMs: Date.now,
    warn,
  });
  const mapFile = join(settings.dataDir, 'edge', 'map.json');
  const [first] = await Promise.all([untilThereIsAMap(parts, mapFile, warn), tokens.start()]);
  log.info({ version: first.topology.version, from: first.from }, 'map loaded');
  const map = new MapFollower(first, {
    store: parts.store,
    notifier: parts.notifier,
    file: mapFile,
    nowMs: Date.now,
    warn,
    onBroken: parts.onBroken,
  });
  const hosts = parts.connectHosts(map.topology);
  const guard = new MemoryGuard(
    (hostId) => hosts.get(hostId),
    (hostId) => ingestion.hostAnswers(hostId),
  );
  const counters = new LoadCounters();
  const fault = (error: unknown) => {
    metrics.fault();
    log.error({ err: error }, 'unexpected fault');
  };
  const ingestion = new Ingestion({
    map,
    hosts,
    isFull: (hostId) => guard.isFull(hostId),
    clock: systemClock,
    limits: limitsOf(settings),
    observer: observerOf(metrics, counters, map.topology, fault, warn),
  });
  const reading = readingRoutes({ map, hosts, clock: systemClock });
  const budget = new ByteBudget(settings.inFlightBytesMax);
  const flusher = new LoadFlusher(counters, parts.loadStream, settings.edgeId, () => metrics.lostFlush());
  metrics.watch({
    heldEvents: () => ingestion.heldEvents,
    bytesInFlight: () => budget.inUse,
    mapVersion: () => map.topology.version,
    mapAgeSeconds: () => map.ageMs / 1_000,
  });
  server.ready({
    events: new EventsEndpoint({ map, ingestion, tokens, budget, clock: systemClock, fault, ...settings }),
    routes: edgeRoutes({ map, tokens, metrics, mapAgeMs: () => map.ageMs, reading: reading.routes, fault }),
  });
  guard.start();
  flusher.start();
  await map.start();
  log.info({ url }, 'ready');

  return {
    url,
    async stop() {
      // readers that wait for news are answered now; they come back to another edge
      reading.close();
      await server.drain(DRAIN_MS);
      guard.stop();
      tokens.stop();
      await Promise.all([flusher.stop(), map.stop()]);
      await hosts.close();
      log.info({}, 'drained');
    },
  };
}

async function untilThereIsAMap(
  { store }: EdgeParts,
  file: string,
  warn: (message: string, error: unknown) => void,
): Promise<FirstMap> {
  for (;;) {
    const first = await firstMap({ store, file });
    if (first !== undefined) return first;
    warn('the topology store does not answer and there is no map on disk', undefined);
    await new Promise((resolve) => setTimeout(resolve, MAP_RETRY_MS));
  }
}

function limitsOf({ inFlightBytesMax, holdMsMax }: EdgeSettings): IngestionLimits {
  return {
    hold: {
      eventsMax: HELD_EVENTS_MAX,
      bytesMax: inFlightBytesMax * HELD_SHARE_OF_BYTES,
      waitMicrosMax: holdMsMax * MICROS_PER_MS,
    },
    call: { eventsMax: CALL_EVENTS_MAX, bytesMax: CALL_BYTES_MAX },
  };
}

function observerOf(
  metrics: EdgeMetrics,
  counters: LoadCounters,
  map: TopologyMap,
  fault: (error: unknown) => void,
  warn: (message: string, error: unknown) => void,
): IngestionObserver {
  const nameOf = (hostId: number) => map.host(hostId)?.name ?? String(hostId);
  return {
    stored(stream, shardlet, events, bytes) {
      metrics.stored(stream, events);
      counters.stored(shardlet, events, bytes);
    },
    duplicates(stream, events) {
      metrics.duplicates(stream, events);
      counters.duplicate(events);
    },
    refused(stream, shardlet, code, events) {
      metrics.refused(stream, code, events);
      if (shardlet !== 0) counters.refused(shardlet, events);
    },
    called: (hostId, micros, events) => metrics.called(nameOf(hostId), micros, events),
    unreachable(hostId, error) {
      metrics.unreachable(nameOf(hostId), error);
      warn(`host ${nameOf(hostId)} does not answer`, error);
    },
    fault,
  };
}

function rarely(warn: (message: string, error: unknown) => void): typeof warn {
  const warnedAt = new Map<string, number>();
  return (message, error) => {
    const last = warnedAt.get(message) ?? Number.NEGATIVE_INFINITY;
    if (Date.now() - last < WARN_PAUSE_MS) return;
    warnedAt.set(message, Date.now());
    warn(message, error);
  };
}
