/**
 * A cluster of 400 hosts and 100,000 shardlets for people, screenshots and the bench of the console: a PostgreSQL
 * with the topology store and the telemetry, and a control Redis to which somebody keeps telling. Its hosts do not
 * exist, so nothing can be appended or moved; everything that the console reads of the control plane is there. It
 * says of itself that it is made up: its stream is loaded by a function (load-shape.ts), not by people.
 */
import { join } from 'node:path';
import { connectControl } from '@foreshard/core/adapters/control';
import { createAdministrator } from '@foreshard/core/adapters/identity';
import { applyMigrations } from '@foreshard/core/adapters/prisma';
import {
  createDatabase,
  type LocalServer,
  startPostgres,
  startRedis,
  temporaryFolder,
} from '@foreshard/local';
import pg from 'pg';
import { ADMINISTRATOR } from '../../../e2e/src/signing-in.ts';
import { writeForecasts, writeHealth, writeMoves } from './judged.ts';
import { type LiveLoad, publishLive } from './live-load.ts';
import { loadShape } from './load-shape.ts';
import { writeLoad } from './recorded-load.ts';
import { largeTopology, type Size, writeTopology } from './topology.ts';

const MIGRATIONS = new URL('../../../prisma/migrations', import.meta.url).pathname;
const EVENTS_PER_SECOND = 40_000;
const LARGE: Size = { hosts: 400, shardlets: 100_000, moving: 6 };

interface Environment extends Readonly<Record<string, string>> {
  readonly DATABASE_URL: string;
  readonly REDIS_URL: string;
}

export interface LargeCluster {
  readonly environment: Environment;
  /** a control plane beside it with nothing in it: no host, no stream */
  readonly empty: Environment;
  readonly size: Size;
  close(): Promise<void>;
}

export async function startLargeCluster(size: Size = LARGE): Promise<LargeCluster> {
  const folder = await temporaryFolder('large-cluster');
  const servers: LocalServer[] = [];
  let live: LiveLoad | undefined;
  const close = async () => {
    live?.stop();
    await control?.close();
    for (const server of servers.reverse()) await server.stop();
    await folder.remove();
  };
  let control: ReturnType<typeof connectControl> | undefined;
  try {
    const postgres = await startPostgres({ dir: join(folder.path, 'postgres') });
    servers.push(postgres);
    const redis = await startRedis({
      dir: join(folder.path, 'control'),
      config: { appendfsync: 'everysec' },
    });
    servers.push(redis);
    const databaseUrl = await createDatabase(postgres.url, 'large');
    await applyMigrations(databaseUrl, MIGRATIONS);
    control = connectControl({ databaseUrl, redisUrl: redis.url, actor: 'large' });

    const nowMs = Date.now();
    const shape = loadShape(size.shardlets, EVENTS_PER_SECOND, nowMs);
    const topology = largeTopology(size, nowMs);
    const database = new pg.Client(databaseUrl);
    await database.connect();
    await writeTopology(database, topology);
    await database.end();
    await writeLoad(control.telemetry, topology.stream.id, shape, nowMs);
    await writeForecasts(control, topology.stream.id, shape, nowMs);
    await writeHealth(control, topology, shape, nowMs);
    await writeMoves(control, topology);
    live = await publishLive(control.redis, shape, size.hosts);
    const emptyUrl = await createDatabase(postgres.url, 'empty');
    await applyMigrations(emptyUrl, MIGRATIONS);
    await createAdministrator(control.people, ADMINISTRATOR);
    const empty = connectControl({ databaseUrl: emptyUrl, redisUrl: `${redis.url}/1`, actor: 'empty' });
    await createAdministrator(empty.people, ADMINISTRATOR);
    await empty.close();
    return {
      environment: { DATABASE_URL: databaseUrl, REDIS_URL: redis.url },
      empty: { DATABASE_URL: emptyUrl, REDIS_URL: `${redis.url}/1` },
      size,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}
