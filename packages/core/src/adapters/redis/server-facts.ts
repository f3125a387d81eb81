/**
 * What a Redis or Valkey server says of itself, and whether it may be a host: one primary on its own, of
 * which nothing that was acknowledged gets lost, neither by a crash nor by eviction.
 */
import type { Redis } from 'ioredis';

export interface ServerFacts {
  readonly engine: 'redis' | 'valkey';
  readonly version: string;
  /** changes with every start */
  readonly runId: string;
  /** whose changes these are, for people: it also changes when a first replica attaches, so nothing hangs on it */
  readonly replicationId: string;
  readonly isLoading: boolean;
  readonly info: ReadonlyMap<string, string>;
}

/** Redis functions came with 7.0. */
const MAJOR_VERSION_MIN = 7;

export class UnsuitableServer extends Error {
  override readonly name = 'UnsuitableServer';
}

export async function readServerFacts(client: Redis): Promise<ServerFacts> {
  const info = parseInfo(await client.info());
  const valkey = info.get('valkey_version');
  return {
    engine: valkey === undefined ? 'redis' : 'valkey',
    version: valkey ?? info.get('redis_version') ?? '0',
    runId: info.get('run_id') ?? '',
    replicationId: info.get('master_replid') ?? '',
    isLoading: info.get('loading') === '1',
    info,
  };
}

export function parseInfo(text: string): ReadonlyMap<string, string> {
  const lines = text.split('\r\n').filter((line) => line.includes(':'));
  return new Map(lines.map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1)]));
}

/** @throws UnsuitableServer naming the cause and the cure */
export async function insistOnSuitable(client: Redis, facts: ServerFacts): Promise<void> {
  insist(
    Number.parseInt(facts.version, 10) >= MAJOR_VERSION_MIN,
    `${facts.engine} ${facts.version} has no functions`,
    'use Redis 7.0 or newer, or Valkey',
  );
  insist(facts.info.get('redis_mode') !== 'cluster', 'it runs in cluster mode', 'use a standalone server');
  insist(facts.info.get('role') === 'master', 'it is a replica', 'use the address of the primary');
  const config = await readConfig(client);
  insistOnSetting(config, 'maxmemory-policy', 'noeviction', 'stored events would be evicted');
  insistOnSetting(config, 'appendonly', 'yes', 'a restart would lose the events');
  insistOnSetting(config, 'appendfsync', 'always', 'a crash would lose acknowledged events');
  insistOnSetting(config, 'no-appendfsync-on-rewrite', 'no', 'a crash would lose acknowledged events');
}

async function readConfig(client: Redis): Promise<ReadonlyMap<string, string>> {
  const names = ['maxmemory-policy', 'appendonly', 'appendfsync', 'no-appendfsync-on-rewrite'];
  const pairs = (await client.call('CONFIG', 'GET', ...names).catch(() => {
    throw unsuitable(
      'it hides CONFIG, so its durability cannot be checked',
      'allow CONFIG GET for this user',
    );
  })) as string[];
  return new Map(names.map((name) => [name, pairs[pairs.indexOf(name) + 1] ?? '']));
}

function insistOnSetting(
  config: ReadonlyMap<string, string>,
  name: string,
  wanted: string,
  why: string,
): void {
  const found = config.get(name);
  insist(
    found === wanted,
    `${name} is "${found}", so ${why}`,
    `set "${name} ${wanted}" in its configuration`,
  );
}

function insist(condition: boolean, cause: string, cure: string): void {
  if (!condition) throw unsuitable(cause, cure);
}

function unsuitable(cause: string, cure: string): UnsuitableServer {
  return new UnsuitableServer(`this server cannot be a host: ${cause}; ${cure}`);
}
