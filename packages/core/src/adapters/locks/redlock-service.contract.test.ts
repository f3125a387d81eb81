/** Locks on real Redis servers, one and three: they keep two workers apart, and their loss stops nobody. */
import { join } from 'node:path';
import { type LocalServer, startRedis, type TemporaryFolder, temporaryFolder } from '@foreshard/local';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import type { LockLane } from '../../locking/index.ts';
import { redlockService } from './redlock-service.ts';

let folder: TemporaryFolder;
let servers: LocalServer[];
beforeAll(async () => {
  folder = await temporaryFolder('locks');
  servers = await Promise.all([0, 1, 2].map((i) => startRedis({ dir: join(folder.path, `${i}`) })));
});
afterAll(async () => {
  await Promise.all(servers.map((server) => server.stop()));
  await folder.remove();
});

function connect({ url }: LocalServer): Redis {
  const redis = new Redis(url, { maxRetriesPerRequest: 1, commandTimeout: 1_000 });
  redis.on('error', () => {});
  return redis;
}

describe.each([1, 3])('Redlock over %i Redis', (count) => {
  let redises: Redis[][];
  let lanes: LockLane[];
  beforeEach(async () => {
    redises = [0, 1].map(() => servers.slice(0, count).map(connect));
    lanes = [];
    await Promise.all(redises[0]!.map((redis) => redis.flushall()));
  });
  afterEach(() => {
    for (const redis of redises.flat()) redis.disconnect();
  });

  const service = (worker: 0 | 1, lockMs?: number) =>
    redlockService(redises[worker]!, {
      observe: (_, lane) => lanes.push(lane),
      ...(lockMs === undefined ? {} : { lockMs }),
    });

  /** Holds the lock until told to let go. */
  function hold(what: string, lockMs?: number) {
    const [started, letGo] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const held = service(0, lockMs).during(what, async () => {
      started.resolve();
      await letGo.promise;
      return 'done';
    });
    return { starting: started.promise, held, letGo: letGo.resolve };
  }

  test('what one worker is at, another leaves alone, and takes when it is free', async () => {
    const holder = hold('host:1');
    await holder.starting;
    expect(await service(1).during('host:1', async () => 'twice')).toBeUndefined();
    expect(await service(1).during('host:2', async () => 'another host')).toBe('another host');
    holder.letGo();
    expect(await holder.held).toBe('done');
    expect(await service(1).during('host:1', async () => 'now')).toBe('now');
    expect(lanes).toEqual(['locked', 'contended', 'locked', 'locked']);
  });

  test('work that lasts longer than the lock keeps it', async () => {
    const holder = hold('host:1', 300);
    await holder.starting;
    await new Promise((resolve) => setTimeout(resolve, 700));
    expect(await service(1).during('host:1', async () => 'twice')).toBeUndefined();
    holder.letGo();
    await holder.held;
    expect(lanes).not.toContain('lost');
  });

  test('work that fails frees the lock', async () => {
    const work = () => Promise.reject(new Error('broken'));
    await expect(service(0).during('host:1', work)).rejects.toThrow('broken');
    expect(await service(1).during('host:1', async () => 'free')).toBe('free');
  });

  test('when the lock is lost both work, both end well, and it is told', async () => {
    const holder = hold('host:1');
    await holder.starting;
    await Promise.all(redises[1]!.map((redis) => redis.flushall()));
    expect(await service(1).during('host:1', async () => 'both')).toBe('both');
    holder.letGo();
    expect(await holder.held).toBe('done');
    expect(lanes).toContain('lost');
  });
});

describe('with servers away', () => {
  test('one of three: the lock still keeps workers apart; two of three: the work is done without', async () => {
    const lanes: LockLane[] = [];
    const [mine, other] = [servers.map(connect), servers.map(connect)];
    const service = (redises: Redis[]) => redlockService(redises, { observe: (_, lane) => lanes.push(lane) });
    await servers[0]!.kill();
    const inside = await service(mine).during('x', () => service(other).during('x', async () => 'twice'));
    expect([inside, lanes]).toEqual([undefined, ['locked', 'contended']]);
    await servers[1]!.kill();
    expect(await service(mine).during('x', async () => 'unlocked')).toBe('unlocked');
    expect(lanes.at(-1)).toBe('unlocked');
    await Promise.all([servers[0]!.restart(), servers[1]!.restart()]);
    await vi.waitFor(async () => {
      await service(mine).during('y', async () => {});
      expect(lanes.at(-1)).toBe('locked');
    });
    for (const redis of [...mine, ...other]) redis.disconnect();
  });
});
