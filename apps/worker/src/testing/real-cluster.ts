/**
 * A cluster of real servers for the contract tests: the topology store on PostgreSQL, a control Redis, Redis hosts,
 * and worker processes that can be killed.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Control, connectControl } from '@foreshard/core/adapters/control';
import { connectAnyHost, HostPool, openEventHost } from '@foreshard/core/adapters/event-hosts';
import { type AppendReply, type EventHost, FRAME_HEADER_BYTES, writeFrame } from '@foreshard/core/hosts';
import { identify } from '@foreshard/core/keyspace';
import { dedupIn } from '@foreshard/core/moves';
import {
  addHost,
  createStream,
  type Decision,
  type MapFollower,
  type Shardlet,
  type StreamRequest,
  type TopologyMap,
} from '@foreshard/core/topology';
import { createDatabase, freePort, type LocalServer, startRedis } from '@foreshard/local';
import { pino } from 'pino';
import { migratedDatabase } from '../../../../packages/core/src/adapters/prisma/migrated-database.fixture.ts';
import { followedMap } from '../map/follower.ts';

const MAIN = new URL('../main.ts', import.meta.url).pathname;
const POLL_MS = 50;

export const silent = pino({ level: 'silent' });

export interface WorkerProcess {
  readonly port: number;
  readonly process: ChildProcess;
  readonly ended: Promise<number | null>;
}

let clusters = 0;

export class RealCluster {
  readonly hosts: readonly LocalServer[];
  readonly controlRedis: LocalServer;
  readonly control: Control;
  readonly follower: MapFollower;
  readonly pool: HostPool;
  readonly databaseUrl: string;
  private readonly dir: string;
  private readonly workers: WorkerProcess[] = [];

  static async start(postgresUrl: string, hostCount: number): Promise<RealCluster> {
    const dir = await mkdtemp(join(tmpdir(), 'foreshard-worker-'));
    const databaseUrl = await migratedDatabase(postgresUrl, 'worker');
    const servers = await Promise.all(
      Array.from({ length: hostCount + 1 }, (_, i) => startRedis({ dir: join(dir, `redis-${i}`) })),
    );
    const [controlRedis, ...hosts] = servers as [LocalServer, ...LocalServer[]];
    const control = connectControl({ databaseUrl, redisUrl: controlRedis.url, actor: 'test' });
    const follower = await followedMap(
      { store: control.topology, notifier: control.notifier, nowMs: () => Date.now() },
      () => {},
    );
    const cluster = new RealCluster(dir, databaseUrl, controlRedis, hosts, control, follower);
    for (const host of hosts) await cluster.join(host);
    return cluster;
  }

  private constructor(
    dir: string,
    databaseUrl: string,
    controlRedis: LocalServer,
    hosts: readonly LocalServer[],
    control: Control,
    follower: MapFollower,
  ) {
    this.dir = dir;
    this.databaseUrl = databaseUrl;
    this.controlRedis = controlRedis;
    this.hosts = hosts;
    this.control = control;
    this.follower = follower;
    this.pool = new HostPool(follower.map);
  }

  get map(): TopologyMap {
    return this.follower.map;
  }

  async stop(): Promise<void> {
    for (const worker of this.workers) worker.process.kill('SIGKILL');
    await Promise.all(this.workers.map((w) => w.ended));
    await this.pool.close();
    await this.follower.stop();
    await this.control.close();
    await Promise.all([this.controlRedis, ...this.hosts].map((server) => server.stop()));
    await rm(this.dir, { recursive: true, force: true });
  }

  startWorker = async (env: Record<string, string> = {}): Promise<WorkerProcess> => {
    const port = await freePort();
    const child = spawn(process.execPath, [MAIN], {
      env: {
        ...process.env,
        DATABASE_URL: this.databaseUrl,
        REDIS_URL: this.controlRedis.url,
        FORESHARD_DATA_DIR: this.dir,
        WORKER_PORT: String(port),
        ...env,
      },
      stdio: ['ignore', process.env.FORESHARD_TEST_LOG === undefined ? 'ignore' : 'inherit', 'inherit'],
    });
    const ended = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)));
    const worker = { port, process: child, ended };
    this.workers.push(worker);
    return worker;
  };

  /** @throws when the topology store refuses */
  async decide<R>(decision: Decision<R>): Promise<R> {
    const reply = await this.control.topology.decide(decision, 'test');
    if (reply.kind === 'refused') throw new Error(`${decision.name}: ${reply.refusal.detail}`);
    await this.follower.upToDate();
    return reply.result;
  }

  async createStream(request: Partial<StreamRequest> & { name: string }): Promise<number> {
    return (await this.decide(createStream({ shardCount: 8, ...request }))).streamId;
  }

  /** A database of this server as one more host. */
  async addPostgresHost(postgresUrl: string): Promise<number> {
    const url = await createDatabase(postgresUrl, `worker_host_${process.pid}_${++clusters}`);
    return this.join({ url }, 'postgres');
  }

  private async join({ url }: { url: string }, engine: 'redis' | 'postgres' = 'redis'): Promise<number> {
    const host = await connectAnyHost({ engine, url });
    const { incarnation } = await host.identify();
    const request = { name: url.slice(-60), engine, url, incarnation, durability: 'always' } as const;
    const { hostId } = await this.decide(addHost(request));
    await host.adopt(hostId);
    await host.close();
    return hostId;
  }

  /** In the order of ids. */
  open(stream: number): Shardlet[] {
    return [...this.map.shardlets(stream)].filter((s) => s.state.kind === 'open').sort((a, b) => a.id - b.id);
  }

  /** @throws HostUnreachable */
  async append(shardlet: Shardlet, id: string): Promise<AppendReply> {
    return appendTo(await this.pool.get(shardlet.owner), this.map, shardlet, id);
  }

  /** The ids of all events of a shardlet, in order. */
  async read(shardlet: Shardlet): Promise<string[]> {
    const host = await this.pool.get(shardlet.owner);
    const ids: string[] = [];
    for (let from = 1; ; ) {
      const reply = await host.read(shardlet.id, from, 0, { maxRecords: 1_000, maxBytes: 1_000_000 });
      if (reply.kind !== 'records') throw new Error(`shardlet ${shardlet.id} answers ${reply.kind}`);
      for (const { frame } of reply.records) ids.push(idOf(frame));
      from = reply.nextSeq;
      if (reply.atEnd) return ids;
    }
  }

  /** A handle on whatever runs at the address of the host, beside what the topology store trusts. */
  async openAnyRun(host: number): Promise<EventHost> {
    return openEventHost(this.map.host(host)!, undefined);
  }

  async until(what: string, holds: () => boolean | Promise<boolean>, withinMs = 30_000): Promise<void> {
    const deadline = Date.now() + withinMs;
    for (;;) {
      await this.follower.upToDate().catch(() => {});
      if (await holds()) return;
      if (Date.now() > deadline) throw new Error(`not within ${withinMs} ms: ${what}`);
      await sleep(POLL_MS);
    }
  }
}

