import { cp, mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createDatabase, startTcpProxy, temporaryFolder } from '@foreshard/local';
import { Client } from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it, vi } from 'vitest';
import { describeGroupStore } from '../../consuming/group-store.contract-suite.ts';
import { EMPTY_GROUP, GROUPS_MAX, type GroupState } from '../../consuming/index.ts';
import { openPrisma, type PrismaClient } from './client.ts';
import { PrismaGroupStore } from './group-store.ts';
import { migratedDatabase } from './migrated-database.fixture.ts';
import { applyMigrations } from './migrator.ts';
import { PrismaTokenStore } from './token-store.ts';

const MIGRATIONS = new URL('../../../../../prisma/migrations', import.meta.url).pathname;

let url: string;
let prisma: PrismaClient;
let groups: PrismaGroupStore;
let group: string;
let count = 0;

beforeAll(async () => {
  url = await migratedDatabase(inject('postgresUrl'), 'groups');
  prisma = openPrisma(url);
  groups = new PrismaGroupStore(prisma, url);
});
afterAll(() => prisma.$disconnect());
beforeEach(() => {
  group = `g${++count}`;
});

const create = (name: string) => groups.create({ name, stream: 1, sessionMs: 1_000 }, EMPTY_GROUP);
const put = (state: GroupState) => groups.change(group, () => ({ state, result: 'done' }));
const found = async () => (await groups.find(group))!.state;

describeGroupStore('groups in PostgreSQL', () => groups);

it('keeps whose a member is, also when nothing else changes', async () => {
  expect(await create(group)).toBe('created');
  const member = { id: 'm', seenAtMs: 7, subject: 'token:a', commits: 0 };
  const unbound = { id: 'n', seenAtMs: 7, subject: undefined, commits: 0 };
  await put({ ...EMPTY_GROUP, members: [member, unbound] });
  expect((await found()).members).toEqual([member, unbound]);
  const bound = { ...unbound, subject: 'token:b' };
  await put({ ...EMPTY_GROUP, members: [member, bound] });
  expect((await found()).members).toEqual([member, bound]);
});

it('creates a group once, and as many as there may be, whoever creates them together', async () => {
  await create(group);
  expect(await create(group)).toBe('taken');
  const there = (await groups.list()).length;
  const rows = Array.from({ length: GROUPS_MAX - there - 1 }, (_, i) => ({
    ...{ name: `many-${i}`, stream: 1, sessionMs: 1_000 },
  }));
  await prisma.consumerGroup.createMany({ data: rows });
  const names = Array.from({ length: 8 }, (_, i) => `together-${i}`);
  // connections that are open already: the calls really overlap
  await Promise.all(names.map((name) => groups.find(name)));
  const together = await Promise.all(names.map(create));
  expect(together.filter((creation) => creation === 'created')).toHaveLength(1);
  expect(together.filter((creation) => creation === 'full')).toHaveLength(7);
  expect(await create(group)).toBe('taken');
  await groups.remove('many-0');
  expect(await create('again')).toBe('created');
  await prisma.consumerGroup.deleteMany({ where: { name: { startsWith: 'many-' } } });
});

