/**
 * Puts the control plane's stores together for one process: the topology store on PostgreSQL or on etcd, the tokens
 * on PostgreSQL, notifications and wake-ups over the control Redis. Nothing is connected before it is used, and
 * nothing here fails while a server is away: the calls do, in one clear line.
 */
import type { Redis } from 'ioredis';
import type {
  AssertionKeyStore,
  DeviceStore,
  LinkStore,
  PersonStore,
  SessionStore,
} from '../../access/index.ts';
import type {
  HostOrders,
  InquiryClient,
  PlanBook,
  PolicyStore,
  RecommendationLog,
} from '../../advising/index.ts';
import type { AnnotationStore } from '../../annotations/index.ts';
import type { SliceStore } from '../../anticipating/index.ts';
import type { AuditReader, AuditWriter, OpenOrders } from '../../audit/index.ts';
import type {
  CheckpointPlace,
  CheckpointRecords,
  DueRecords,
  RecoveryRecords,
} from '../../checkpointing/index.ts';
import type { GroupOutlookStore, GroupProgressStore, GroupStore } from '../../consuming/index.ts';
import type { DemoStore } from '../../demo/index.ts';
import type { ClusterStore } from '../../external/index.ts';
import type { ForecastRecords, ModelRegistry } from '../../forecast-service/index.ts';
import type { HintStore } from '../../hints/index.ts';
import type { HostProofStore } from '../../hosts/index.ts';
import type { JobRuns } from '../../jobs/index.ts';
import type { DrainFacts, MoveLog } from '../../moves/index.ts';
import type { NotificationStore } from '../../notifying/index.ts';
import type { QuotaStore } from '../../operations/handlers/index.ts';
import type { HealthStore, ProfileStore } from '../../profiling/index.ts';
import type { BlockStore } from '../../telemetry/index.ts';
import type {
  ChangeNotifier,
  ClusterIdentityStore,
  TopologyMap,
  TopologyStore,
} from '../../topology/index.ts';
import { type OpenCheckpointStores, openCheckpointStores } from '../checkpoints/index.ts';
import { within } from '../deadline/index.ts';
import { EtcdChangeNotifier, openEtcdTopology } from '../etcd/index.ts';
import {
  openPrisma,
  PrismaAnnotationStore,
  PrismaAssertionKeys,
  PrismaAuditChain,
  PrismaAuditLog,
  PrismaClusterIdentity,
  PrismaClusterStore,
  PrismaDemoStore,
  PrismaDeviceStore,
  PrismaForecastRecords,
  PrismaGroupOutlooks,
  PrismaGroupProgress,
  PrismaGroupStore,
  PrismaHealthStore,
  PrismaHintStore,
  PrismaHostOrders,
  PrismaHostProofs,
  PrismaLinkStore,
  PrismaModelRegistry,
  PrismaMoveLog,
  PrismaNotificationStore,
  PrismaPersonStore,
  PrismaPlanBook,
  PrismaPolicyStore,
  PrismaProfileStore,
  PrismaQuotaStore,
  PrismaRecommendationLog,
  PrismaRecoveryRecords,
  PrismaRestoration,
  PrismaSessionStore,
  PrismaSliceStore,
  PrismaStateCheckpoints,
  PrismaTokenStore,
  PrismaTopologyStore,
  type Restoration,
  type TokenStore,
} from '../prisma/index.ts';
import { PostgresBlockStore } from '../telemetry/index.ts';
import { RedisChangeNotifier, TOKENS_CHANNEL } from './change-notifier.ts';
import { openControlRedis } from './control-redis.ts';
import { drainFacts } from './drain-facts.ts';
import { type HostAlarms, knownHostAlarms } from './host-alarms.ts';
import { InquiryQueue } from './inquiry-queue.ts';
import { BullJobProducer, type JobProducer } from './job-producer.ts';
import { BullJobRuns } from './job-runs.ts';
import { NotifyingTokenStore } from './notifying-token-store.ts';
import { NotifyingTopologyStore } from './notifying-topology-store.ts';

