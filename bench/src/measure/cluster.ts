/**
 * A whole product for a bench, in a folder that is removed afterwards: PostgreSQL for the topology store, a control
 * Redis, one Redis host, a worker until every shardlet is open, and one edge in a process of its own.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Control, connectControl } from '@foreshard/core/adapters/control';
import { connectAnyHost } from '@foreshard/core/adapters/event-hosts';
import { applyMigrations } from '@foreshard/core/adapters/prisma';
import { addHost, createStream, type Decision, SHARDS_MAX } from '@foreshard/core/topology';
import { createDatabase, freePort, type LocalServer, startPostgres, startRedis } from '@foreshard/local';
import type { BenchOptions } from '../bench.ts';
import { type Child, start, waitUntil } from './child.ts';
import { buildSlowSync } from './slow-sync.ts';

const ROOT = new URL('../../../', import.meta.url).pathname;
const READY_WITHIN_MS = 60_000;

export interface BenchCluster {
  readonly edgeUrl: string;
  readonly edgePid: number;
  readonly token: string;
  readonly control: Control;
  /** the Redis that owns every shardlet */
  readonly host: LocalServer;
  /** a Redis with the same settings for what we compare with */
  readonly yardstick: LocalServer;
  readonly postgres: LocalServer;
  readonly controlRedis: LocalServer;
  readonly dir: string;
  /** what further processes of the cluster are told */
  readonly environment: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

export async function startCluster({ shardlets, fsyncMs }: BenchOptions): Promise<BenchCluster> {
  const dir = await mkdtemp(join(tmpdir(), 'foreshard-bench-'));
  const env: Record<string, string> = fsyncMs > 0 ? { LD_PRELOAD: await buildSlowSync(dir, fsyncMs) } : {};
  const servers: LocalServer[] = [];
  const children: Child[] = [];
  const postgres = await startPostgres({ dir: join(dir, 'postgres') });
  servers.push(postgres);
  const controlRedis = await startRedis({ dir: join(dir, 'control'), config: { appendfsync: 'everysec' } });
  servers.push(controlRedis);
  const host = await startRedis({ dir: join(dir, 'host'), config: HOST_SETTINGS, env });
  servers.push(host);
  const yardstick = await startRedis({
    dir: join(dir, 'yardstick'),
    config: HOST_SETTINGS,
    env,
  });
  servers.push(yardstick);

  const databaseUrl = await createDatabase(postgres.url, 'bench');
  await applyMigrations(databaseUrl, join(ROOT, 'prisma/migrations'));
  const control = connectControl({ databaseUrl, redisUrl: controlRedis.url, actor: 'bench' });
  await joinHost(control, 'bench', host.url);
  await decide(control, createStream({ name: 'main', ...shardsFor(shardlets) }));
  const { plaintext: token } = await control.tokens.create({ name: 'bench' });

  const environment = { DATABASE_URL: databaseUrl, REDIS_URL: controlRedis.url, FORESHARD_DATA_DIR: dir };
  await openAll(control, environment);
  const edgePort = await freePort();
  const edgeUrl = `http://127.0.0.1:${edgePort}`;
  const edge = start(join(ROOT, 'apps/edge/src/main.ts'), [], {
    ...environment,
    EDGE_PORT: String(edgePort),
    LOG_LEVEL: 'error',
  });
  children.push(edge);
  await waitUntil('the edge is ready', READY_WITHIN_MS, async () => (await fetch(`${edgeUrl}/readyz`)).ok);

  return {
    edgeUrl,
    edgePid: edge.process.pid!,
    token,
    control,
    host,
    yardstick,
    postgres,
    controlRedis,
    dir,
    environment,
    async close() {
      for (const child of children) await child.stop();
      await control.close();
      for (const server of servers.reverse()) await server.stop();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

/** A rewrite of the append-only file in the middle of a round would be measured as if it were the code. */
export const HOST_SETTINGS = { 'auto-aof-rewrite-percentage': '0' };

export async function joinHost(control: Control, name: string, url: string): Promise<void> {
  const host = await connectAnyHost({ engine: 'redis', url });
  const { incarnation } = await host.identify();
  const { hostId } = await decide(
    control,
    addHost({ name, engine: 'redis', url, incarnation, durability: 'always' }),
  );
  await host.adopt(hostId);
  await host.close();
}

export async function decide<R>(control: Control, decision: Decision<R>): Promise<R> {
  const reply = await control.topology.decide(decision, 'bench');
  if (reply.kind === 'refused') throw new Error(`${decision.name}: ${reply.refusal.detail}`);
  return reply.result;
}

function shardsFor(shardlets: number): { shardCount: number; shardletsPerShard: number } {
  const shardletsPerShard = Math.ceil(shardlets / SHARDS_MAX);
  return { shardCount: Math.ceil(shardlets / shardletsPerShard), shardletsPerShard };
}

/** Runs a worker until the topology store knows every shardlet as open. */
async function openAll(control: Control, environment: Record<string, string>): Promise<void> {
  const worker = start(join(ROOT, 'apps/worker/src/main.ts'), [], {
    ...environment,
    WORKER_PORT: String(await freePort()),
    LOG_LEVEL: 'error',
  });
  await control.jobs.wake('reconcile');
  await waitUntil('every shardlet is open', 10 * READY_WITHIN_MS, async () => {
    const { shardlets } = await control.topology.snapshot();
    return shardlets.every((s) => s.state.kind === 'open');
  });
  await worker.stop();
}