export async function appendTo(
  host: EventHost,
  map: TopologyMap,
  shardlet: Shardlet,
  id: string,
): Promise<AppendReply> {
  const { id: shardletId, epoch } = shardlet;
  const group = {
    shardlet: shardletId,
    epoch,
    edgeTs: Date.now() * 1_000,
    tokenTs: 0,
    dedup: dedupIn(map, shardlet),
    frames: frameAt(shardlet, id),
    count: 1,
  };
  return (await host.append([group]))[0]!;
}

function frameAt({ range }: Shardlet, id: string): Uint8Array {
  const identity = new Uint32Array(4);
  identify(range.from.hi, 'test', id, identity);
  const payload = new TextEncoder().encode(JSON.stringify({ id }));
  const frame = new Uint8Array(FRAME_HEADER_BYTES + payload.length);
  writeFrame(frame, 0, range.from.hi, identity, payload, 0, payload.length);
  return frame;
}

function idOf(frame: Uint8Array): string {
  return JSON.parse(new TextDecoder().decode(frame.subarray(FRAME_HEADER_BYTES))).id;
}

export async function probe(
  worker: WorkerProcess,
  path: string,
  token?: string,
): Promise<{ status: number; body: string }> {
  try {
    const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
    const response = await fetch(`http://127.0.0.1:${worker.port}${path}`, { headers });
    return { status: response.status, body: await response.text() };
  } catch {
    return { status: 0, body: '' };
  }
}
