/**
 * A cluster for one live run: the topology store, a control Redis, four Redis hosts behind throttled lines, the edge
 * and the worker, all on one fast clock; everything of it is new, and removed afterwards.
 */
import { join } from 'node:path';
import { type Control, connectControl } from '@foreshard/core/adapters/control';
import { applyMigrations } from '@foreshard/core/adapters/prisma';
import { policySchema } from '@foreshard/core/planning';
import { createStream } from '@foreshard/core/topology';
import { createDatabase, freePort, type LocalServer, startPostgres, startRedis } from '@foreshard/local';
import { start, waitUntil } from '../measure/child.ts';
import { decide, HOST_SETTINGS, joinHost } from '../measure/cluster.ts';
import { type ThrottledLine, throttledLine } from './throttled-line.ts';

const ROOT = new URL('../../../', import.meta.url).pathname;
const READY_WITHIN_MS = 60_000;
const HOSTS = 4;
export const SHARDLETS = 64;
/** what an edge holds an event for before it refuses it with 503, ms of the real clock */
const HOLD_MS = 2_000;
const CLIENT_MS = 30_000;
/** of hosts: held load is copied, so hours of it would make moves longer than the run */
const RETENTION_MS = 3_600_000;

export interface LiveCluster {
  readonly edgeUrl: string;
  readonly token: string;
  readonly control: Control;
  readonly lines: readonly ThrottledLine[];
  /** what further processes of the cluster are told */
  readonly environment: Readonly<Record<string, string>>;
  readonly streamId: number;
  close(): Promise<void>;
}

export interface LiveOptions {
  readonly dir: string;
  readonly rate: number;
  readonly clock: Readonly<Record<string, string>>;
}

export async function startLive({ dir, rate, clock }: LiveOptions): Promise<LiveCluster> {
  const closing: (() => Promise<void>)[] = [];
  const close = async () => {
    for (const one of closing.reverse()) await one();
  };
  const kept = <S extends LocalServer>(server: S): S => {
    closing.push(() => server.stop());
    return server;
  };
  try {
    const postgres = kept(await startPostgres({ dir: join(dir, 'postgres'), env: clock }));
    const redis = kept(
      await startRedis({ dir: join(dir, 'control'), config: { appendfsync: 'everysec' }, env: clock }),
    );
    const databaseUrl = await createDatabase(postgres.url, 'live');
    await applyMigrations(databaseUrl, join(ROOT, 'prisma/migrations'));
    const control = connectControl({ databaseUrl, redisUrl: redis.url, actor: 'bench' });
    closing.push(() => control.close());
    const lines: ThrottledLine[] = [];
    for (let n = 1; n <= HOSTS; n++) {
      const host = kept(await startRedis({ dir: join(dir, `host-${n}`), config: HOST_SETTINGS, env: clock }));
      const line = await throttledLine(host.port);
      closing.push(() => line.stop());
      lines.push(line);
      await joinHost(control, `host-${n}`, `redis://127.0.0.1:${line.port}`);
    }
    const settings = { retentionMs: RETENTION_MS };
    const { streamId } = await decide(
      control,
      createStream({ name: 'main', shardCount: SHARDLETS, settings }),
    );
    const { plaintext: token } = await control.tokens.create({ name: 'bench' });
    const environment = {
      ...clock,
      DATABASE_URL: databaseUrl,
      REDIS_URL: redis.url,
      FORESHARD_DATA_DIR: dir,
      LOG_LEVEL: 'error',
    };
    const workerPort = String(await freePort());
    const worker = start(join(ROOT, 'apps/worker/src/main.ts'), [], {
      ...environment,
      WORKER_PORT: workerPort,
    });
    closing.push(() => worker.stop());
    await waitUntil('every shardlet is open', READY_WITHIN_MS, async () => {
      const { shardlets } = await control.topology.snapshot();
      return shardlets.every((s) => s.state.kind === 'open');
    });
    const port = await freePort();
    const edgeUrl = `http://127.0.0.1:${port}`;
    const edge = start(join(ROOT, 'apps/edge/src/main.ts'), [], {
      ...environment,
      EDGE_PORT: String(port),
      EDGE_HOLD_MS_MAX: String(HOLD_MS * rate),
      // the clients live on the real clock
      EDGE_HEADERS_MS_MAX: String(CLIENT_MS * rate),
      EDGE_REQUEST_MS_MAX: String(CLIENT_MS * rate),
    });
    closing.push(() => edge.stop());
    await waitUntil('the edge is ready', READY_WITHIN_MS, async () => (await fetch(`${edgeUrl}/readyz`)).ok);
    return { edgeUrl, token, control, lines, environment, streamId, close };
  } catch (error) {
    await close();
    throw error;
  }
}

export type LivePolicy = 'reactive' | 'predictive';

/**
 * The product's own policy in mode `auto`, with the capacity the hosts have. Reactive: the same planner looks at what
 * was measured only.
 */
export async function setPolicy(
  { control }: LiveCluster,
  name: LivePolicy,
  eventsPerSecond: number,
): Promise<void> {
  const createdMs = Date.now();
  const policy = policySchema.parse({
    name,
    mode: 'auto',
    capacity: { events_per_second: eventsPerSecond },
    auto: { minimum_confidence: 0 },
    ...(name === 'reactive' ? { forecast: { horizon: 0, peak_horizon: 0 } } : {}),
  });
  const change = { from: 0, policy, actor: 'bench', note: 'live run', createdMs, effectiveMs: createdMs };
  if ((await control.policies.add(change)) === undefined) throw new Error('the policy was not taken');
}
