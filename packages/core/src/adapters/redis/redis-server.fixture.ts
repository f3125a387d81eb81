/** A Redis of a test file's own, emptied between tests; its functions stay loaded. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type LocalServer, startRedis } from '@foreshard/local';
import { Redis } from 'ioredis';
import type { FixtureOptions, HostFixture } from '../../hosts/event-host.contract-suite.ts';
import type { EventHost } from '../../hosts/index.ts';
import { connectRedisHost } from './redis-host.ts';

/** Runs on a full server as well. */
const SET_CLOCK = `#!lua flags=allow-oom
redis.call('HSET', 'foreshard:host', 'clock', ARGV[1])`;

export interface TestServer {
  readonly server: LocalServer;
  /** speaks to the server past the adapter */
  readonly raw: Redis;
  stop(): Promise<void>;
}

export async function startTestServer(config: Record<string, string> = {}): Promise<TestServer> {
  const dir = await mkdtemp(join(tmpdir(), 'foreshard-redis-'));
  const server = await startRedis({ dir, config });
  const raw = new Redis(server.url);
  raw.on('error', () => {}); // the server is killed on purpose
  return {
    server,
    raw,
    stop: async () => {
      raw.disconnect();
      await server.stop();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

export function connectTo(test: TestServer): Promise<EventHost> {
  return connectRedisHost({ url: test.server.url, expectedIncarnation: undefined });
}

export async function redisFixture(test: TestServer, options: FixtureOptions): Promise<HostFixture> {
  const { raw } = test;
  await raw.flushall();
  await raw.config('SET', 'maxmemory', '0');
  if (options.idsPerSetMax !== undefined)
    await raw.hset('foreshard:host', 'idsPerSetMax', options.idsPerSetMax);
  let host = await connectTo(test);
  return {
    host,
    setClock: async (micros) => {
      await raw.eval(SET_CLOCK, 0, micros);
    },
    memoryLimit: {
      makeFull: async () => {
        await raw.config('SET', 'maxmemory', '1');
      },
      makeRoom: async () => {
        await raw.config('SET', 'maxmemory', '0');
      },
    },
    reopen: async () => {
      await host.close();
      await test.server.kill('SIGKILL');
      await test.server.restart();
      await raw.ping();
      host = await connectTo(test);
      return host;
    },
    watched: (watch) => connectRedisHost({ url: test.server.url, expectedIncarnation: undefined, watch }),
    close: async () => {
      await raw.config('SET', 'maxmemory', '0');
      await host.close();
    },
  };
}
