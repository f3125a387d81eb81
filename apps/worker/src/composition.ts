/**
 * The worker put together. It starts whatever is missing and keeps trying: first it answers probes, then it
 * reads the topology store, then it takes jobs. It keeps no state: it may be killed at any point, and run beside
 * others.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  ensureAuditKeys,
  headFileOf,
  headText,
  keepHead,
  publishChainState,
  readHead,
} from '@foreshard/core/adapters/audit';
import { publishCache } from '@foreshard/core/adapters/caching';
import { digestOf } from '@foreshard/core/adapters/checkpoints';
import { type Control, connectControl, InquiryServer } from '@foreshard/core/adapters/control';
import { within } from '@foreshard/core/adapters/deadline';
import { HostPool, openEventHost } from '@foreshard/core/adapters/event-hosts';
import { openLocks } from '@foreshard/core/adapters/locks';
import { arrivalsOf } from '@foreshard/core/adapters/operation-stores';
import { request } from '@foreshard/core/adapters/outgoing-http';
import { readPrometheus } from '@foreshard/core/adapters/prometheus';
import { HostResourceReader } from '@foreshard/core/adapters/telemetry';
import { AddressGuard, GuardedWebhookSender, guardOfServers, sign } from '@foreshard/core/adapters/webhooks';
import { CachedReads } from '@foreshard/core/caching';
import { DeadLetters, GroupService } from '@foreshard/core/consuming';
import { CheckpointUpkeep, RestoreDrill } from '@foreshard/core/group-state';
import { Frontiers, Heads } from '@foreshard/core/heads';
import type { LockLane } from '@foreshard/core/locking';
import { OVERTAKEN_KEY } from '@foreshard/core/retention';
import { SHADOW_DIFFERENCES_KEY } from '@foreshard/core/telemetry';
import type { MapFollower, TopologyMap } from '@foreshard/core/topology';
import type { Logger } from 'pino';
import { type Anticipating, anticipating } from './anticipating/index.ts';
import { type AssignmentJobs, assignmentJobs } from './assignment/index.ts';
import { LostEnds, SealAuditJob } from './audit/index.ts';
import { type CheckpointJobs, checkpointJobs } from './checkpointing/index.ts';
import { PushDelivery } from './consuming/push-delivery.ts';
import { demoJobs } from './demo/index.ts';
import { type External, external } from './external/index.ts';
import { forecastJobs } from './forecast-service/index.ts';
import type { HostDoors } from './hosts/host-doors.ts';
import { JobRegistry, type Processors } from './jobs/registry.ts';
import { WakeUps } from './jobs/wake-ups.ts';
import { followedMap } from './map/follower.ts';
import { MeasureHosts } from './measure/measure-hosts.ts';
import { notifyingJobs } from './notifying/index.ts';
import { type Planning, planning } from './planning/index.ts';
import { addCacheMetrics } from './process/cache-metrics.ts';
import { createMetrics, type Metrics } from './process/metrics.ts';
import { MetricsDoor } from './process/metrics-door.ts';
import { serveProbes } from './process/probes.ts';
import type { Settings } from './process/settings.ts';
import { profilingJobs } from './profiling/index.ts';
import { HostProver } from './proof/prove-hosts.ts';
import { readProofs } from './proof/read-proofs.ts';
import { HostAlarms } from './reconcile/host-alarms.ts';
import { Reconciler } from './reconcile/reconcile.ts';
import { Mover } from './restructure/mover.ts';
import { RetentionJob, type RetentionParts } from './retention/retention-job.ts';
import { LoadFeed } from './telemetry/load-feed.ts';
import { RollUpJob } from './telemetry/roll-up-job.ts';
import { HostSampler } from './telemetry/sample-hosts.ts';

/** The name in the topology store's change log. */
const ACTOR = 'worker';
/** The topology store is asked every two seconds. */
const TOPOLOGY_STALE_MS = 10_000;
const RETRY_STEP_MS = 250;
const RETRY_PAUSE_MAX_MS = 5_000;
/** How long jobs may finish by themselves when the worker ends; then they stop at their next step. */
const DRAIN_MS = 10_000;
/** For the step that they are in. */
const CUT_OFF_MS = 3_000;

