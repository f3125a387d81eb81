/** Against a control Redis and a PostgreSQL of its own, which it takes away and brings back. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type LocalServer, startPostgres, startRedis } from '@foreshard/local';
import { Worker } from 'bullmq';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { JOB_PREFIX, JOB_QUEUE } from '../../jobs/index.ts';
import { addHost } from '../../topology/index.ts';
import { applyMigrations, DatabaseUnreachable } from '../prisma/index.ts';
import { type Control, connectControl } from './connect-control.ts';

const MIGRATIONS = new URL('../../../../../prisma/migrations', import.meta.url).pathname;
const NOBODY = { databaseUrl: 'postgresql://me:secret@127.0.0.1:1/t', redisUrl: 'redis://127.0.0.1:1' };

let dir: string;
let redis: LocalServer;
let postgres: LocalServer;
let control: Control;
let hosts = 0;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'foreshard-control-'));
  [redis, postgres] = await Promise.all([
    startRedis({ dir: join(dir, 'redis') }),
    startPostgres({ dir: join(dir, 'postgres') }),
  ]);
  await applyMigrations(postgres.url, MIGRATIONS);
});
afterAll(async () => {
  await Promise.all([redis?.stop(), postgres?.stop()]);
  await rm(dir, { recursive: true, force: true });
});
beforeEach(() => {
  control = connectControl({ databaseUrl: postgres.url, redisUrl: redis.url, actor: 'test' });
});
afterEach(() => control.close());

/** Any decision that is accepted. */
function newHost(name = `host-${++hosts}`) {
  const url = `redis://${name}.test:6379`;
  return addHost({ name, engine: 'redis', url, incarnation: 'run', durability: 'always' });
}

async function decide(on = control): Promise<number> {
  const reply = await on.topology.decide(newHost(), 'a test');
  if (reply.kind === 'refused') throw new Error(reply.refusal.detail);
  return reply.version;
}

describe('notifications', () => {
  it('follow every accepted decision, in every process, and no refused one', async () => {
    const heard: number[][] = [[], []];
    const other = connectControl({ databaseUrl: postgres.url, redisUrl: redis.url });
    await control.notifier.subscribe((v) => heard[0]!.push(v));
    await other.notifier.subscribe((v) => heard[1]!.push(v));
    const first = await decide();
    expect(await control.topology.decide(newHost(`host-${hosts}`), 'a test')).toMatchObject({
      kind: 'refused',
    });
    const second = await decide(other);
    await vi.waitFor(() =>
      expect(heard).toEqual([
        [first, second],
        [first, second],
      ]),
    );
    await other.close();
  });

  it('end with their subscription', async () => {
    const heard: string[] = [];
    const endFirst = await control.notifier.subscribe(() => heard.push('first'));
    const endSecond = await control.notifier.subscribe(() => heard.push('second'));
    await endFirst();
    await control.notifier.notify(1);
    await vi.waitFor(() => expect(heard).toEqual(['second']));
    await endSecond();
    await control.notifier.subscribe(() => heard.push('third'));
    await control.notifier.notify(2);
    await vi.waitFor(() => expect(heard).toEqual(['second', 'third']));
  });

  it('go on after the control Redis was killed and restarted', async () => {
    const heard: number[] = [];
    await control.notifier.subscribe((v) => heard.push(v));
    await redis.kill();
    // a decision does not need it
    const version = await decide();
    expect((await control.topology.snapshot()).version).toBe(version);
    await redis.restart();
    await vi.waitFor(
      async () => {
        await control.notifier.notify(77).catch(() => {});
        expect(heard).toContain(77);
      },
      { timeout: 10_000, interval: 100 },
    );
  });
});

