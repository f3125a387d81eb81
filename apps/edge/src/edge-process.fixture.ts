/**
 * An edge process on real servers of its own (the topology store on PostgreSQL, a control Redis, Redis hosts) and a
 * worker that opens shardlets and readmits hosts: for tests that stop and kill what they like.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Control, connectControl } from '@foreshard/core/adapters/control';
import { connectAnyHost } from '@foreshard/core/adapters/event-hosts';
import {
  addHost,
  createStream,
  type Decision,
  type StreamRequest,
  type Topology,
} from '@foreshard/core/topology';
import { freePort, type LocalServer, startPostgres, startRedis, temporaryFolder } from '@foreshard/local';
import { migratedDatabase } from '../../../packages/core/src/adapters/prisma/migrated-database.fixture.ts';

export const EDGE = new URL('main.ts', import.meta.url).pathname;
export const WORKER = new URL('../../worker/src/main.ts', import.meta.url).pathname;
const POLL_MS = 20;
const PATIENCE_MS = 30_000;

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into whatever was answered
  readonly body: any;
}

export interface SentEvent {
  readonly id: string;
  readonly subject: string;
}

export function eventOf({ id, subject }: SentEvent): object {
  return { specversion: '1.0', id, source: '/test', type: 'tested', subject };
}

export class EdgeCluster {
  private readonly ownPostgres: LocalServer | undefined;
  readonly controlRedis: LocalServer;
  readonly hosts: readonly LocalServer[];
  readonly control: Control;
  readonly dataDir: string;
  /** of every process that is not given another one */
  readonly databaseUrl: string;
  edgeUrl = '';
  token = '';
  private readonly environment: Record<string, string>;
  private readonly removeFolder: () => Promise<void>;
  private edge: ChildProcess | undefined;
  private worker: ChildProcess | undefined;
  private readonly others: ChildProcess[] = [];

  /**
   * `sharedPostgres`: the topology store is a database of that server, which others use as well; else of one that may
   * be stopped.
   */
  /** `settings`: of every process. `postgresHosts`: so many hosts more, behind those on Redis. */
  static async start(
    hostCount: number,
    sharedPostgres?: string,
    settings: Readonly<Record<string, string>> = {},
    postgresHosts = 0,
  ): Promise<EdgeCluster> {
    const folder = await temporaryFolder('edge');
    const [ownPostgres, controlRedis, ...hosts] = await Promise.all([
      sharedPostgres === undefined ? startPostgres({ dir: join(folder.path, 'postgres') }) : undefined,
      startRedis({ dir: join(folder.path, 'control') }),
      ...Array.from({ length: hostCount }, (_, i) => startRedis({ dir: join(folder.path, `host-${i}`) })),
      ...Array.from({ length: postgresHosts }, (_, i) =>
        startPostgres({ dir: join(folder.path, `postgres-host-${i}`) }),
      ),
    ]);
    const databaseUrl = await migratedDatabase(sharedPostgres ?? ownPostgres!.url, 'edge');
    const cluster = new EdgeCluster({ ownPostgres, controlRedis, hosts, databaseUrl, folder, settings });
    for (const host of hosts) await cluster.join(host);
    cluster.token = (await cluster.control.tokens.create({ name: 'test' })).plaintext;
    await cluster.startWorker();
    return cluster;
  }

  private constructor(parts: {
    ownPostgres: LocalServer | undefined;
    controlRedis: LocalServer;
    hosts: readonly LocalServer[];
    databaseUrl: string;
    folder: { path: string; remove(): Promise<void> };
    settings: Readonly<Record<string, string>>;
  }) {
    this.ownPostgres = parts.ownPostgres;
    this.controlRedis = parts.controlRedis;
    this.hosts = parts.hosts;
    this.dataDir = join(parts.folder.path, 'data');
    this.removeFolder = () => parts.folder.remove();
    const { databaseUrl } = parts;
    this.databaseUrl = databaseUrl;
    this.environment = {
      DATABASE_URL: databaseUrl,
      REDIS_URL: parts.controlRedis.url,
      FORESHARD_DATA_DIR: this.dataDir,
      ...parts.settings,
    };
    this.control = connectControl({ databaseUrl, redisUrl: parts.controlRedis.url, actor: 'test' });
  }

  get postgres(): LocalServer {
    if (this.ownPostgres === undefined) throw new Error('this PostgreSQL serves other tests as well');
    return this.ownPostgres;
  }

  async stop(): Promise<void> {
    await this.stopEdge('SIGKILL');
    await Promise.all([this.worker, ...this.others].map((child) => ended(child, 'SIGKILL')));
    await this.control.close();
    await Promise.all([...this.hosts, this.controlRedis, this.ownPostgres].map((server) => server?.stop()));
    await this.removeFolder();
  }

  async startEdge(env: Record<string, string> = {}): Promise<void> {
    const port = env.EDGE_PORT ?? String(await freePort());
    this.edgeUrl = `http://127.0.0.1:${port}`;
    this.edge = this.spawn(EDGE, { EDGE_PORT: port, ...env });
    await until('the edge is ready', async () => (await fetch(`${this.edgeUrl}/readyz`)).ok);
  }

  /** One more, beside the edge that tests ask; answers its address. */
  async startAnotherEdge(): Promise<string> {
    const port = String(await freePort());
    const url = `http://127.0.0.1:${port}`;
    this.others.push(this.spawn(EDGE, { EDGE_PORT: port }));
    await until('the other edge is ready', async () => (await fetch(`${url}/readyz`)).ok);
    return url;
  }

  /** One that the test kills itself; what is left of it ends with the cluster. */
  startProcess(script: string, env: Readonly<Record<string, string>>): ChildProcess {
    const child = this.spawn(script, env);
    this.others.push(child);
    return child;
  }

  /** Answers the exit code. */
  async stopEdge(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    const { edge } = this;
    this.edge = undefined;
    return ended(edge, signal);
  }

  async startWorkerAgain(): Promise<void> {
    await ended(this.worker, 'SIGKILL');
    await this.startWorker();
  }

  private async startWorker(): Promise<void> {
    this.worker = this.spawn(WORKER, { WORKER_PORT: String(await freePort()) });
  }

  async createStream(request: StreamRequest): Promise<void> {
    await this.decide(createStream(request));
    await this.settled();
  }

  /** Until every decision is carried out and this edge knows it. */
  async settled(): Promise<void> {
    await this.control.jobs.wake('reconcile');
    await until('every shardlet is settled', async () => isSettled(await this.control.topology.snapshot()));
    if (this.edge === undefined) return;
    const { version } = await this.control.topology.snapshot();
    await until('the edge is up to date', async () => (await this.get('/readyz')).body.mapVersion >= version);
  }

  async decide<R>(decision: Decision<R>): Promise<R> {
    const reply = await this.control.topology.decide(decision, 'test');
    if (reply.kind === 'refused') throw new Error(`${decision.name}: ${reply.refusal.detail}`);
    return reply.result;
  }

  async get(path: string): Promise<Answer> {
    return this.send(path, { method: 'GET' });
  }

  async post(events: readonly object[], path = '/v1/events'): Promise<Answer> {
    const body = events.map((event) => JSON.stringify(event)).join('\n');
    return this.send(path, { method: 'POST', body, headers: { 'content-type': 'application/x-ndjson' } });
  }

  async send(path: string, init: RequestInit): Promise<Answer> {
    const headers = { authorization: `Bearer ${this.token}`, ...(init.headers as Record<string, string>) };
    const response = await fetch(`${this.edgeUrl}${path}`, { ...init, headers });
    const text = await response.text();
    const isJson = /json/.test(response.headers.get('content-type') ?? '');
    return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : text };
  }

  /** Every event of `main`, as the global log gives it. */
  async log(): Promise<{ event: SentEvent; ts: number }[]> {
    const events: { event: SentEvent; ts: number }[] = [];
    for (let from = 'oldest'; ; ) {
      const { status, body } = await this.get(`/v1/log?limit=1000&from=${encodeURIComponent(from)}`);
      if (status !== 200) throw new Error(JSON.stringify(body));
      events.push(...body.events);
      if (body.atHead && body.events.length === 0) return events;
      from = body.next;
    }
  }

  private async join({ url, port }: LocalServer): Promise<void> {
    const engine = url.startsWith('redis:') ? 'redis' : 'postgres';
    const host = await connectAnyHost({ engine, url });
    const { incarnation } = await host.identify();
    const name = engine === 'redis' ? url : `postgres-${port}`;
    const request = { name, engine, url, incarnation, durability: 'always' } as const;
    const { hostId } = await this.decide(addHost(request));
    await host.adopt(hostId);
    await host.close();
  }

  private spawn(script: string, env: Readonly<Record<string, string>>): ChildProcess {
    const wantsLog = process.env.FORESHARD_TEST_LOG !== undefined;
    return spawn(process.execPath, [script], {
      env: { ...process.env, ...this.environment, LOG_LEVEL: 'info', ...env },
      stdio: ['ignore', wantsLog ? 'inherit' : 'ignore', 'inherit'],
    });
  }
}

function isSettled({ shardlets, hosts }: Topology): boolean {
  const resting = ['open', 'closed', 'gone'];
  return (
    shardlets.every(({ state }) => resting.includes(state.kind)) &&
    hosts.every(({ state }) => state === 'active')
  );
}

async function ended(child: ChildProcess | undefined, signal: NodeJS.Signals): Promise<number | null> {
  if (child === undefined || child.exitCode !== null || child.signalCode !== null)
    return child?.exitCode ?? null;
  child.kill(signal);
  await once(child, 'exit');
  return child.exitCode;
}

export async function until(
  what: string,
  check: () => Promise<boolean>,
  patienceMs = PATIENCE_MS,
): Promise<void> {
  const deadline = performance.now() + patienceMs;
  while (!(await check().catch(() => false))) {
    if (performance.now() > deadline) throw new Error(`not in time: ${what}`);
    await sleep(POLL_MS);
  }
}
