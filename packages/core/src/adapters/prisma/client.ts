/** Opens Prisma over its own pool of connections. Connections are lazy: a database that is away fails calls, not starts. */
import { PrismaPg } from '@prisma/adapter-pg';
import {
  DatabaseLate,
  DatabaseUnreachable,
  databaseUnreachable,
  isConnectionFailure,
} from './database-unreachable.ts';
import { Prisma, PrismaClient } from './generated/client.ts';

export { Prisma, type PrismaClient };

/** One process seldom does more at once: deciders wait for one row anyway. */
const CONNECTIONS_MAX = 10;
const CONNECT_TIMEOUT_MS = 5_000;
/** Cloud networks forget connections that say nothing for some minutes. */
const IDLE_TIMEOUT_MS = 60_000;

/** `name` shows in the server's list of sessions. */
export function openPrisma(databaseUrl: string, name = 'foreshard'): PrismaClient {
  const pool = {
    connectionString: databaseUrl,
    application_name: name,
    max: CONNECTIONS_MAX,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    idleTimeoutMillis: IDLE_TIMEOUT_MS,
    keepAlive: true,
  };
  // the pool replaces idle connections that break; a query on one that breaks fails by itself
  const ignore = () => {};
  const adapter = new PrismaPg(pool, { onPoolError: ignore, onConnectionError: ignore });
  return new PrismaClient({ adapter, errorFormat: 'minimal' });
}

/**
 * Runs a query so that a database that is away is reported in one clear line. `withinMs`: for callers that
 * wait for an answer; nothing else ends a query to a server that hangs. It may still be carried out.
 */
export async function reaching<T>(
  databaseUrl: string,
  query: () => Promise<T>,
  withinMs?: number,
): Promise<T> {
  try {
    return withinMs === undefined ? await query() : await inTime(withinMs, query());
  } catch (error) {
    if (error instanceof DatabaseUnreachable || !isConnectionFailure(error)) throw error;
    throw databaseUnreachable(databaseUrl, error);
  }
}

async function inTime<T>(ms: number, answer: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new DatabaseLate(`no answer within ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([answer, deadline]);
  } finally {
    clearTimeout(timer);
  }
}
