/** The contract suite on PostgreSQL, and what only shows with real sessions that hold locks and die. */
import { createDatabase } from '@foreshard/local';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { WHOLE } from '../../keyspace/index.ts';
import { createStream } from '../../topology/index.ts';
import {
  decided,
  describeTopologyStore,
  follow,
  hostNamed,
  increment,
  rule,
} from '../../topology/topology-store.contract-suite.ts';
import { openPrisma, type PrismaClient } from './client.ts';
import { DatabaseUnreachable } from './database-unreachable.ts';
import { migratedDatabase } from './migrated-database.fixture.ts';
import { PrismaRestoration } from './restoration.ts';
import { PrismaTopologyStore } from './topology-store.ts';

const ME = 'a test';

async function freshDatabase(): Promise<string> {
  const url = await migratedDatabase(inject('postgresUrl'), 'topology');
  return url;
}

async function openStores(url: string, count: number) {
  const clients = Array.from({ length: count }, (_, i) => openPrisma(url, `process-${i}`));
  return {
    clients,
    stores: clients.map((prisma) => new PrismaTopologyStore(prisma, url)),
    close: () => disconnect(clients),
  };
}

async function disconnect(clients: readonly PrismaClient[]): Promise<void> {
  await Promise.all(clients.map((prisma) => prisma.$disconnect()));
}

describeTopologyStore('on PostgreSQL', async () => openStores(await freshDatabase(), 5));

