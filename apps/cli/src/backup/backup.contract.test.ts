/**
 * Backup and restore as a person runs them, on real servers, with an edge that goes on appending: what was
 * acknowledged before, between and after must be there in the end, and every position must take appends.
 */
import { copyFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { gunzipSync, gzipSync } from 'node:zlib';
import { applyMigrations } from '@foreshard/core/adapters/prisma';
import { range, slices } from '@foreshard/core/keyspace';
import { restructure, type Shardlet } from '@foreshard/core/topology';
import { createDatabase } from '@foreshard/local';
import { afterAll, afterEach, beforeAll, describe, expect, inject, test } from 'vitest';
import { type Control, openControl } from '../composition.ts';
import { readCredentials } from '../credentials.ts';
import { type CommandResult, RealEdge } from '../replay/real-edge.fixture.ts';
import { connect } from './backup.ts';
import { restore } from './restore.ts';

const MIGRATIONS = new URL('../../../../prisma/migrations', import.meta.url).pathname;

const WITHIN_MS = 30_000;
const KEYS = 60;
/** of the three, the one that is a PostgreSQL */
const POSTGRES_HOST = 3;

let edge: RealEdge;
let control: Control;
let file: string;
const acknowledged = new Set<string>();

beforeAll(async () => {
  edge = await RealEdge.start(inject('postgresUrl'), 2, 'backup', true);
  control = await openControl(edge.stores);
  file = join(edge.dataDir, 'backup.gz');
}, 60_000);
afterAll(async () => {
  await control?.close();
  await edge?.stop();
});

function foreshard(...args: string[]): Promise<CommandResult> {
  return edge.run(args);
}

async function ask(path: string, init: RequestInit = {}): Promise<Response> {
  const { edgeUrl, token } = readCredentials({ FORESHARD_DATA_DIR: edge.dataDir })!;
  return fetch(edgeUrl + path, {
    ...init,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/x-ndjson' },
  });
}

/** One event for each of many keys, so that every shardlet gets some. */
async function append(round: string): Promise<void> {
  const events = Array.from({ length: KEYS }, (_, key) => ({
    ...{ specversion: '1.0', source: '/backup', type: 't', id: `${round}-${key}`, subject: `key-${key}` },
  }));
  const body = events.map((event) => JSON.stringify(event)).join('\n');
  await until(`round ${round} to be accepted`, async () => {
    const response = await ask('/v1/streams/main/events', { method: 'POST', body });
    const text = await response.text();
    if (!response.ok) throw new Error(text.slice(0, 1_000));
    return true;
  });
  for (const { id } of events) acknowledged.add(id);
}

async function idsRead(): Promise<Set<string>> {
  const ids = new Set<string>();
  for (let key = 0; key < KEYS; key++) {
    const response = await ask(`/v1/streams/main/keys/key-${key}/events?limit=1000`);
    const text = await response.text();
    expect(response.status, text).toBe(200);
    for (const [, id] of text.matchAll(/"id":\s*"([^"]+)"/g)) ids.add(id!);
  }
  return ids;
}

async function expectNothingLost(): Promise<void> {
  const read = await idsRead();
  expect([...acknowledged].filter((id) => !read.has(id))).toEqual([]);
}

async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  let cause: unknown;
  const tried = (error: unknown) => {
    cause = error;
    return false;
  };
  for (const deadline = Date.now() + WITHIN_MS; Date.now() < deadline; await sleep(100))
    if (await holds().catch(tried)) return;
  throw new Error(`not within ${WITHIN_MS} ms: ${what}`, { cause });
}

async function tablesIn(databaseUrl: string): Promise<string[]> {
  const client = await connect(databaseUrl);
  try {
    const { rows } = await client.query<{ name: string }>(
      `SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public'`,
    );
    return rows.map(({ name }) => name);
  } finally {
    await client.end();
  }
}

async function leaves(): Promise<Shardlet[]> {
  const { shardlets } = await control.topology.snapshot();
  return shardlets.filter((s) => s.state.kind === 'open');
}

