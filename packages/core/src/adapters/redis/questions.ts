/** What a Redis or Valkey is asked outside of its work as a host: by who judges, measures or examines it. */
import { Redis } from 'ioredis';
import type { RedisFacts } from '../../hosts/index.ts';
import { parseInfo } from './server-facts.ts';

const CONNECT_WITHIN_MS = 5_000;

export function redisFacts(url: string): Promise<RedisFacts> {
  return asking(url, async (client) => {
    const info = Object.fromEntries(parseInfo(await client.info()));
    const config = await client.config('GET', '*').catch(() => undefined);
    const hasSentinel = await isWatchedBySentinel(client).catch(() => undefined);
    return { info, config: config === undefined ? undefined : pairs(config as string[]), hasSentinel };
  });
}

/** Each Sentinel listens where Sentinels greet one another, and names its connections. */
async function isWatchedBySentinel(client: Redis): Promise<boolean> {
  const [, listeners] = (await client.pubsub('NUMSUB', '__sentinel__:hello')) as [string, number];
  if (Number(listeners) > 0) return true;
  const clients = (await client.client('LIST')) as string;
  return / name=sentinel-/.test(clients);
}

/** The names of the libraries of functions that are loaded. */
export function redisLibraries(url: string): Promise<string[]> {
  return asking(url, async (client) => {
    const libraries = (await client.call('FUNCTION', 'LIST')) as string[][];
    return libraries.map((library) => pairs(library).library_name ?? '');
  });
}

/** Where host.lua keeps it. */
export function createFloor(url: string): Promise<number> {
  return asking(url, async (client) => Number((await client.hget('foreshard:host', 'createFloor')) ?? 0));
}

async function asking<T>(url: string, ask: (client: Redis) => Promise<T>): Promise<T> {
  const client = new Redis(url, {
    lazyConnect: true,
    connectTimeout: CONNECT_WITHIN_MS,
    // one that hangs still takes connections
    commandTimeout: CONNECT_WITHIN_MS,
    retryStrategy: () => null,
    maxRetriesPerRequest: 0,
  });
  // the failing call only says that the connection is closed
  let cause: Error | undefined;
  client.on('error', (error) => {
    cause = error;
  });
  try {
    await client.connect();
    return await ask(client);
  } catch (error) {
    throw cause ?? error;
  } finally {
    client.disconnect();
  }
}

function pairs(flat: readonly string[]): Record<string, string> {
  const result: Record<string, string> = {};
  for (let i = 0; i + 1 < flat.length; i += 2) result[flat[i]!] = flat[i + 1]!;
  return result;
}