describe('commits', () => {
  const member = (id: string) => ({ id, seenAtMs: Date.now(), subject: `token:${id}`, commits: 0 });
  const commit = (id: string, shardlet: number, seq: number) =>
    groups.commit(group, {
      ...{ member: id, subject: `token:${id}` },
      positions: [{ shardlet, seq, epoch: 1, assignment: 1 }],
    });
  const checkpoint = (shardlet: number, id: string) => ({
    ...{ shardlet, seq: 0, epoch: 1, assignment: 1, member: id, revoking: false, skipped: 0 },
  });
  const shared = () => ({
    version: 1,
    members: [member('a'), member('b')],
    checkpoints: new Map([
      [1, checkpoint(1, 'a')],
      [2, checkpoint(2, 'b')],
    ]),
  });
  /** What a transaction of somebody else does, until it is ended. */
  async function holding(...statements: readonly string[]): Promise<() => Promise<void>> {
    const other = new Client({ connectionString: url });
    await other.connect();
    await other.query('BEGIN');
    for (const statement of statements) await other.query(statement, [group]);
    return async () => {
      await other.query('COMMIT');
      await other.end();
    };
  }
  const touch = (...ids: readonly string[]) =>
    groups.touch(ids.map((member) => ({ group, member, subject: `token:${member}` })));
  const isOver = async (call: Promise<unknown>) =>
    Promise.race([call.then(() => true), new Promise((resolve) => setTimeout(() => resolve(false), 300))]);

  beforeEach(async () => {
    await create(group);
    await put(shared());
  });

  it('of one member do not wait for those of another, nor do signs of life', async () => {
    const end = await holding(
      'SELECT 1 FROM consumer_group WHERE name = $1 FOR KEY SHARE',
      `UPDATE consumer_member SET commits = commits + 1 WHERE "group" = $1 AND id = 'a'`,
      `UPDATE consumer_checkpoint SET seq = 9 WHERE "group" = $1 AND shardlet = 1`,
    );
    const own = commit('a', 1, 5);
    expect(await isOver(commit('b', 2, 5))).toBe(true);
    expect(await isOver(touch('b'))).toBe(true);
    expect(await isOver(own)).toBe(false);
    await end();
    expect(await own).toMatchObject({ results: [{ kind: 'behind', seq: 9 }] });
  });

  it('hold up no sign of life of others, also when it comes together with one of the same member', async () => {
    const [before] = [await found()];
    const end = await holding(
      `UPDATE consumer_member SET commits = commits + 1 WHERE "group" = $1 AND id = 'a'`,
    );
    await new Promise((resolve) => setTimeout(resolve, 150));
    const both = touch('a', 'b');
    expect(await isOver(both)).toBe(true);
    expect((await both).map((one) => one?.standing)).toEqual(['member', 'member']);
    const [a, b] = (await found()).members;
    await end();
    expect(a!.seenAtMs).toBe(before.members[0]!.seenAtMs);
    expect(b!.seenAtMs).toBeGreaterThan(before.members[1]!.seenAtMs);
  });

  it('wait for a change of the release before, and are judged by what it has made', async () => {
    const end = await holding(
      'SELECT 1 FROM consumer_group WHERE name = $1 FOR UPDATE',
      `UPDATE consumer_checkpoint SET assignment = 2, member = 'b' WHERE "group" = $1 AND shardlet = 1`,
    );
    const late = commit('a', 1, 5);
    expect(await isOver(late)).toBe(false);
    expect(await isOver(touch('a'))).toBe(true);
    await end();
    expect(await late).toMatchObject({ results: [{ kind: 'fenced', assignment: 2 }] });
    expect((await found()).checkpoints.get(1)).toMatchObject({ seq: 0, member: 'b' });
  });

  it('of members side by side all count', async () => {
    const callers = Array.from({ length: 40 }, (_, i) => (i % 2 === 0 ? 'a' : 'b'));
    await Promise.all(callers.map((id, i) => commit(id, id === 'a' ? 1 : 2, i)));
    const { members, checkpoints } = await found();
    // one that waited looks again, which counts too
    for (const { commits } of members) expect(commits).toBeGreaterThanOrEqual(20);
    expect([...checkpoints.values()].map((c) => c.seq)).toEqual([38, 39]);
  });
});