async function whenAtRest(): Promise<void> {
  await until('every shardlet to be at rest', async () => {
    const { shardlets } = await control.topology.snapshot();
    return shardlets.every((s) => ['open', 'closed', 'gone'].includes(s.state.kind));
  });
}

async function split(shardlet: Shardlet): Promise<void> {
  const children = slices(range(shardlet.range.from, shardlet.range.to), 2);
  const reply = await control.topology.decide(
    restructure({ parents: [{ id: shardlet.id, epoch: shardlet.epoch }], children }),
    'test',
  );
  expect(reply.kind).toBe('decided');
  await control.jobs.wake('reconcile');
  await whenAtRest();
}

describe('a restored topology store', () => {
  test('that has lost nothing goes on after the doctor has said so', { timeout: 60_000 }, async () => {
    await append('before');
    expect(await foreshard('backup', file)).toMatchObject({ exitCode: 0 });
    const refused = await foreshard('restore', file);
    expect(refused).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('The topology store is not empty'),
    });
    const restored = await foreshard('restore', file, '--replace');
    expect(restored, restored.stderr).toMatchObject({ exitCode: 0 });
    expect(restored.stdout).toContain('foreshard doctor --after-restore');

    const created = await foreshard('streams', 'create', 'other');
    expect(created).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('--after-restore') });
    await append('closed');

    const { version } = await control.topology.snapshot();
    const examined = await foreshard('doctor', '--after-restore', '--json');
    expect(examined, examined.stderr).toMatchObject({ exitCode: 0 });
    expect(JSON.parse(examined.stdout)).toMatchObject({ outcome: 'safe', nextVersion: 2 ** 40 });
    expect((await control.topology.snapshot()).version).toBe(2 ** 40);
    expect(version).toBeLessThan(2 ** 40);
    await append('after');
    await expectNothingLost();
  });

  test('that has lost splits and readmissions is found out, mended, and loses no event', {
    timeout: 120_000,
  }, async () => {
    await whenAtRest();
    expect(await foreshard('backup', file)).toMatchObject({ exitCode: 0 });
    const before = await leaves();
    const onPostgres = before.find((s) => s.owner === POSTGRES_HOST)!;
    await split(onPostgres);
    await split(before.find((s) => s.owner === 1)!);
    await append('split');
    const child = (await leaves()).find((s) => s.parents.includes(onPostgres.id))!;
    await split(child);
    await append('split twice');
    // every shardlet of this host gets a new epoch
    await edge.restartHost(2);
    await until('the host to be readmitted', async () => {
      const { hosts } = await control.topology.snapshot();
      return (
        hosts.every((h) => h.state === 'active') && (await leaves()).some((s) => s.epoch > child.epoch + 3)
      );
    });
    await whenAtRest();
    await append('readmitted');

    expect(await foreshard('restore', file, '--replace')).toMatchObject({ exitCode: 0 });
    await edge.killHost(1);
    const blind = await foreshard('doctor', '--after-restore', '--confirm');
    expect(blind).toMatchObject({
      exitCode: 1,
      stderr: expect.stringMatching(/stays closed: host 1 .*cannot be/),
    });
    await edge.reviveHost(1);
    const unsafe = await foreshard('doctor', '--after-restore');
    expect(unsafe).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('--confirm') });
    expect(unsafe.stdout).toMatch(/unsafe: the topology store was restored at version/);
    expect(unsafe.stdout).toMatch(/adopt/);
    expect(unsafe.stdout).toMatch(/host 3 has a replica \(open\)/);
    expect((await control.restoration.clock()).mark).toBeDefined();

    const mended = await foreshard('doctor', '--after-restore', '--confirm', '--json');
    expect(mended, mended.stderr).toMatchObject({ exitCode: 0 });
    expect(JSON.parse(mended.stdout)).toMatchObject({ outcome: 'adopted', nextVersion: 2 * 2 ** 40 });
    await until('The topology store to decide again and everything to be open', async () => {
      const { hosts } = await control.topology.snapshot();
      return hosts.every((h) => h.state === 'active');
    });
    await whenAtRest();
    await append('mended');
    await expectNothingLost();
    // what was adopted can be restructured like anything else
    await split((await leaves())[0]!);
    await append('split again');
    await expectNothingLost();
    expect(JSON.parse((await foreshard('doctor', '--after-restore', '--json')).stdout)).toMatchObject({
      outcome: 'nothing',
    });
  });
});