describe('wake-ups', () => {
  const waiting = () => control.redis.llen(`${JOB_PREFIX}:${JOB_QUEUE}:wait`);
  beforeEach(() => control.redis.flushall());

  it('are one while the job waits, and are kept while it runs', async () => {
    for (let i = 0; i < 5; i++) await control.jobs.wake('reconcile');
    await control.jobs.wake('retention', {});
    expect(await waiting()).toBe(2);

    const runs: string[] = [];
    let go = () => {};
    const held = new Promise<void>((resolve) => {
      go = resolve;
    });
    const connection = control.redis.duplicate({ maxRetriesPerRequest: null });
    const worker = new Worker(
      JOB_QUEUE,
      async (job) => {
        runs.push(job.name);
        if (runs.length === 1) await held;
      },
      { connection, prefix: JOB_PREFIX },
    );
    try {
      await vi.waitFor(() => expect(runs).toEqual(['reconcile']));
      // this run may have looked before there was a reason to wake it: it must run once more
      for (let i = 0; i < 5; i++) await control.jobs.wake('reconcile');
      go();
      await vi.waitFor(() => expect(runs.sort()).toEqual(['reconcile', 'reconcile', 'retention']), 5_000);
      await new Promise((resolve) => setTimeout(resolve, 200));
      expect(runs.length).toBe(3);
      await control.jobs.wake('reconcile');
      await vi.waitFor(() => expect(runs.length).toBe(4), 5_000);
      await vi.waitFor(async () => {
        const recent = await control.jobRuns.recent(10);
        expect(recent.map((r) => [r.name, r.state]).sort()).toEqual([
          ['reconcile', 'completed'],
          ['reconcile', 'completed'],
          ['reconcile', 'completed'],
          ['retention', 'completed'],
        ]);
        expect(recent.every((r) => r.endedAtMs! >= r.startedAtMs! && r.reason === null)).toBe(true);
      }, 5_000);
    } finally {
      go();
      await worker.close();
      connection.disconnect();
    }
  });

  it('work again after the control Redis lost everything', async () => {
    await control.jobs.wake('reconcile');
    await control.redis.flushall();
    await control.jobs.wake('reconcile');
    expect(await waiting()).toBe(1);
  });

  it('fail clearly while the control Redis is away, and work again when it is back', async () => {
    await control.jobs.wake('reconcile');
    await redis.kill();
    await expect(control.jobs.wake('retention')).rejects.toThrow();
    await redis.restart();
    await vi.waitFor(() => control.jobs.wake('measureHosts'), { timeout: 10_000, interval: 100 });
    expect(await waiting()).toBeGreaterThan(0);
  });
});

describe('a process that starts while its servers are away', () => {
  it('is put together at once; each call fails by itself, within seconds and in one clear line', async () => {
    const alone = connectControl(NOBODY);
    await alone.notifier.subscribe(() => {});
    await expect(alone.topology.snapshot()).rejects.toBeInstanceOf(DatabaseUnreachable);
    await expect(alone.tokens.activeHashes()).rejects.toThrow(
      /^PostgreSQL at 127.0.0.1:1\/t cannot be reached .*: check DATABASE_URL$/,
    );
    await expect(alone.jobs.wake('reconcile')).rejects.toThrow('check REDIS_URL');
    await expect(alone.inquiries.ask('whatIf', { changes: [] })).rejects.toThrow('check REDIS_URL');
    await expect(alone.redis.ping()).rejects.toThrow();
    await alone.close();
  });

  it('has everything as soon as they are back', async () => {
    await Promise.all([redis.kill(), postgres.kill()]);
    const early = connectControl({ databaseUrl: postgres.url, redisUrl: redis.url });
    const heard: number[] = [];
    await early.notifier.subscribe((v) => heard.push(v));
    await expect(early.topology.snapshot()).rejects.toThrow('check DATABASE_URL');
    await Promise.all([redis.restart(), postgres.restart()]);
    await vi.waitFor(
      async () => {
        const version = await decide(early);
        await vi.waitFor(() => expect(heard).toContain(version));
      },
      { timeout: 15_000, interval: 100 },
    );
    await vi.waitFor(() => early.jobs.wake('reconcile'), { timeout: 10_000, interval: 100 });
    await early.close();
  });

  it('goes on with a PostgreSQL that was restarted under it', async () => {
    const before = await decide();
    await postgres.restart();
    await vi.waitFor(async () => expect((await control.topology.snapshot()).version).toBe(before), {
      timeout: 10_000,
      interval: 100,
    });
    expect(await decide()).toBe(before + 1);
  });
});