const CACHE_REPORT_MS = 5_000;

const nowMs = () => Date.now();
/** for those who wait */
const monotonic = {
  nowMs: () => performance.now(),
  later(run: () => void, ms: number) {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
};

export interface RunningWorker {
  stop(): Promise<void>;
}

/** @throws when the port is taken; anything else that is missing is waited for */
export async function startWorker(settings: Settings, log: Logger): Promise<RunningWorker> {
  const control = connectControl({ ...settings, actor: ACTOR });
  const metrics = createMetrics(() => control.groupOutlooks.all());
  let work: Work | undefined;
  const missing = () => missingNow(control, work);
  const probes = await serveProbes({
    host: settings.host,
    port: settings.port,
    metrics: metrics.registry,
    door: metricsDoor(settings, control),
    missing,
  });
  const ending = new AbortController();
  const starting = startWork(settings, control, metrics, log, ending.signal).then((started) => {
    work = started;
  });
  starting.catch((error) => log.error({ err: error }, 'the worker cannot begin'));
  log.info({ host: settings.host, port: settings.port }, 'worker started');
  return {
    async stop() {
      ending.abort();
      await starting.catch(() => {});
      await work?.stop();
      await control.close();
      probes.close();
      probes.closeAllConnections();
      log.info('worker ended');
    },
  };
}

interface Work {
  readonly follower: MapFollower;
  readonly wakeUps: WakeUps;
  stop(): Promise<void>;
}

function metricsDoor(
  { metricsPublic, tokenStaleMsMax }: Settings,
  control: Control,
): MetricsDoor | undefined {
  if (metricsPublic) return undefined;
  const door = new MetricsDoor({
    tokens: () => control.tokens.activeHashes(),
    nowMs: Date.now,
    staleMsMax: tokenStaleMsMax,
  });
  void door.refresh();
  return door;
}

function missingNow(control: Control, work: Work | undefined): string[] {
  const missing: string[] = [];
  if (work === undefined || work.follower.ageMs > TOPOLOGY_STALE_MS)
    missing.push('the topology store does not answer: check PostgreSQL and DATABASE_URL');
  if (work === undefined ? control.redis.status !== 'ready' : !work.wakeUps.ready)
    missing.push('the control Redis does not answer: check it and REDIS_URL');
  return missing;
}

async function startWork(
  settings: Settings,
  control: Control,
  metrics: Metrics,
  log: Logger,
  ending: AbortSignal,
): Promise<Work | undefined> {
  const follower = await followWhenReady(control, log, ending);
  if (follower === undefined) return undefined;
  const pool = new HostPool(follower.map);
  const resources = new HostResourceReader(nowMs);
  const doors: HostDoors = {
    trusted: (id) => pool.get(id),
    open: openEventHost,
    watch: (id) => pool.watch(id),
  };
  const proof = readProofs(control.proofs);
  const shared = { follower, topology: control.topology, doors, proof, metrics, log, nowMs, actor: ACTOR };
  const alarms = new HostAlarms({ redis: control.redis, metrics, log, nowMs });
  const lock = openLocks(control.redis, settings.lockRedisUrls, lockObserver(metrics, log));
  const prover = new HostProver({
    ...{ ...shared, proofs: control.proofs, host: doors.trusted },
    wake: () => control.jobs.wake('reconcile'),
    older: (host, seen) => reconciler.noteOlder(host, seen),
  });
  const reconciler = new Reconciler({
    ...{ ...shared, lock, alarms },
    prove: (host) => prover.prove(host),
    proveRun: (host, handle) => prover.proveRun(host, handle),
    forgetMarks: (host) => prover.forgetMarks(host),
    remember: (host) => prover.remember(host),
    standStill: (detail) => standStill(control, log, detail),
  });
  const mover = new Mover({
    ...shared,
    prove: (host) => prover.prove(host),
    lock,
    moves: control.moves,
    difference: differences(control.redis),
    drainFacts: control.drainFacts,
  });
  const { profiles, health } = control;
  const feed = new LoadFeed(control.redis);
  const { redis, telemetry: blocks } = control;
  const ofProfiles = profilingJobs({
    ...{ ...shared, redis, feed, blocks, profiles, health },
    settings: settings.health,
  });
  const ofForecasts = forecastJobs({ ...shared, ...control, settings });
  const ofPlans = planning({ ...settings, ...control, ...shared });
  const ofDemo = demoJobs({
    ...settings,
    ...control,
    ...shared,
    feed,
    wake: (job) => control.jobs.wake(job),
  });
  const guard = new AddressGuard(settings.webhookNetworks);
  const servers = guardOfServers(settings.serverNetworks);
  const sender = new GuardedWebhookSender(guard, nowMs);
  const ofNotices = notifyingJobs({
    ...{ ...control, ...shared, ...settings, sender },
    newId: randomUUID,
    random: Math.random,
  });
  const ofOthers = external({
    ...control,
    ...shared,
    sender,
    read: (source, range) => readPrometheus(source, range, servers),
  });
  const reading = readingOf(settings, { control, follower, pool, log });
  addCacheMetrics(metrics.registry, () => reading.reads.stats);
  const service = groupService({ control, follower, pool, reading });
  const upkeep = checkpointUpkeep(settings, control, follower.map);
  const learning = anticipating({
    ...{ control, follower, log, nowMs, heads: reading.heads, reads: reading.reads },
    ...{ fields: settings.correlationFields, worker: `worker-${randomUUID()}` },
    monotonicMs: monotonic.nowMs,
  });
  const ofGroups = {
    ...assignmentJobs({ ...shared, control, service, arrivalsOf }),
    ...checkpointJobs({
      ...{ ...shared, control, service, upkeep },
      drill: restoreDrill(settings, { control, follower, pool, reading }),
    }),
  };
  const processors = jobProcessors(
    {
      ...ofProfiles,
      ...ofForecasts,
      ...ofPlans.jobs,
      ...ofNotices,
      ...ofOthers.jobs,
      ...ofGroups,
      ...ofDemo,
      ...learning.jobs,
    },
    sealAuditJob(control, settings, shared),
    reconciler,
    prover,
    mover,
    new RetentionJob({ ...shared, state: stateOfGroups(control, upkeep) }),
    new MeasureHosts({ ...shared, redis: control.redis, sampler: new HostSampler(control.redis, resources) }),
    new RollUpJob({
      ...shared,
      feed: new LoadFeed(control.redis),
      redis: control.redis,
      blocks: control.telemetry,
      retention: settings.telemetryRetention,
    }),
  );
  const push = pushDelivery({ control, follower, pool, service, metrics, log, guard });
  push.start();
  learning.start();
  const registry = new JobRegistry({ processors, metrics, log });
  const wakeUps = new WakeUps({
    redisUrl: settings.redisUrl,
    log,
    run: (name, data) => registry.run(name, data),
  });
  const inquiries = new InquiryServer(
    settings.redisUrl,
    { ...ofPlans.answerers, ...ofOthers.answerers },
    nowMs,
  );
  return {
    follower,
    wakeUps,
    async stop() {
      const impatient = setTimeout(() => void registry.abort(), DRAIN_MS);
      // queues wait for ever for a Redis that has gone meanwhile
      const queues = Promise.all([inquiries.stop(), wakeUps.stop()]);
      await within(DRAIN_MS + CUT_OFF_MS, queues, 'end later').catch(() => {});
      clearTimeout(impatient);
      ofForecasts.stop();
      await mover.stop();
      await reconciler.stop();
      await push.stop();
      await learning.stop();
      reading.close();
      lock.close();
      await follower.stop();
      await pool.close();
      resources.close();
    },
  };
}

/**
 * Another control plane uses a host of this one, or this one was restored by other means than `restore`: which
 * of the two is right, a person says. Without it both would decide over the same hosts.
 */
async function standStill({ restoration }: Control, log: Logger, detail: string): Promise<void> {
  if ((await restoration.clock()).mark !== undefined) return;
  await restoration.mark({ restoredAtMs: nowMs() });
  log.fatal({ detail }, 'no decision is made any more: run `foreshard doctor --after-restore`');
}

function checkpointUpkeep(
  { checkpointPlace }: Settings,
  { groups, stateCheckpoints: records, checkpointStores }: Control,
  map: TopologyMap,
): CheckpointUpkeep {
  return new CheckpointUpkeep({
    groups,
    records,
    stores: checkpointStores(checkpointPlace),
    map,
    digestOf,
    nowMs,
  });
}

function restoreDrill(
  { checkpointPlace }: Settings,
  { control, follower, pool, reading }: Omit<ReadingParts, 'log'> & { readonly reading: Reading },
): RestoreDrill {
  const { groups, stateCheckpoints: records, recoveries, checkpointStores } = control;
  return new RestoreDrill({
    ...{ groups, records, recoveries, digestOf, nowMs, map: follower.map, reads: reading.reads },
    stores: checkpointStores(checkpointPlace),
    host: (id) => pool.get(id),
    refresh: () => follower.upToDate(),
  });
}

/** What retention has to leave to groups that keep state. */
function stateOfGroups({ redis }: Control, upkeep: CheckpointUpkeep): NonNullable<RetentionParts['state']> {
  return {
    floors: (stream) => upkeep.floors(stream),
    async report(found) {
      const rows = found.flatMap((one) => [one.group, JSON.stringify(one)]);
      const change = redis.multi().del(OVERTAKEN_KEY);
      await (rows.length === 0 ? change : change.hset(OVERTAKEN_KEY, ...rows)).exec();
    },
  };
}

function sealAuditJob(
  control: Control,
  settings: Settings,
  { follower, metrics, log }: { follower: MapFollower; metrics: Metrics; log: Logger },
): SealAuditJob {
  const { auditKeyFile, auditRetentionMs, auditHeadTarget } = settings;
  const headFile = headFileOf(auditKeyFile);
  const lostEnds = new LostEnds({
    ...{ orders: control.audit, topology: control.topology, nowMs },
    versionNow: () => follower.map.version,
  });
  return new SealAuditJob({
    ...{ chain: control.auditChain, metrics, log, nowMs, retentionMs: auditRetentionMs },
    keys: () => ensureAuditKeys(auditKeyFile),
    heads: { read: () => readHead(headFile), keep: (head) => keepHead(headFile, head) },
    settleLostEnds: () => lostEnds.settle(),
    report: (state) => publishChainState(control.redis, state),
    async announce(head) {
      if (auditHeadTarget === undefined) return;
      const { number, hash } = head;
      const timestamp = new Date(nowMs()).toISOString();
      const body = JSON.stringify({ type: 'foreshard.audit.head', timestamp, data: { number, hash } });
      const title = `Head of the audit log ${headText(head)}`;
      const delivery = { id: `msg_audit_${number}`, target: auditHeadTarget, title, createdMs: nowMs() };
      await control.notifications.queue({ ...delivery, body }, []);
    },
  });
}

/** The control Redis may be away: the whole copy is compared all the same. */
function differences(redis: Control['redis']) {
  return async (move: number) =>
    (await redis.hget(SHADOW_DIFFERENCES_KEY, String(move)).catch(() => null)) ?? undefined;
}

interface ReadingParts {
  readonly control: Control;
  readonly follower: MapFollower;
  readonly pool: HostPool;
  readonly log: Logger;
}

type Reading = ReturnType<typeof readingOf>;

/** News of the hosts, and their records, for groups that are posted. */
function readingOf(
  { cacheBytes }: Settings,
  { control, follower: { map: topology }, pool, log }: ReadingParts,
) {
  const map = { topology, onChange: topology.onChange.bind(topology) };
  const frontiers = new Frontiers({ hosts: pool, map, nowMs: monotonic.nowMs });
  const fault = (error: unknown) => log.error({ err: error }, 'a host cannot be asked for news');
  const heads = new Heads({ frontiers, map, fault, ...monotonic });
  const host = (id: number) => pool.get(id);
  const reads = new CachedReads({ map: topology, host, frontiers, bytesMax: cacheBytes });
  const process = `${ACTOR}-${randomUUID().slice(0, 8)}`;
  const report = () => publishCache(control.redis, { process, ...reads.stats }).catch(() => {});
  const reports = setInterval(report, CACHE_REPORT_MS);
  return {
    ...{ heads, reads, promises: frontiers },
    close() {
      clearInterval(reports);
      heads.close();
      reads.close();
    },
  };
}

function groupService({
  control,
  follower,
  pool,
  reading,
}: Omit<ReadingParts, 'log'> & { readonly reading: Reading }): GroupService {
  return new GroupService({
    store: control.groups,
    map: follower.map,
    refresh: () => follower.upToDate(),
    host: (id) => pool.get(id),
    heads: reading.heads,
    reads: reading.reads,
    promises: reading.promises,
    ...monotonic,
  });
}

interface PushDeliveryParts {
  readonly control: Control;
  readonly follower: MapFollower;
  readonly pool: HostPool;
  readonly service: GroupService;
  readonly metrics: Metrics;
  readonly log: Logger;
  readonly guard: AddressGuard;
}

function pushDelivery(parts: PushDeliveryParts): PushDelivery {
  const { control, follower, pool, service, metrics, log, guard } = parts;
  const letters = new DeadLetters({
    ...{ groups: control.groups, topology: control.topology, map: follower.map, actor: ACTOR },
    ...{ host: (id: number) => pool.get(id), nowMs, sleep: (ms: number) => sleep(ms) },
    wake: () => control.jobs.wake('reconcile'),
    refresh: () => follower.upToDate(),
  });
  return new PushDelivery({
    groups: control.groups,
    ...{ service, letters },
    ...{ sign, request, guard },
    member: `worker-${randomUUID()}`,
    log,
    nowMs,
    random: Math.random,
    observe: (group, status, events) => metrics.pushed.inc({ group, status }, events),
  });
}

/** A contended lock is everyday life of several workers; one that is missing or lost is worth a line. */
function lockObserver(metrics: Metrics, log: Logger) {
  return (what: string, lane: LockLane) => {
    metrics.lockLanes.inc({ lane });
    const quiet = lane === 'locked' || lane === 'contended';
    log[quiet ? 'debug' : 'warn']({ lock: what, lane }, 'lock');
  };
}

/** Undefined when the worker ends before the topology store has answered. */
async function followWhenReady(
  control: Control,
  log: Logger,
  ending: AbortSignal,
): Promise<MapFollower | undefined> {
  const parts = { store: control.topology, notifier: control.notifier, nowMs };
  const reloaded = (reason: string) => log.warn({ reason }, 'the whole map was loaded again');
  for (let attempt = 1; !ending.aborted; attempt++) {
    try {
      return await followedMap(parts, reloaded);
    } catch (error) {
      log.warn({ attempt, reason: (error as Error).message }, 'waiting for the topology store');
      await pause(Math.min(attempt * RETRY_STEP_MS, RETRY_PAUSE_MAX_MS), ending);
    }
  }
  return undefined;
}

function jobProcessors(
  others: ReturnType<typeof profilingJobs> &
    ReturnType<typeof forecastJobs> &
    Planning['jobs'] &
    ReturnType<typeof notifyingJobs> &
    External['jobs'] &
    AssignmentJobs &
    CheckpointJobs &
    ReturnType<typeof demoJobs> &
    Anticipating['jobs'],
  sealAudit: SealAuditJob,
  reconciler: Reconciler,
  prover: HostProver,
  mover: Mover,
  retention: RetentionJob,
  measureHosts: MeasureHosts,
  rollUp: RollUpJob,
): Processors {
  return {
    ...others,
    sealAudit: (_, signal) => sealAudit.run(signal),
    reconcile: (_, signal) => reconciler.run(signal),
    proveHosts: () => prover.run(),
    move: (_, signal) => mover.run(signal),
    retention: (_, signal) => retention.run(signal),
    measureHosts: () => measureHosts.run(),
    rollUpTelemetry: (_, signal) => rollUp.run(signal),
  };
}

function pause(ms: number, ending: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    ending.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