describe('a backup file', () => {
  const other = () => join(edge.dataDir, 'other.gz');
  const tried = (path = other()) => foreshard('restore', path, '--dry-run', '--replace');
  let version: number;

  beforeAll(async () => {
    await foreshard('backup', file);
    ({ version } = await control.topology.snapshot());
  });
  afterEach(async () => {
    expect((await control.topology.snapshot()).version).toBe(version);
  });

  async function rewritten(change: (text: string) => string): Promise<void> {
    await writeFile(other(), gzipSync(change(gunzipSync(await readFile(file)).toString())));
  }

  test('can be tried without changing anything', async () => {
    await copyFile(file, other());
    const reply = await tried();
    expect(reply, reply.stderr).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining('nothing was changed'),
    });
    expect((await control.restoration.clock()).mark).toBeUndefined();
  });

  test('waits for a transaction under way, which another one may still help to end', async () => {
    await copyFile(file, other());
    const [holder, helper] = await Promise.all([0, 1].map(() => connect(edge.stores.databaseUrl)));
    try {
      await holder!.query('BEGIN; SELECT FROM host');
      const restored = tried();
      await sleep(2_000);
      // behind the restore that waits for the holder
      await helper!.query('SELECT FROM host');
      await holder!.query('COMMIT');
      const reply = await restored;
      expect(reply, reply.stderr).toMatchObject({ exitCode: 0 });
    } finally {
      await Promise.all([holder!.end(), helper!.end()]);
    }
  });

  test('that was cut is refused', async () => {
    const whole = await readFile(file);
    await writeFile(other(), whole.subarray(0, whole.length - 20));
    expect(await tried()).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('damaged') });
  });

  test('of which a character was changed is refused', async () => {
    await rewritten((text) => text.replace('"main"', '"mein"'));
    expect(await tried()).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('checksum') });
  });

  test('of a newer release is refused by that name', async () => {
    await rewritten((text) => text.replace('"formatVersion":1', '"formatVersion":2'));
    expect(await tried()).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('newer release') });
  });

  test('that is something else, or nothing, is refused', async () => {
    await writeFile(other(), 'hello');
    expect(await tried()).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('no backup') });
    expect(await tried('/nowhere')).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('no file'),
    });
  });

  test('is tried and then restored in an empty database, in which numbers go on after those that were given', async () => {
    const nothing = { hostsChangedMs: null, webhook: null, source: null, problem: null, observedToMs: null };
    const capacity = { eventsPerSecond: null, bytesPerSecond: null, memoryBytes: null };
    const named = (name: string, number: number) => ({
      ...{ ...nothing, name, number, revision: 0, version: 1, partitions: [], stepMs: 60_000, shiftMs: 0 },
      ...{ hosts: [{ number: 1, name: 'a', zone: 'z', ...capacity }], createdMs: 1, createdBy: 'ann' },
    });
    const number = await control.clusters.nextNumber();
    await control.clusters.add(named('first', number));
    await foreshard('backup', file);
    const empty = await createDatabase(inject('postgresUrl'), `restored_${process.pid}`);
    await expect(restore(empty, file, { dryRun: true, replace: false })).resolves.toMatchObject({
      replacedVersion: 0,
    });
    expect(await tablesIn(empty)).toEqual([]);
    await applyMigrations(empty, MIGRATIONS);
    await restore(empty, file, { dryRun: false, replace: false });
    const restored = await openControl({ ...edge.stores, databaseUrl: empty });
    try {
      expect((await restored.clusters.find('first'))!.number).toBe(number);
      expect(await restored.clusters.nextNumber()).toBe(number + 1);
    } finally {
      await restored.close();
      await control.clusters.remove('first');
    }
  });
});
