/**
 * The composition of the console: the only place that chooses adapters. One per process, kept on
 * globalThis, because the bundler gives each route its own copy of this module.
 */
import { randomUUID } from 'node:crypto';
import type { PersonStore, Principal } from '@foreshard/core/access';
import { chainStateReader } from '@foreshard/core/adapters/audit';
import { cacheReportsReader, prefetchReportsReader } from '@foreshard/core/adapters/caching';
import {
  connectControl,
  type JobProducer,
  type KnownIdentity,
  knownIdentity,
} from '@foreshard/core/adapters/control';
import {
  ADDRESS_FAILURES_MAX,
  ADDRESS_WINDOW_MS,
  Devices,
  FAILURES_MAX,
  hashSecret,
  IdentityProvider,
  identityParts,
  LOCKED_MS,
  makeAssertionSigner,
  redisThrottle,
  SESSION_SETTINGS,
  Sessions,
  SigningIn,
} from '@foreshard/core/adapters/identity';
import { demoParts } from '@foreshard/core/adapters/operation-stores';
import { request } from '@foreshard/core/adapters/outgoing-http';
import { guardOfServers, notificationService } from '@foreshard/core/adapters/webhooks';
import type { InquiryClient, PlanBook, PolicyStore, RecommendationLog } from '@foreshard/core/advising';
import type { AuditReader, AuditWriter } from '@foreshard/core/audit';
import type { ClusterStore } from '@foreshard/core/external';
import { type ForecastRecords, ForecastStore, type ModelRegistry } from '@foreshard/core/forecast-service';
import type { HintStore } from '@foreshard/core/hints';
import type { JobRuns } from '@foreshard/core/jobs';
import type { MoveLog } from '@foreshard/core/moves';
import type { NotificationStore } from '@foreshard/core/notifying';
import { OPERATIONS } from '@foreshard/core/operations';
import { OperationRunner, WritePauses } from '@foreshard/core/operations/handlers';
import type { HealthStore } from '@foreshard/core/profiling';
import { type BlockStore, TelemetryStore } from '@foreshard/core/telemetry';
import { type ClusterIdentityStore, TopologyMap, type TopologyStore } from '@foreshard/core/topology';
import { HostMeasures } from './cluster/host-measures.ts';
import { type LiveFrame, liveFrame } from './cluster/live-frame.ts';
import { FollowedMap } from './cluster/map-follower.ts';
import { externalParts, type StreamParts } from './cluster/stream-parts.ts';
import { EdgeClient } from './edge/edge-client.ts';
import { EdgeProbe } from './edge-probe.ts';
import type { ForecastPicture } from './forecasts/forecast-picture.ts';
import type { HeatPicture } from './heat/heat-picture.ts';
import { type CookieSettings, cookieName } from './identity/cookie.ts';
import { type Identity, identify, TokenLookup } from './identity/identify.ts';
import { listeningFault } from './identity/listening.ts';
import { certificateFault, servesTls } from './identity/own-certificate.ts';
import { KeptAnswers } from './kept-answers.ts';
import { LoadFollower } from './load/load-follower.ts';
import { ConsoleMetrics } from './metrics/console-metrics.ts';
import { consoleHandlers } from './operations/handlers.ts';
import { replayCommand } from './sample/replay-command.ts';
import { SampleRun, type SampleTokens } from './sample/sample-run.ts';
import { sampleTokens } from './sample/sample-token.ts';
import { BadSettings, type ProviderSettings, readSettings, type Settings } from './settings.ts';

/** names its connections in the servers' lists */
const PROCESS = 'console';
/** Codes for command lines that one address asks for within a few minutes. */
const DEVICES_MAX = 20;
/** All tabs share the frame of a second. */
const FRAME_FRESH_MS = 500;
/** A heat map of half a million cells is three megabytes. */
const PICTURES_KEPT = 8;
const FIRST_MAP_PATIENCE_MS = 3_000;
/** A reader that does not take its last bytes cannot hold up the end. */
const DRAIN_MS = 5_000;