export interface ControlSettings {
  readonly databaseUrl: string;
  readonly redisUrl: string;
  /** `etcd://...`: the topology store is there; without it the topology store is in the database */
  readonly topologyUrl?: string | undefined;
  /** names the connections of this process in the servers' own lists */
  readonly actor?: string;
  /** how long tokens hold after their owner has signed in at an identity provider */
  readonly ownerSignInMs?: number;
}

export interface Control {
  readonly topology: TopologyStore;
  readonly notifier: ChangeNotifier;
  readonly jobs: JobProducer;
  /** what background jobs have done */
  readonly jobRuns: JobRuns;
  readonly tokens: TokenStore;
  /** tells edges that tokens were changed */
  readonly tokenChanges: ChangeNotifier;
  /** who may use the console */
  readonly people: PersonStore;
  readonly sessions: SessionStore;
  /** links that can be used once */
  readonly links: LinkStore;
  /** command lines that wait for a person */
  readonly devices: DeviceStore;
  /** with which edges judge what consoles assert */
  readonly assertionKeys: AssertionKeyStore;
  /** what was asked for, and what became of it */
  readonly audit: AuditWriter & AuditReader & OpenOrders;
  /** the chain over it */
  readonly auditChain: PrismaAuditChain;
  /** of single tokens and streams */
  readonly quotas: QuotaStore;
  /** consumer groups */
  readonly groups: GroupStore;
  /** checkpoints of the state that their members keep */
  readonly stateCheckpoints: CheckpointRecords;
  /** what was measured of recoveries, and what is due */
  readonly recoveries: RecoveryRecords & DueRecords;
  /** where contents of checkpoints are */
  readonly checkpointStores: (place: CheckpointPlace) => OpenCheckpointStores;
  /** how fast they process */
  readonly groupProgress: GroupProgressStore;
  /** how many members they need */
  readonly groupOutlooks: GroupOutlookStore;
  /** what people want of moves, and what became of them */
  readonly moves: MoveLog;
  /** hosts that nobody uses until a person has looked; never fails, never waits long */
  readonly hostAlarms: () => Promise<HostAlarms>;
  /** what is known now of the hosts that a drain may choose */
  readonly drainFacts: (map: TopologyMap) => Promise<DrainFacts>;
  /** whether the topology store was restored from a backup, and the end of that state */
  readonly restoration: Restoration;
  /** what the data looks like, over time */
  readonly profiles: ProfileStore;
  /** how well it is served, over time */
  readonly health: HealthStore;
  /** the recorded load */
  readonly telemetry: BlockStore;
  /** what load is expected */
  readonly forecasts: ForecastRecords;
  /** the models that forecast it */
  readonly models: ModelRegistry;
  /** what people expect */
  readonly hints: HintStore;
  /** what they remark about a time */
  readonly annotations: AnnotationStore;
  /** the thresholds of the planner, all versions */
  readonly policies: PolicyStore;
  /** what the planner recommends, and what became of it */
  readonly plans: PlanBook;
  readonly recommendations: RecommendationLog;
  /** questions that a worker answers */
  readonly inquiries: InquiryClient;
  /** hosts that were asked for, and those that are to go */
  readonly hostOrders: HostOrders;
  /** what shows that a host went back to an older state */
  readonly proofs: HostProofStore;
  /** which cluster this is */
  readonly identity: ClusterIdentityStore;
  /** clusters that are not ours */
  readonly clusters: ClusterStore;
  /** who is told what, and what was sent */
  readonly notifications: NotificationStore;
  /** "Watch it work" */
  readonly demo: DemoStore;
  /** what is learned of the order of events */
  readonly slices: SliceStore;
  /** the control Redis, for what else a process keeps there */
  readonly redis: Redis;
  close(): Promise<void>;
}

const CLOSE_PATIENCE_MS = 1_000;

