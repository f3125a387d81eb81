/** The storage servers of one machine: PostgreSQL for T, a control Redis, and the hosts. Given ones are used as they are. */
import { join } from 'node:path';
import { createDatabase, findRedis, type LocalServer, startPostgres, startRedis } from '@foreshard/local';
import type { Note } from './progress.ts';
import { portOf } from './remembered.ts';
import { LOCAL_HOSTS, type UpSettings } from './settings.ts';

export interface Stores {
  readonly databaseUrl: string;
  readonly redisUrl: string;
  readonly topologyUrl?: string;
  readonly hostUrls: readonly string[];
}

export type Keep = (name: string, server: LocalServer) => Promise<void>;

export async function startStores(settings: UpSettings, keep: Keep, note: Note): Promise<Stores> {
  if (settings.redisUrl === undefined || settings.hostUrls === undefined) await findRedis(note);
  // ports are remembered in one file, so they are taken one after the other
  const databaseUrl = settings.databaseUrl ?? (await startDatabase(settings, keep));
  const redisUrl = settings.redisUrl ?? (await startControlRedis(settings, keep));
  const hostUrls = settings.hostUrls ?? (await startHosts(settings, keep));
  const { topologyUrl } = settings;
  return { databaseUrl, redisUrl, hostUrls, ...(topologyUrl === undefined ? {} : { topologyUrl }) };
}

async function startDatabase({ dataDir }: UpSettings, keep: Keep): Promise<string> {
  const name = 'postgres';
  const server = await startPostgres({ dir: join(dataDir, name), port: await portOf(dataDir, name), name });
  await keep(name, server);
  return createDatabase(server.url, 'foreshard');
}

/** Everything in it can be rebuilt, so a second of it may be lost; but nothing may be evicted. */
async function startControlRedis({ dataDir }: UpSettings, keep: Keep): Promise<string> {
  const name = 'control-redis';
  const server = await startRedis({
    dir: join(dataDir, name),
    port: await portOf(dataDir, name),
    name,
    config: { appendfsync: 'everysec' },
  });
  await keep(name, server);
  return server.url;
}

async function startHosts({ dataDir, hostMemory }: UpSettings, keep: Keep): Promise<string[]> {
  const urls: string[] = [];
  for (let number = 1; number <= LOCAL_HOSTS; number += 1) {
    const name = `host-${number}`;
    const server = await startRedis({
      dir: join(dataDir, 'hosts', name),
      port: await portOf(dataDir, name),
      name,
      config: { maxmemory: hostMemory },
    });
    await keep(name, server);
    urls.push(server.url);
  }
  return urls;
}