/** Until the topology store has answered: telemetry of no stream. */
const NO_MAP = new TopologyMap({ version: 0, streams: [], hosts: [], shardlets: [], garbage: [] });

export interface ConsoleServer {
  readonly topology: TopologyStore;
  readonly jobs: JobProducer;
  readonly jobRuns: JobRuns;
  readonly health: HealthStore;
  readonly moves: MoveLog;
  readonly edge: EdgeClient;
  /** which cluster this console is of */
  readonly identity: KnownIdentity;
  /** carries out operations of the table, and records them */
  readonly operations: OperationRunner<typeof OPERATIONS>;
  readonly audit: AuditWriter & AuditReader;
  readonly edgeUrl: string;
  readonly people: PersonStore;
  readonly sessions: Sessions;
  readonly signingIn: SigningIn;
  /** command lines that wait to be let in */
  readonly devices: Devices;
  /** where people can sign in beside local accounts */
  readonly provider: Provider | undefined;
  readonly cookie: CookieSettings & { readonly name: string };
  /** in front of it */
  readonly proxies: number;
  readonly ownTls: boolean;
  /** Who makes the request; undefined: nobody who is known. @throws what the store throws */
  identify(headers: Headers): Promise<Identity | undefined>;
  readonly map: FollowedMap;
  readonly metrics: ConsoleMetrics;
  readonly telemetry: TelemetryStore;
  /** what the telemetry is kept in */
  readonly blocks: BlockStore;
  readonly forecasts: ForecastStore;
  readonly forecastRecords: ForecastRecords;
  readonly models: ModelRegistry;
  readonly hints: HintStore;
  readonly policies: PolicyStore;
  readonly recommendations: RecommendationLog;
  readonly plans: PlanBook;
  readonly writePauses: WritePauses;
  readonly inquiries: InquiryClient;
  readonly notifications: NotificationStore;
  readonly clusters: ClusterStore;
  /** of the stream, or of the external cluster of that name; null: ours */
  partsFor(stream: string | null): Promise<StreamParts>;
  readonly heatPictures: KeptAnswers<HeatPicture>;
  /** null: nothing was forecast */
  readonly forecastHeats: KeptAnswers<HeatPicture | null>;
  readonly forecastPictures: KeptAnswers<ForecastPicture>;
  readonly load: LoadFollower;
  readonly measures: HostMeasures;
  readonly sample: SampleRun;
  /** of the run that somebody starts */
  sampleTokens(principal: Principal): SampleTokens;
  /** aborted when the process is told to end: Next waits for open answers, and a live picture never ends */
  readonly closing: AbortSignal;
  frame(): LiveFrame;
}

interface Provider extends Pick<IdentityProvider, 'start' | 'finish'> {
  readonly name: string;
  logoutUrl(): Promise<string | undefined>;
}

export interface OpenConsole {
  readonly server: ConsoleServer;
  close(): Promise<void>;
}

const KEY = Symbol.for('foreshard.console');
const shared = globalThis as { [KEY]?: ConsoleServer };

export function consoleServer(): ConsoleServer {
  return (shared[KEY] ??= compose());
}

/** Called when the server starts: a bad environment ends it with one line. */
export async function startConsole(): Promise<void> {
  try {
    const server = consoleServer();
    const fault =
      certificateFault(server.ownTls, servesTls()) ?? listeningFault(process.argv, server.proxies > 0);
    if (fault !== undefined) throw new BadSettings(fault);
    await Promise.race([
      server.map.catchUp(),
      new Promise((done) => setTimeout(done, FIRST_MAP_PATIENCE_MS)),
    ]);
  } catch (error) {
    if (!(error instanceof BadSettings)) throw error;
    process.stderr.write(`console: ${error.message}\n`);
    process.exit(1);
  }
}

function compose(): ConsoleServer {
  const closing = new AbortController();
  const settings = readSettings(process.env);
  if (settings.networksWarning !== undefined) process.stderr.write(`console: ${settings.networksWarning}\n`);
  const { server } = openConsole(settings, closing.signal);
  closeOnSignal(closing, server.sample);
  return server;
}