export function connectControl(settings: ControlSettings): Control {
  const { databaseUrl, redisUrl, ownerSignInMs, actor = 'process' } = settings;
  const name = `foreshard-${actor}`;
  const redis = openControlRedis(redisUrl, name);
  const prisma = openPrisma(databaseUrl, name);
  const t = openTopology(settings, prisma, redis);
  const tokenChanges = new RedisChangeNotifier(redis, TOKENS_CHANNEL);
  const jobs = new BullJobProducer(redis);
  const telemetry = new PostgresBlockStore(databaseUrl, name);
  return {
    topology: t.topology,
    notifier: t.notifier,
    jobs,
    jobRuns: new BullJobRuns(redis),
    tokens: new NotifyingTokenStore(new PrismaTokenStore(prisma, databaseUrl, ownerSignInMs), tokenChanges),
    tokenChanges,
    people: new PrismaPersonStore(prisma, databaseUrl),
    sessions: new PrismaSessionStore(prisma, databaseUrl),
    links: new PrismaLinkStore(prisma, databaseUrl),
    devices: new PrismaDeviceStore(prisma, databaseUrl),
    assertionKeys: new PrismaAssertionKeys(prisma, databaseUrl),
    audit: new PrismaAuditLog(prisma, databaseUrl),
    auditChain: new PrismaAuditChain(prisma, databaseUrl),
    quotas: new PrismaQuotaStore(prisma, databaseUrl),
    groups: new PrismaGroupStore(prisma, databaseUrl),
    stateCheckpoints: new PrismaStateCheckpoints(prisma, databaseUrl),
    recoveries: new PrismaRecoveryRecords(prisma, databaseUrl),
    checkpointStores: (place) => openCheckpointStores(place, prisma, databaseUrl),
    groupProgress: new PrismaGroupProgress(prisma, databaseUrl),
    groupOutlooks: new PrismaGroupOutlooks(prisma, databaseUrl),
    moves: new PrismaMoveLog(prisma, databaseUrl),
    hostAlarms: knownHostAlarms(redis, Date.now),
    drainFacts: drainFacts(redis, telemetry, Date.now),
    restoration: new PrismaRestoration(prisma, databaseUrl),
    profiles: new PrismaProfileStore(prisma, databaseUrl),
    health: new PrismaHealthStore(prisma, databaseUrl),
    telemetry,
    forecasts: new PrismaForecastRecords(prisma, databaseUrl),
    models: new PrismaModelRegistry(prisma, databaseUrl),
    hints: new PrismaHintStore(prisma, databaseUrl),
    annotations: new PrismaAnnotationStore(prisma, databaseUrl),
    policies: new PrismaPolicyStore(prisma, databaseUrl),
    recommendations: new PrismaRecommendationLog(prisma, databaseUrl),
    plans: new PrismaPlanBook(prisma, databaseUrl),
    inquiries: new InquiryQueue(redis, Date.now),
    hostOrders: new PrismaHostOrders(prisma, databaseUrl),
    proofs: new PrismaHostProofs(prisma, databaseUrl),
    identity: new PrismaClusterIdentity(prisma, databaseUrl),
    clusters: new PrismaClusterStore(prisma, databaseUrl),
    notifications: new PrismaNotificationStore(prisma, databaseUrl),
    demo: new PrismaDemoStore(prisma, databaseUrl),
    slices: new PrismaSliceStore(prisma, databaseUrl),
    redis,
    async close() {
      await t.close();
      tokenChanges.close();
      await telemetry.close();
      await jobs.close();
      await prisma.$disconnect();
      // QUIT goes out behind the last notification
      await within(CLOSE_PATIENCE_MS, redis.quit(), 'not connected').catch(() => {});
      redis.disconnect();
    },
  };
}

interface OpenTopology {
  readonly topology: TopologyStore;
  readonly notifier: ChangeNotifier;
  close(): Promise<void>;
}

/** After a decision on PostgreSQL followers are told over Redis; etcd tells them by itself. */
function openTopology(
  { databaseUrl, topologyUrl }: ControlSettings,
  prisma: ReturnType<typeof openPrisma>,
  redis: Redis,
): OpenTopology {
  if (topologyUrl !== undefined) return openOnEtcd(topologyUrl);
  const notifier = new RedisChangeNotifier(redis);
  const store = new PrismaTopologyStore(prisma, databaseUrl);
  return {
    topology: new NotifyingTopologyStore(store, notifier),
    notifier,
    close: async () => notifier.close(),
  };
}

function openOnEtcd(url: string): OpenTopology {
  const { store, connection } = openEtcdTopology(url);
  const notifier = new EtcdChangeNotifier(connection, store.clockKey);
  return {
    topology: store,
    notifier,
    async close() {
      await notifier.close();
      await store.close();
    },
  };
}