describe('a database that does not answer', () => {
  const inTime = async (call: Promise<unknown>) => {
    const startedMs = performance.now();
    await expect(call).rejects.toMatchObject({ name: 'DatabaseUnreachable' });
    // the client of a poll gives up after some 15 s
    expect(performance.now() - startedMs).toBeLessThan(9_000);
  };

  it('is told as such in time, by every call, and used again when it answers', async () => {
    await create(group);
    const proxy = await startTcpProxy({ port: Number(new URL(url).port) });
    const client = openPrisma(proxy.through(url));
    const store = new PrismaGroupStore(client, url);
    const change = () => store.change(group, ({ state }) => ({ state, result: 'done' }));
    // connections that are open already, and connections that are not
    await Promise.all([change(), change()]);
    proxy.hold('toServer');
    const row = { name: 'new', stream: 1, sessionMs: 1_000 };
    await Promise.all([
      ...[inTime(store.list()), inTime(change())],
      ...Array.from({ length: 12 }, () => inTime(change())),
      ...[inTime(store.list()), inTime(store.find(group)), inTime(store.remove('nothing'))],
      inTime(store.create(row, EMPTY_GROUP)),
    ]);
    await proxy.release('toServer');
    expect(await change()).toBe('done');
    await client.$disconnect();
    await proxy.stop();
  }, 60_000);

  it('does not wait for a process that stopped inside a change, and neither does any other call', async () => {
    await create(group);
    const stopped = new Client({ connectionString: url });
    stopped.on('error', () => {});
    await stopped.connect();
    await stopped.query('BEGIN');
    await stopped.query('SELECT 1 FROM consumer_group WHERE name = $1 FOR UPDATE', [group]);
    // more than there are connections: the server ends what waits, so that others find one
    await Promise.all(Array.from({ length: 12 }, () => inTime(put(EMPTY_GROUP))));
    const startedMs = performance.now();
    expect(await groups.list()).toEqual(expect.arrayContaining([expect.objectContaining({ name: group })]));
    expect(performance.now() - startedMs).toBeLessThan(3_000);
    await stopped.end();
    expect(await put(EMPTY_GROUP)).toBe('done');
  }, 60_000);

  it('ends a change whose process stopped in the middle of it: the group goes on', async () => {
    await create(group);
    const proxy = await startTcpProxy({ port: Number(new URL(url).port) });
    const client = openPrisma(proxy.through(url));
    const half = new PrismaGroupStore(client, url).change(group, ({ state }) => {
      proxy.hold('toServer');
      return { state: { ...state, version: 99 }, result: 'done' };
    });
    await inTime(half);
    const goesOn = () => expect(put({ ...EMPTY_GROUP, version: 1 })).resolves.toBe('done');
    await vi.waitFor(goesOn, { timeout: 12_000 });
    expect((await found()).version).toBe(1);
    await proxy.stop();
    await client.$disconnect();
  }, 60_000);
});

it('lets tokens and members of an earlier release go on', async () => {
  const folder = await temporaryFolder('migrations');
  const before = join(folder.path, 'before');
  await mkdir(before);
  for (const name of await readdir(MIGRATIONS))
    if (name < '20261123090000') await cp(join(MIGRATIONS, name), join(before, name), { recursive: true });
  const old = await createDatabase(inject('postgresUrl'), `groups_old_${process.pid}`);
  await applyMigrations(old, before);
  const client = openPrisma(old);
  const tokens = new PrismaTokenStore(client, old);
  const add = (name: string, scopes: readonly string[]) => client.$executeRaw`
    INSERT INTO api_token (id, name, prefix, hash, scopes)
    VALUES (gen_random_uuid(), ${name}, 'fsh_', ${Buffer.from(name)}, ${scopes})`;
  await add('reader', ['read']);
  await add('producer', ['ingest']);
  await add('ready', ['read', 'consume']);
  await client.$executeRaw`INSERT INTO consumer_group (name, stream, session_ms) VALUES ('g', 1, 1000)`;
  await client.$executeRaw`INSERT INTO consumer_member ("group", id, seen_at_ms) VALUES ('g', 'm', 5)`;
  await applyMigrations(old, MIGRATIONS);
  const scopes = Object.fromEntries((await tokens.list()).map((token) => [token.name, token.scopes]));
  expect(scopes).toEqual({ reader: ['read', 'consume'], producer: ['ingest'], ready: ['read', 'consume'] });
  const { members } = (await new PrismaGroupStore(client, old).find('g'))!.state;
  expect(members).toEqual([{ id: 'm', seenAtMs: 5, subject: undefined, commits: 0 }]);
  await client.$disconnect();
  await folder.remove();
});