/** A console over these servers, which need not be there yet. `close` ends what it has started. */
export function openConsole(settings: Settings, closing: AbortSignal): OpenConsole {
  const control = connectControl({ ...settings, actor: PROCESS });
  const map = new FollowedMap(control.topology, control.notifier, (reason) =>
    process.stderr.write(`console: the whole map was loaded again: ${reason}\n`),
  );
  const metrics = new ConsoleMetrics({
    mapVersion: () => map.map?.version ?? 0,
    mapAgeSeconds: () => (map.contactAgeMs(Date.now()) ?? Number.POSITIVE_INFINITY) / 1_000,
  });
  const telemetry = new TelemetryStore({
    blocks: control.telemetry,
    map: () => map.map ?? NO_MAP,
    nowMs: Date.now,
  });
  const forecasts = new ForecastStore({
    records: control.forecasts,
    hints: control.hints,
    telemetry,
    blocks: control.telemetry,
    map: () => map.map ?? NO_MAP,
    nowMs: Date.now,
  });
  const identity = knownIdentity(control.identity, Date.now);
  const probe = new EdgeProbe(settings.edgeUrl, request, identity);
  if (settings.clusterName !== undefined) nameCluster(control.identity, settings.clusterName);
  const tokens = new TokenLookup(control.tokens, hashSecret);
  const sign = makeAssertionSigner(control.assertionKeys);
  const edge = new EdgeClient(
    settings.edgeUrl,
    request,
    async (principal, client) => tokens.bearerOf(principal) ?? sign(principal, client),
    () => probe.refusal,
  );
  const { sessionIdleMs: idleMs, sessionAbsoluteMs: absoluteMs, sessionProvidedMs: providedMs } = settings;
  const limits = { idleMs, absoluteMs, providedMs };
  const sessions = new Sessions(control.sessions, { ...SESSION_SETTINGS, ...limits }, Date.now);
  const cookie = { tls: settings.proxies > 0, databaseUrl: settings.databaseUrl };
  const known = { sessions, tokens, cookie: cookieName(cookie), proxies: settings.proxies };
  const load = new LoadFollower(control.redis.duplicate({ maxRetriesPerRequest: null }));
  const measures = new HostMeasures(control.redis);
  const sample = new SampleRun(settings.edgeUrl, replayCommand);
  for (const part of [map, load, measures, probe]) part.start();

  let last: LiveFrame | undefined;
  function frame(): LiveFrame {
    const nowMs = Date.now();
    if (last !== undefined && nowMs - last.atMs < FRAME_FRESH_MS) return last;
    last = liveFrame({
      nowMs,
      map: map.map,
      mapAgeMs: map.contactAgeMs(nowMs),
      feedAgeMs: load.contactAgeMs(nowMs),
      load: load.window,
      settledSecond: load.settledSecond(nowMs),
      measures: measures.current,
      edge: probe.state,
      edgeUrl: settings.edgeUrl,
    });
    return last;
  }
  const server: ConsoleServer = {
    topology: control.topology,
    jobs: control.jobs,
    jobRuns: control.jobRuns,
    health: control.health,
    moves: control.moves,
    edge,
    identity,
    audit: control.audit,
    operations: new OperationRunner({
      table: OPERATIONS,
      handlers: consoleHandlers(
        {
          ...control,
          ...demoParts(control),
          blocks: control.telemetry,
          notifications: notificationService({
            ...settings,
            store: control.notifications,
            wake: () => control.jobs.wake('notify'),
          }),
          ...identityParts(settings.sessionIdleMs),
          consoleUrl: settings.consoleUrl,
          chainState: chainStateReader(control.redis),
          cacheReports: cacheReportsReader(control.redis),
          prefetchReports: prefetchReportsReader(control.redis),
          newId: randomUUID,
          wake: (job, payload) => control.jobs.wake(job, payload),
          wakeClusters: () => control.jobs.wake('clusters'),
          countedKeys: (asked) => telemetry.topKeys(asked),
        },
        edge,
      ),
      ...{ audit: control.audit, nowMs: Date.now, warn },
    }),
    edgeUrl: settings.edgeUrl,
    people: control.people,
    sessions,
    devices: new Devices({
      ...{ devices: control.devices, people: control.people, tokens: control.tokens, nowMs: Date.now },
      byAddress: redisThrottle(control.redis, {
        ...{ name: 'device-address', failuresMax: DEVICES_MAX, windowMs: ADDRESS_WINDOW_MS },
      }),
    }),
    signingIn: new SigningIn({
      ...{ people: control.people, links: control.links, sessions, nowMs: Date.now },
      byAddress: redisThrottle(control.redis, {
        ...{ name: 'sign-in-address', failuresMax: ADDRESS_FAILURES_MAX, windowMs: ADDRESS_WINDOW_MS },
      }),
      byEmail: redisThrottle(control.redis, {
        ...{ name: 'sign-in-email', failuresMax: FAILURES_MAX, windowMs: LOCKED_MS },
      }),
    }),
    provider: settings.provider && openProvider(settings.provider, settings.serverNetworks),
    cookie: { ...cookie, name: known.cookie },
    ...{ proxies: settings.proxies, ownTls: settings.ownTls },
    identify: (headers) => identify(known, headers),
    map,
    metrics,
    telemetry,
    blocks: control.telemetry,
    forecasts,
    forecastRecords: control.forecasts,
    models: control.models,
    hints: control.hints,
    policies: control.policies,
    recommendations: control.recommendations,
    plans: control.plans,
    writePauses: new WritePauses(control.moves, Date.now),
    inquiries: control.inquiries,
    clusters: control.clusters,
    async partsFor(stream) {
      const own = { map: map.map, telemetry, forecasts, topology: control.topology };
      if (stream === null || own.map?.streamNamed(stream) !== undefined) return own;
      return (await externalParts(control, stream)) ?? own;
    },
    notifications: control.notifications,
    heatPictures: new KeptAnswers(PICTURES_KEPT),
    forecastHeats: new KeptAnswers(PICTURES_KEPT),
    forecastPictures: new KeptAnswers(PICTURES_KEPT),
    load,
    measures,
    sample,
    sampleTokens: (principal) =>
      sampleTokens(control.tokens, principal, { edgeUrl: settings.edgeUrl, nowMs: Date.now }),
    closing,
    frame,
  };
  return {
    server,
    async close() {
      for (const part of [load, measures, probe]) part.close();
      sample.kill();
      await map.close();
      await control.close();
    },
  };
}

function openProvider(
  { name, consoleUrl, ...settings }: ProviderSettings,
  serverNetworks: Settings['serverNetworks'],
): Provider {
  const redirectUri = `${consoleUrl}/api/oidc/callback`;
  const guard = guardOfServers(serverNetworks);
  const provider = new IdentityProvider({ ...settings, redirectUri, guard });
  return {
    name,
    start: () => provider.start(),
    finish: (search, pending) => provider.finish(search, pending),
    logoutUrl: () => provider.logoutUrl(`${consoleUrl}/sign-in`),
  };
}

/** The name that the environment gives; until PostgreSQL takes it, the one before holds. */
function nameCluster(store: ClusterIdentityStore, name: string): void {
  store.rename(name).catch((error: unknown) => warn('the cluster keeps its name', error));
}

function warn(message: string, error: unknown): void {
  process.stderr.write(`console: ${message}: ${(error as Error).message}\n`);
}

function closeOnSignal(closing: AbortController, sample: SampleRun): void {
  for (const signal of ['SIGTERM', 'SIGINT'] as const)
    process.once(signal, () => {
      closing.abort();
      sample.kill();
      setTimeout(() => process.exit(1), DRAIN_MS).unref();
    });
  process.once('exit', () => sample.kill());
}