describe('deciding transactions on PostgreSQL', () => {
  let url: string;
  let under: Awaited<ReturnType<typeof openStores>>;
  let holder: Client;

  beforeAll(async () => {
    url = await freshDatabase();
    under = await openStores(url, 3);
    decided(await under.stores[0]!.decide(hostNamed('held'), ME));
    decided(await under.stores[0]!.decide(createStream({ name: 'main', shardCount: 1 }), ME));
    holder = new Client({ connectionString: url });
    await holder.connect();
  });
  afterAll(async () => {
    await holder.end();
    await under.close();
  });

  /** Writes the host, whose row another session has locked: it stands still in the middle, version taken. */
  const touchHost = rule({}, (view) => {
    const [host] = view.hosts();
    return {
      kind: 'accept',
      puts: { hosts: [{ ...host!, incarnation: `run ${view.version}` }] },
      result: null,
    };
  });

  /** Runs `meanwhile` while a decision that has begun cannot commit; then lets it go on. */
  async function withDecisionHeld(meanwhile: (held: Promise<unknown>) => Promise<void>): Promise<void> {
    await holder.query('BEGIN');
    await holder.query('SELECT * FROM host FOR UPDATE');
    const held = under.stores[0]!.decide(touchHost, ME);
    held.catch(() => {});
    try {
      await waitForBlocked('process-0');
      await meanwhile(held);
    } finally {
      await holder.query('ROLLBACK');
    }
    await held.catch(() => {});
  }

  async function blockedPid(application: string): Promise<number | undefined> {
    const rows = await under.clients[2]!.$queryRaw<{ pid: number }[]>`
      SELECT pid FROM pg_stat_activity
       WHERE datname = current_database() AND application_name = ${application} AND wait_event_type = 'Lock'`;
    return rows[0]?.pid;
  }

  async function waitForBlocked(application: string): Promise<number> {
    for (let i = 0; i < 500; i++) {
      const pid = await blockedPid(application);
      if (pid !== undefined) return pid;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    throw new Error(`${application} is not waiting for a lock`);
  }

  it('hide a later version until the earlier one is committed: a follower never skips one', async () => {
    const before = (await under.stores[2]!.snapshot()).version;
    let done = false;
    const following = follow(under.stores[2]!, () => done);
    let earlier: Promise<unknown> | undefined;
    let later: Promise<unknown> | undefined;
    await withDecisionHeld(async (held) => {
      earlier = held;
      // it touches nothing that is locked, and yet must not overtake
      later = under.stores[1]!.decide(increment(1), ME);
      await new Promise((resolve) => setTimeout(resolve, 300));
      expect((await under.stores[2]!.snapshot()).version).toBe(before);
      expect(await under.stores[2]!.changesAfter(before, 10)).toEqual([]);
    });
    expect(await earlier).toMatchObject({ kind: 'decided', version: before + 1 });
    expect(await later).toMatchObject({ kind: 'decided', version: before + 2 });
    done = true;
    const all = Array.from({ length: before + 2 }, (_, i) => i + 1);
    expect(await following).toEqual(all);
  });

  it('leave nothing when their session is ended in the middle', async () => {
    const before = await under.stores[2]!.snapshot();
    await withDecisionHeld(async (held) => {
      await holder.query('SELECT pg_terminate_backend($1)', [await blockedPid('process-0')]);
      await expect(held).rejects.toBeInstanceOf(DatabaseUnreachable);
    });
    expect(await under.stores[2]!.snapshot()).toEqual(before);
    // the session is replaced, and the version was never used
    const next = await under.stores[0]!.decide(increment(1), ME);
    expect(next).toMatchObject({ kind: 'decided', version: before.version + 1 });
    expect((await under.stores[0]!.changesAfter(before.version, 10)).length).toBe(1);
  });

  it('commit to disk before they are answered, whatever the database is set to', async () => {
    await holder.query(`ALTER DATABASE "${new URL(url).pathname.slice(1)}" SET synchronous_commit = off`);
    const fresh = await openStores(url, 1);
    const setting = () => fresh.clients[0]!.$queryRaw<{ now: string }[]>`
      SELECT current_setting('synchronous_commit') AS now`;
    expect(await setting()).toEqual([{ now: 'off' }]);
    let inDecision: unknown;
    const { load } = await import('./loading.ts');
    await fresh.clients[0]!.$transaction(async (tx) => {
      await load(tx, {});
      inDecision = await tx.$queryRaw`SELECT current_setting('synchronous_commit') AS now`;
    });
    expect(inDecision).toEqual([{ now: 'on' }]);
    // for the transaction only
    expect(await setting()).toEqual([{ now: 'off' }]);
    await fresh.close();
  });
});

describe('a snapshot of 100,000 shardlets', () => {
  it('is read whole, in seconds', async () => {
    const url = await freshDatabase();
    const under = await openStores(url, 1);
    await under.clients[0]!.$executeRaw`
      INSERT INTO shardlet
      SELECT id, 1, 0, '0000000000000000', '10000000000000000', 1, NULL, 5, 'open',
             '{"kind":"open"}', '[]', '[{"epoch":3,"seq":4}]'
        FROM generate_series(1, 100000) AS id`;
    const startedMs = performance.now();
    const { shardlets } = await under.stores[0]!.snapshot();
    // 1 s on two free cores; this bound only catches a read that is not linear
    expect(performance.now() - startedMs).toBeLessThan(20_000);
    expect(shardlets.length).toBe(100_000);
    expect(shardlets[99_999]).toMatchObject({ id: 100_000, epoch: 5, range: WHOLE });
    await under.close();
  });
});

describe('a database that cannot be used', () => {
  const snapshotOf = async (url: string) => {
    const under = await openStores(url, 1);
    return under.stores[0]!.snapshot().finally(under.close);
  };

  it('is told in one line that names the address, the cause and the variable, never the password', async () => {
    const nobody = 'postgresql://me:secret@127.0.0.1:1/t';
    await expect(snapshotOf(nobody)).rejects.toThrow(
      /^PostgreSQL at 127.0.0.1:1\/t cannot be reached \(Can't reach database server.*\): check DATABASE_URL$/,
    );
    const wrong = new URL(inject('postgresUrl'));
    wrong.password = 'secret';
    await expect(snapshotOf(wrong.href)).rejects.toThrow('password authentication failed');
    await expect(snapshotOf(wrong.href)).rejects.not.toThrow('secret');
    const absent = new URL(inject('postgresUrl'));
    absent.pathname = '/absent';
    await expect(snapshotOf(absent.href)).rejects.toThrow('database "absent" does not exist');
  });

  it('is told to be without tables when the migrations were not applied', async () => {
    const bare = await createDatabase(inject('postgresUrl'), `bare_${process.pid}`);
    await expect(snapshotOf(bare)).rejects.toThrow('"foreshard migrate"');
    const under = await openStores(bare, 1);
    await expect(under.stores[0]!.decide(hostNamed('one'), ME)).rejects.toThrow('"foreshard migrate"');
    await under.close();
  });
});

describe('a topology store that was restored from a backup', () => {
  it('refuses every decision, naming the cure, until it is examined; then goes on far above', async () => {
    const url = await freshDatabase();
    const { stores, clients, close } = await openStores(url, 1);
    const restoration = new PrismaRestoration(clients[0]!, url);
    decided(await stores[0]!.decide(hostNamed('a'), ME));
    await restoration.mark({ restoredAtMs: 1 });
    const refused = await stores[0]!.decide(hostNamed('b'), ME);
    expect(refused).toMatchObject({
      refusal: { reason: 'unexamined', detail: expect.stringContaining('doctor --after-restore') },
    });
    const { version, nextIds, mark } = await restoration.clock();
    expect({ version, mark }).toEqual({ version: 1, mark: { restoredAtMs: 1 } });
    const examined = { examinedVersion: version, version: 2 ** 40, nextIds, adopted: {} };
    expect(await restoration.finish({ ...examined, examinedVersion: version + 1 }, ME)).toBe(false);
    expect(await restoration.finish(examined, ME)).toBe(true);
    // a second examination that ends later must not take back the first one's version
    expect(await restoration.finish(examined, ME)).toBe(false);
    const next = await stores[0]!.decide(hostNamed('b'), ME);
    expect(next).toMatchObject({ kind: 'decided', version: 2 ** 40 + 1 });
    expect((await stores[0]!.changesAfter(version, 5)).map((c) => [c.version, c.decision])).toEqual([
      [2 ** 40, 'afterRestore'],
      [2 ** 40 + 1, expect.any(String)],
    ]);
    await close();
  });
});
