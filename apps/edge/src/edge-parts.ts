/** What an edge is put together from: chosen in main.ts, and in tests. */
import type { AssertionKey } from '@foreshard/core/access';
import type { HotKey, PolicyStore } from '@foreshard/core/advising';
import type { AuditWriter } from '@foreshard/core/audit';
import type { CacheReport } from '@foreshard/core/caching';
import type { DueRecords } from '@foreshard/core/checkpointing';
import type { GroupStore } from '@foreshard/core/consuming';
import type { DemoLimit } from '@foreshard/core/demo';
import type { EventHost, HostProofStore, ProgressWatch } from '@foreshard/core/hosts';
import type { OperationStores } from '@foreshard/core/operations/handlers';
import type { PrefetchReport } from '@foreshard/core/prefetching';
import type { ChangeNotifier, TopologyMap, TopologyStore } from '@foreshard/core/topology';
import type { StateStores } from './consuming/index.ts';
import type { KnownToken } from './http/bearer.ts';
import type { EdgeMetrics } from './http/metrics.ts';
import type { TokenCheck } from './http/token-check.ts';
import type { Trace } from './http/trace.ts';
import type { OwnQuota, QuotaBook, QuotaRedis } from './limits/index.ts';
import type { FollowedMap } from './map/follower.ts';
import type { Expectations } from './prefetching/index.ts';
import type { RouteParts } from './serving/routes.ts';
import type { EdgeSettings } from './settings.ts';
import type { CappedStream } from './sharing/index.ts';

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
  /** of members that keep state */
  readonly checkpoints: Omit<StateStores, 'bytesMax'> & { readonly due: Pick<DueRecords, 'recent'> };
  /** hosts that nobody uses until a person has looked; never fails, never waits long */
  readonly hostAlarms: RouteParts['hostAlarms'];
  readonly identity: RouteParts['identity'];
  readonly hotKeys: HotKeyParts;
  /** for people */
  readonly publishCache: (report: CacheReport) => Promise<void>;
  readonly prefetching: {
    /** what workers report that keys will do, and what the policy says of it */
    readonly expectations: () => Promise<Expectations>;
    readonly publish: (report: PrefetchReport) => Promise<void>;
  };
  /** what operations are carried out on */
  readonly operations: (
    map: TopologyMap,
  ) => Omit<
    OperationStores,
    'groups' | 'groupService' | 'letters' | 'upkeep' | 'drill' | 'oldestEvent' | 'map' | 'onHost' | 'nowMs'
  >;
  /** where orders and denials are recorded */
  readonly audit: AuditWriter;
  /** of tokens and streams that have their own */
  readonly ownQuotas: () => Promise<readonly OwnQuota[]>;
  /** of each host, while a demo runs */
  readonly demoLimit: () => Promise<DemoLimit | undefined>;
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

export type Warn = (message: string, error: unknown) => void;

export type Fault = (error: unknown, trace?: Trace) => void;

/** What is there before an event can be taken. */
export interface Loaded {
  /** where clients reach this edge, as far as it knows */
  readonly publicUrl: string | undefined;
  readonly map: FollowedMap;
  readonly hosts: HostConnections;
  readonly tokens: TokenCheck;
  readonly quotas: QuotaBook;
  readonly metrics: EdgeMetrics;
  readonly warn: Warn;
  readonly fault: Fault;
}
