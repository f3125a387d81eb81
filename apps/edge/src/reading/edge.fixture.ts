/** An edge in this process on real Redis hosts, with the topology store in memory: for tests of what readers see. */
import { hash, randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { AssertionKey } from '@foreshard/core/access';
import {
  cacheReportsReader,
  prefetchReportsReader,
  publishCache,
  publishPrefetching,
} from '@foreshard/core/adapters/caching';
import { DatabaseUnreachable } from '@foreshard/core/adapters/control';
import { HostPool, openEventHost } from '@foreshard/core/adapters/event-hosts';
import { MemoryGroupStore, MemoryHostProofs, MemoryTopologyStore } from '@foreshard/core/adapters/memory';
import type { DemoLimit } from '@foreshard/core/demo';
import { DEDUP_LEAD_MICROS, type EventHost } from '@foreshard/core/hosts';
import { invariant } from '@foreshard/core/kernel';
import type { Range } from '@foreshard/core/keyspace';
import type { NotificationService } from '@foreshard/core/notifying';
import type { OperationStores } from '@foreshard/core/operations/handlers';
import type { HostAlarm } from '@foreshard/core/telemetry';
import {
  addHost,
  createStream,
  type Decision,
  EMPTY_TOPOLOGY,
  NO_FACTS,
  restructure,
  type Shardlet,
  type StreamRequest,
  settleOpening,
  settleRestructure,
  TopologyMap,
} from '@foreshard/core/topology';
import { type LocalServer, startRedis } from '@foreshard/local';
import { Redis } from 'ioredis';
import { MemoryAudit } from '../../../../packages/core/src/audit/audit-log.fixture.ts';
import { type RunningEdge, startEdge } from '../edge.ts';
import type { EdgeParts } from '../edge-parts.ts';
import type { KnownToken } from '../http/bearer.ts';
import type { OwnQuota } from '../limits/index.ts';
import type { Expectations } from '../prefetching/index.ts';

export const TOKEN = 'fsh_test';
/** whose pages may read from browsers */
export const PAGE_ORIGIN = 'https://app.example.com';
export const CACHE_BYTES = 8_000_000;
const HOST_KEY = 'foreshard:host';
const DEDUP = { windowMicros: 900_000_000, leadMicros: DEDUP_LEAD_MICROS };

const NO_QUOTA = { eventsPerSecond: undefined, bytesPerSecond: undefined };

export function knownToken(text: string, name: string, scopes: readonly string[]): KnownToken {
  return { id: text, name, hash: hash('sha256', text, 'hex'), scopes };
}

export interface Reply {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into whatever was answered
  readonly body: any;
}

function loss(id: number, seq: number, isClosed: boolean): Decision<Shardlet> {
  return {
    name: 'loss',
    needs: { shardlets: [id] },
    rule(view) {
      const shardlet = view.shardlet(id);
      invariant(shardlet !== undefined, `no shardlet ${id}`);
      const { version: epoch } = view;
      const lost = [...shardlet.lost, { epoch, seq }];
      const opening = { kind: 'opening' as const, job: { kind: 'raise' as const } };
      const raised = { ...shardlet, epoch, lost, state: isClosed ? shardlet.state : opening };
      return { kind: 'accept', puts: { shardlets: [raised] }, result: raised };
    },
  };
}

interface EdgeOn {
  readonly store: Pick<MemoryTopologyStore, 'snapshot' | 'changesAfter'>;
  readonly subscribe: (listener: (version: number) => void) => Promise<() => Promise<void>>;
  readonly holdMsMax: number;
  readonly dir: string;
  readonly port?: number;
  readonly redis?: Redis;
}

export interface WaitingEdge {
  readonly url: string;
  readonly commands: readonly string[];
  readonly release: () => void;
  readonly running: Promise<RunningEdge>;
}

export class EdgeFixture {
  readonly servers: LocalServer[];
  private readonly store: MemoryTopologyStore;
  private readonly dir: string;
  /** what edges share; tests may stop it */
  readonly controlRedis: LocalServer;
  private readonly redis: Redis;
  private edge!: RunningEdge;
  private map!: TopologyMap;
  private pool!: HostPool;
  /** known within a second, as soon as an unknown one is used */
  tokens: KnownToken[] = [knownToken(TOKEN, 'test', ['read', 'consume', 'ingest'])];
  /** of consoles */
  assertionKeys: AssertionKey[] = [];
  /** tells the edge that started last that tokens were changed */
  tokensChanged: () => void = () => {};
  /** what somebody has set; the edge reads it anew every few seconds */
  quotas: OwnQuota[] = [];
  /** what a demo has set */
  demoLimit: DemoLimit | undefined;
  /** what workers expect, and what the policy says of it */
  expectations: Expectations = { threshold: 0, keys: [] };
  /** what a worker has raised */
  readonly alarms = new Map<number, HostAlarm>();
  private notifyEdge: (version: number) => void = () => {};

  private constructor(servers: LocalServer[], controlRedis: LocalServer, dir: string) {
    this.servers = servers;
    this.controlRedis = controlRedis;
    this.redis = new Redis(controlRedis.url, { commandTimeout: 1_000, maxRetriesPerRequest: 1 });
    this.redis.on('error', () => {});
    this.dir = dir;
    this.store = new MemoryTopologyStore({ nowMicros: () => Date.now() * 1_000 });
  }

  static async start(hostCount: number): Promise<EdgeFixture> {
    const dir = await mkdtemp(join(tmpdir(), 'foreshard-reading-'));
    const [control, ...servers] = await Promise.all([
      startRedis({ dir: join(dir, 'control') }),
      ...Array.from({ length: hostCount }, (_, i) => startRedis({ dir: join(dir, `h${i}`) })),
    ]);
    const fixture = new EdgeFixture(servers, control, dir);
    await fixture.join();
    return fixture;
  }

  async stop(): Promise<void> {
    await this.edge.stop();
    await this.pool.close();
    this.redis.disconnect();
    await Promise.all([...this.servers, this.controlRedis].map((server) => server.stop()));
    await rm(this.dir, { recursive: true, force: true });
  }

  async createStream(request: StreamRequest): Promise<void> {
    await this.decide(createStream(request));
    await this.learn();
    for (const shardlet of this.map.shardlets()) {
      if (shardlet.state.kind !== 'opening') continue;
      await this.open(shardlet, []);
      await this.decide(settleOpening(shardlet.id, shardlet.epoch));
    }
    await this.caughtUp();
  }

  /** Until this edge's map is as new as the topology store. */
  async caughtUp(): Promise<void> {
    await this.learn();
    while ((await this.get('/readyz')).body.mapVersion < this.map.version) await sleep(5);
  }

  /** Roll, split or merge, to its end. */
  async restructure(parents: readonly Shardlet[], children: readonly Range[]): Promise<readonly Shardlet[]> {
    const request = { parents: parents.map(({ id, epoch }) => ({ id, epoch })), children };
    const made = (await this.decide(restructure(request))).children;
    const host = await this.host(parents[0]!.owner);
    const sealed = [];
    for (const { id, epoch } of parents) {
      await host.seal(id, epoch);
      const details = await host.describe(id);
      invariant('last' in details, 'the parent is gone');
      sealed.push({ id, finalSeq: details.lastSeq, finalTs: details.last });
    }
    for (const child of made) {
      const own = parents.filter((p) => child.parents.includes(p.id));
      await this.open(
        child,
        own.map((p) => ({ shardlet: p.id, epoch: p.epoch })),
      );
    }
    await this.decide(settleRestructure({ parents: sealed, children: made.map((c) => c.id) }));
    await this.learn();
    return made;
  }

  /** A roll that is decided and sealed; its child is opened, and the roll settled, by the answer. */
  async startRoll(parent: Shardlet): Promise<() => Promise<void>> {
    const { id, epoch } = parent;
    const request = { parents: [{ id, epoch }], children: [parent.range] };
    const [child] = (await this.decide(restructure(request))).children;
    const host = await this.host(parent.owner);
    await host.seal(id, epoch);
    const details = await host.describe(id);
    invariant('last' in details, 'the parent is gone');
    await this.caughtUp();
    return async () => {
      await this.open(child!, [{ shardlet: id, epoch }]);
      const parents = [{ id, finalSeq: details.lastSeq, finalTs: details.last }];
      await this.decide(settleRestructure({ parents, children: [child!.id] }));
      await this.caughtUp();
    };
  }

  /** What a host holds now; answers what brings it back to that, as a restored backup would. */
  async remember(hostId: number): Promise<() => Promise<void>> {
    const held = await this.onServer(hostId, async (redis) =>
      Promise.all((await redis.keys('*')).map(async (key) => ({ key, value: await redis.dumpBuffer(key) }))),
    );
    return () => this.goBack(hostId, held);
  }

  async flush(hostId: number): Promise<void> {
    await this.goBack(hostId, []);
  }

  /**
   * The host's count is far above all that was seen of it, at once, as if it had been overtaken: the edge does
   * not refuse the host by its count, and readers find out by what it holds.
   */
  private async goBack(hostId: number, held: readonly { key: string; value: Buffer }[]): Promise<void> {
    await this.onServer(hostId, async (redis) => {
      const overtaken = Number(await redis.hget(HOST_KEY, 'n')) + 1_000_000;
      const change = redis.multi().flushall();
      for (const { key, value } of held) change.restore(key, 0, value);
      const replies = await change.hset(HOST_KEY, 'n', overtaken).exec();
      for (const [error] of replies ?? []) if (error) throw error;
    });
  }

  /** A person accepts what a host has lost: its shardlets get new epochs, and are open again, or sealed. */
  async acceptLoss(
    stream: string,
    hostId: number,
    certainMax = Number.POSITIVE_INFINITY,
  ): Promise<Map<number, number>> {
    const host = await this.host(hostId);
    const lost = new Map<number, number>();
    for (const { id, owner, state } of [...this.map.shardlets(this.map.streamNamed(stream)!.id)]) {
      if (owner !== hostId) continue;
      const details = await host.describe(id);
      const seq = Math.min(certainMax, 'lastSeq' in details ? details.lastSeq : 0);
      const isClosed = state.kind === 'closed';
      const { epoch, range, stream: streamId } = await this.decide(loss(id, seq, isClosed));
      if ('lastSeq' in details) await host.raise(id, epoch);
      else await host.createOpen(id, epoch, { stream: streamId, range, dedup: DEDUP }, []);
      await (isClosed ? host.seal(id, epoch) : this.decide(settleOpening(id, epoch)));
      lost.set(id, seq);
    }
    await this.caughtUp();
    return lost;
  }

  private async onServer<R>(hostId: number, act: (redis: Redis) => Promise<R>): Promise<R> {
    const redis = new Redis(this.servers[hostId - 1]!.url);
    try {
      return await act(redis);
    } finally {
      redis.disconnect();
    }
  }

  leaves(stream: string): Shardlet[] {
    return [...this.map.leaves(this.map.streamNamed(stream)!.id)].sort((a, b) => a.id - b.id);
  }

  async host(id: number): Promise<EventHost> {
    return this.pool.get(id);
  }

  async decide<R>(decision: Decision<R>): Promise<R> {
    const reply = await this.store.decide(decision, 'test');
    invariant(reply.kind === 'decided', `refused: ${JSON.stringify(reply)}`);
    this.notifyEdge(reply.version);
    return reply.result;
  }

  /** REQUIRES at most 1,000 events; all must be stored. */
  async post(path: string, events: readonly object[]): Promise<Reply> {
    const body = events.map((event) => JSON.stringify(event)).join('\n');
    const reply = await this.send(path, { method: 'POST', body, contentType: 'application/x-ndjson' });
    invariant(reply.status === 200, `not stored: ${JSON.stringify(reply.body)}`);
    return reply;
  }

  readonly audit = new MemoryAudit();
  readonly authorization = { authorization: `Bearer ${TOKEN}` };

  async get(path: string, signal?: AbortSignal): Promise<Reply> {
    return this.send(path, signal === undefined ? { method: 'GET' } : { method: 'GET', signal });
  }

  /** The answer as it is; with the token, unless the request has an Authorization of its own. */
  async fetch(path: string, init: RequestInit): Promise<Response> {
    const headers = { authorization: `Bearer ${TOKEN}`, ...(init.headers as Record<string, string>) };
    return fetch(`${this.edge.url}${path}`, { ...init, headers });
  }

  get url(): string {
    return this.edge.url;
  }

  private async send(
    path: string,
    options: { method: string; body?: string; contentType?: string; signal?: AbortSignal },
  ): Promise<Reply> {
    const { method, body, contentType, signal } = options;
    const response = await fetch(`${this.edge.url}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${TOKEN}`,
        ...(contentType === undefined ? {} : { 'content-type': contentType }),
      },
      ...(body === undefined ? {} : { body }),
      ...(signal === undefined ? {} : { signal }),
    });
    const text = await response.text();
    return { status: response.status, body: JSON.parse(text) };
  }

  private async join(): Promise<void> {
    for (const [i, { url }] of this.servers.entries()) {
      const name = `h${i + 1}`;
      const candidate = {
        id: 1,
        name,
        engine: 'redis',
        url,
        incarnation: '',
        generation: 0,
        durability: 'always',
        state: 'active',
        ...NO_FACTS,
      } as const;
      const host = await openEventHost(candidate, undefined);
      const { incarnation } = await host.identify();
      const { hostId } = await this.decide(
        addHost({ name, engine: 'redis', url, incarnation, durability: 'always' }),
      );
      await host.adopt(hostId);
      await host.close();
    }
    this.map = new TopologyMap(EMPTY_TOPOLOGY);
    this.pool = new HostPool(this.map);
    await this.learn();
    await this.startEdge();
  }

  /** Another edge in the place of the one before: what that kept in memory is gone. */
  async restartEdge(): Promise<void> {
    await this.edge.stop();
    await this.startEdge();
  }

  private async startEdge(): Promise<void> {
    const subscribe = async (listener: (version: number) => void) => {
      this.notifyEdge = listener;
      return async () => {};
    };
    this.edge = await this.edgeOn({ store: this.store, subscribe, holdMsMax: 5_000, dir: this.dir });
  }

  /**
   * Another edge, which the topology store answers only when it is released; `redis`: the commands that it sent to
   * the control Redis.
   */
  async startWaiting(port: number): Promise<WaitingEdge> {
    let release = () => {};
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    const commands: string[] = [];
    const redis = new Proxy(this.redis, {
      get: (target, name) => {
        const member = Reflect.get(target, name);
        if (typeof member !== 'function') return member;
        return (...args: unknown[]) => {
          commands.push(String(name));
          return member.apply(target, args);
        };
      },
    });
    const running = this.edgeOn({
      store: {
        snapshot: () => released.then(() => this.store.snapshot()),
        changesAfter: (version, limit) => released.then(() => this.store.changesAfter(version, limit)),
      },
      subscribe: async () => async () => {},
      ...{ holdMsMax: 300, dir: join(this.dir, 'waiting'), port, redis },
    });
    return { url: `http://127.0.0.1:${port}`, commands, release, running };
  }

  /**
   * Another edge, whose map stands still although the topology store answers it, until it is thawed. The caller stops
   * it.
   */
  async startFrozen(): Promise<RunningEdge & { thaw(): void }> {
    let isFrozen = false;
    const store: Pick<MemoryTopologyStore, 'snapshot' | 'changesAfter'> = {
      snapshot: () => this.store.snapshot(),
      changesAfter: async (version, limit) => (isFrozen ? [] : this.store.changesAfter(version, limit)),
    };
    const subscribe = async () => async () => {};
    const dir = join(this.dir, 'frozen');
    const running = await this.edgeOn({ store, subscribe, holdMsMax: 300, dir });
    isFrozen = true;
    return {
      ...running,
      thaw() {
        isFrozen = false;
      },
    };
  }

  private edgeOn({
    store,
    subscribe,
    holdMsMax,
    dir,
    port = 0,
    redis = this.redis,
  }: EdgeOn): Promise<RunningEdge> {
    return startEdge({
      settings: {
        databaseUrl: '',
        redisUrl: '',
        topologyUrl: undefined,
        dataDir: dir,
        edgeId: 'edge-test',
        host: '127.0.0.1',
        port,
        publicUrl: undefined,
        corsOrigins: [PAGE_ORIGIN],
        bodyBytesMax: 8_388_608,
        eventBytesMax: 1_048_576,
        inFlightBytesMax: 268_435_456,
        holdMsMax,
        checkpointPlace: { kind: 'postgres' },
        checkpointBytesMax: 1_048_576,
        cacheBytes: CACHE_BYTES,
        headersMsMax: 10_000,
        requestMsMax: 30_000,
        refreshMs: 200,
        tokenStaleMsMax: 86_400_000,
        ownerSignInMs: 30 * 86_400_000,
        metricsPublic: false,
        quotaOfEach: { token: NO_QUOTA, stream: NO_QUOTA },
        profileShare: 0,
        ...{ webhookNetworks: [], serverNetworks: undefined, networksWarning: undefined },
        consoleUrl: undefined,
        profileFields: {},
        logLevel: 'silent',
      },
      store,
      notifier: { subscribe },
      audit: this.audit,
      ownQuotas: async () => this.quotas,
      demoLimit: async () => this.demoLimit,
      operations: () => this.operations(),
      // there is no planner beside this edge, and nobody asks for one
      hotKeys: { report: async () => {} } as unknown as EdgeParts['hotKeys'],
      publishCache: (report) => publishCache(redis, report),
      prefetching: {
        expectations: async () => this.expectations,
        publish: (report) => publishPrefetching(redis, report),
      },
      hostAlarms: async () => this.alarms,
      identity: async () => ({ id: 'a', name: 'test' }),
      proofs: new MemoryHostProofs(),
      groups: new MemoryGroupStore({ nowMicros: () => Date.now() * 1_000 }),
      checkpoints: noCheckpoints(),
      markTokensUsed: async () => {},
      activeHashes: async () => this.tokens,
      assertionKeys: async () => this.assertionKeys,
      onTokensChange: async (listener) => {
        this.tokensChanged = listener;
        return async () => {};
      },
      redis,
      connectHosts: (map) => new HostPool(map),
      log: { info: () => {}, warn: () => {}, error: (fields, message) => console.error(message, fields) },
    });
  }

  /** The topology store in memory takes orders; there is no PostgreSQL here, where moves would be kept. */
  private operations(): ReturnType<EdgeParts['operations']> {
    const away = async (): Promise<never> => {
      throw new DatabaseUnreachable('there is none');
    };
    const absent = new Proxy({}, { get: () => away }) as never;
    return {
      topology: this.store,
      ...{ moves: absent, recommendations: absent, plans: absent, policies: absent, inquiries: absent },
      ...{
        checkpoints: absent,
        measuredRecoveries: absent,
        clusters: absent,
        models: absent,
        audit: absent,
        chainState: async () => undefined,
      },
      ...{
        people: absent,
        sessions: absent,
        devices: absent,
        links: absent,
        passwords: absent,
        newSecret: absent,
      },
      ...{ sessionIdleMs: 0, consoleUrl: undefined },
      proofs: { remembered: away },
      onRun: away,
      drainFacts: async () => ({ fills: new Map(), loads: new Map(), away: new Map() }),
      wake: async () => {},
      cacheReports: cacheReportsReader(this.redis),
      prefetchReports: prefetchReportsReader(this.redis),
      admit: away,
      countedKeys: async () => undefined,
      groupProgress: { recent: async () => [], firsts: async () => new Map() },
      groupOutlooks: { of: async () => undefined, all: async () => [] },
      recoveries: { recent: async () => [], over: async () => new Map() },
      ...{ ruleHistory: async () => undefined, breathe: async () => {} },
      arrivals: async () => undefined,
      hints: { add: away, list: async () => [], remove: async () => false, restore: async () => false },
      annotations: absent,
      ...{ demo: absent, recentLoad: away, newSeed: () => 1, slices: absent },
      ...{ newId: randomUUID, wakeClusters: away },
      ...({} as Pick<OperationStores, 'clusters' | 'blocks' | 'recommendations' | 'inquiries'>),
      notifications: { store: {} } as NotificationService,
      quotas: { list: away, set: away, remove: away },
      tokens: { create: away, list: away, revoke: away, rotate: away },
    };
  }

  private async open(
    shardlet: Shardlet,
    parents: readonly { shardlet: number; epoch: number }[],
  ): Promise<void> {
    const { id, epoch, stream, range } = shardlet;
    const host = await this.host(shardlet.owner);
    const reply = await host.createOpen(id, epoch, { stream, range, dedup: DEDUP }, parents);
    invariant(reply.kind === 'created', `not created: ${JSON.stringify(reply)}`);
  }

  private async learn(): Promise<void> {
    for (const change of await this.store.changesAfter(this.map.version, 1_000)) this.map.apply(change);
  }
}

/** Members that keep state need PostgreSQL. */
function noCheckpoints(): EdgeParts['checkpoints'] {
  const absent = new Proxy({}, { get: () => rejects }) as never;
  return { records: absent, recoveries: absent, due: absent, stores: absent, digestOf: () => '' };
}

async function rejects(): Promise<never> {
  throw new DatabaseUnreachable('there is none');
}
