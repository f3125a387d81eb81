/**
 * The storage servers of one machine: PostgreSQL for the topology store, a control Redis, and the hosts. Given ones
 * are used as they are.
 */
import { join } from 'node:path';
import {
  createDatabase,
  findRedis,
  type LocalServer,
  ownedBy,
  startPostgres,
  startRedis,
} from '@foreshard/local';
import type { Note } from './progress.ts';
import { CONTROL_USERS, HOST_USERS } from './redis-access.ts';
import { portOf, remember, remembered } from './remembered.ts';
import { LOCAL_HOSTS, type UpSettings } from './settings.ts';

export interface Stores {
  readonly databaseUrl: string;
  readonly redisUrl: string;
  readonly topologyUrl?: string;
  readonly hostUrls: readonly string[];
  /** in the same order */
  readonly hostNames: readonly string[];
}

/** The superuser of the local PostgreSQL has another name; its password stays beside the data. */
const PRODUCT_ROLE = 'product';

export type Keep = (name: string, server: LocalServer) => Promise<void>;

export async function startStores(settings: UpSettings, keep: Keep, note: Note): Promise<Stores> {
  if (settings.redisUrl === undefined || settings.hostUrls === undefined) await findRedis(note);
  // ports are remembered in one file, so they are taken one after the other
  const databaseUrl = settings.databaseUrl ?? (await startDatabase(settings, keep));
  const redisUrl = settings.redisUrl ?? (await startControlRedis(settings, keep));
  const hosts = await startHosts(settings, keep);
  const hostNames = hosts.map(({ name }) => name);
  const hostUrls = hosts.map(({ url }) => url);
  const { topologyUrl } = settings;
  return {
    databaseUrl,
    redisUrl,
    hostUrls,
    hostNames,
    ...(topologyUrl === undefined ? {} : { topologyUrl }),
  };
}

async function startDatabase({ dataDir }: UpSettings, keep: Keep): Promise<string> {
  const name = 'postgres';
  const server = await startPostgres({ dir: join(dataDir, name), port: await portOf(dataDir, name), name });
  await keep(name, server);
  const database = await createDatabase(server.url, 'foreshard');
  return ownedBy(database, PRODUCT_ROLE, dataDir);
}

/** Everything in it can be rebuilt, so a second of it may be lost; but nothing may be evicted. */
async function startControlRedis({ dataDir }: UpSettings, keep: Keep): Promise<string> {
  const name = 'control-redis';
  const server = await startRedis({
    dir: join(dataDir, name),
    port: await portOf(dataDir, name),
    name,
    config: { appendfsync: 'everysec' },
    users: CONTROL_USERS,
  });
  await keep(name, server);
  return server.url;
}

interface NamedHost {
  readonly name: string;
  readonly url: string;
}

/** Given ones, and those that run on this machine: of a first start, or that were added since. */
async function startHosts(settings: UpSettings, keep: Keep): Promise<NamedHost[]> {
  const given = (settings.hostUrls ?? []).map((url, index) => ({ name: `host-${index + 1}`, url }));
  const hosts: NamedHost[] = [...given];
  for (const name of await hostNames(settings)) {
    const server = await startHost(settings, name);
    await keep(name, server);
    hosts.push({ name, url: server.url });
  }
  return hosts;
}

/** Of the hosts that run on this machine. */
async function hostNames({ dataDir, hostUrls }: UpSettings): Promise<readonly string[]> {
  const preset = Array.from({ length: LOCAL_HOSTS }, (_, index) => `host-${index + 1}`);
  return (await remembered(dataDir)).hosts ?? (hostUrls === undefined ? preset : []);
}

export async function startHost({ dataDir, hostMemory }: UpSettings, name: string): Promise<LocalServer> {
  return startRedis({
    dir: join(dataDir, 'hosts', name),
    port: await portOf(dataDir, name),
    name,
    config: { maxmemory: hostMemory },
    users: HOST_USERS,
  });
}

/** A name that no host of this machine has ever had: a server keeps the number that the topology store gave it. */
export async function newHostName({ dataDir, hostUrls = [] }: UpSettings): Promise<string> {
  const { ports } = await remembered(dataDir);
  const numbers = Object.keys(ports).map((name) => Number(/^host-(\d+)$/.exec(name)?.[1] ?? 0));
  return `host-${Math.max(LOCAL_HOSTS, hostUrls.length, ...numbers) + 1}`;
}

/** It is started again with the others, until it is forgotten. */
export async function rememberHost(settings: UpSettings, name: string): Promise<void> {
  const hosts = [...new Set([...(await hostNames(settings)), name])];
  await remember(settings.dataDir, { ...(await remembered(settings.dataDir)), hosts });
}

/** `false` when no host of this machine has the name. */
export async function forgetHost(settings: UpSettings, name: string): Promise<boolean> {
  const before = await hostNames(settings);
  const hosts = before.filter((one) => one !== name);
  await remember(settings.dataDir, { ...(await remembered(settings.dataDir)), hosts });
  return hosts.length < before.length;
}
