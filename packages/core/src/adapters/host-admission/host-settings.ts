/** Asks a storage server for its version and settings, and judges whether it may be a host. */
import { Redis, ReplyError } from 'ioredis';
import { Client, DatabaseError } from 'pg';
import {
  engineOf,
  type Finding,
  judgePostgres,
  judgeRedis,
  problem,
  type RedisFacts,
  type Standing,
} from '../../hosts/index.ts';

const CONNECT_WITHIN_MS = 5_000;

/** `answers` is false for a server that is down or hangs, of which nothing else needs to be asked. */
export interface Inspection {
  readonly answers: boolean;
  readonly findings: readonly Finding[];
}

export async function inspectHost(
  url: string,
  subject = 'the host',
  standing: Standing = 'serving',
): Promise<Inspection> {
  try {
    const findings =
      engineOf(url) === 'redis'
        ? judgeRedis(subject, await redisFacts(url), standing)
        : judgePostgres(subject, await postgresSettings(url));
    return { answers: true, findings };
  } catch (error) {
    const { message } = error as Error;
    return isReply(error)
      ? {
          answers: true,
          findings: [
            problem(subject, `it refuses: ${message}`, 'mend its address, or what the user in it may do'),
          ],
        }
      : {
          answers: false,
          findings: [problem(subject, `it does not answer: ${message}`, 'start it, or mend its address')],
        };
  }
}

/** An error that the server has answered with. */
function isReply(error: unknown): boolean {
  return error instanceof ReplyError || error instanceof DatabaseError;
}

export function redisFacts(url: string): Promise<RedisFacts> {
  return asking(url, async (client) => {
    const info = Object.fromEntries(
      (await client.info())
        .split('\r\n')
        .filter((line) => line.includes(':'))
        .map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1)]),
    );
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

export async function postgresSettings(url: string): Promise<Record<string, string>> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: CONNECT_WITHIN_MS });
  client.on('error', () => {});
  try {
    await client.connect();
    const { rows } = await client.query<{ name: string; setting: string }>(
      'SELECT name, setting FROM pg_settings',
    );
    return Object.fromEntries(rows.map((row) => [row.name, row.setting]));
  } finally {
    await client.end().catch(() => {});
  }
}

function pairs(flat: readonly string[]): Record<string, string> {
  const result: Record<string, string> = {};
  for (let i = 0; i + 1 < flat.length; i += 2) result[flat[i]!] = flat[i + 1]!;
  return result;
}
