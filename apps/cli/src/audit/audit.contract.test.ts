/** The audit log as people read and verify it, on a real edge, worker and database. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, inject, test, vi } from 'vitest';
import { makeAdministrator } from '../local/cluster.ts';
import { RealEdge } from '../replay/real-edge.fixture.ts';

const DONE = 0;
const FAILED = 1;
const BAD_INPUT = 2;
const SEALED_WITHIN_MS = 20_000;
const NO_ID = '01a1ff5c-50c3-7438-a09a-41089442e032';
const NO_HOSTS = { hostUrls: [], hostNames: [] };
const CANARY = 'whsec_canary0canary0canary0';

let edge: RealEdge;
beforeAll(async () => {
  edge = await RealEdge.start(inject('postgresUrl'), 1, 'audit');
}, 150_000);
afterAll(() => edge?.stop());

const foreshard = (...args: string[]) => edge.run(args);
const HINT = ['--from', '2126-12-24T18:00:00Z', '--to', '2126-12-24T22:00:00Z', '--factor', '3'];

async function json(...args: string[]) {
  const { exitCode, stdout, stderr } = await foreshard(...args, '--json');
  expect(stderr).toBe('');
  expect(exitCode).toBe(DONE);
  return JSON.parse(stdout);
}

/** Until every row has a seal. */
async function sealed(): Promise<void> {
  await vi.waitUntil(async () => (await json('audit', 'list', '--limit', '1')).records[0]?.seal !== null, {
    ...{ timeout: SEALED_WITHIN_MS, interval: 300 },
  });
}

test('an order over the edge, a refusal, and one without an edge have their callers', async () => {
  await foreshard('hints', 'add', ...HINT, '--because', `gifts ${CANARY}`);
  const refused = await edge.command(['hosts', 'add', '-'], 'redis://u:canary@127.0.0.1:1').ended;
  expect(refused).toMatchObject({ exitCode: FAILED, stderr: expect.not.stringContaining('canary') });
  const direct = await foreshard('hints', 'restore', NO_ID, '--direct');
  expect(direct).toMatchObject({ exitCode: BAD_INPUT, stderr: expect.stringContaining(NO_ID) });
  const { records } = await json('audit', 'list');
  expect(records.slice(0, 3)).toMatchObject([
    { operation: 'hints.restore', outcome: 'failed', code: 'not_found', surface: 'command line' },
    { operation: 'hosts.add', outcome: 'failed', surface: 'edge', actorKind: 'token' },
    {
      operation: 'hints.add',
      outcome: 'done',
      surface: 'edge',
      address: expect.stringContaining('127.0.0.1'),
    },
  ]);
  expect(records[2].actor).toMatch(/^token:/);
  expect(records[2].requestId).not.toBe('');
  const shown = await json('audit', 'show', records[2].id);
  expect(shown).toMatchObject({ reason: 'gifts (hidden)', input: { factor: 3 }, after: { factor: 3 } });
  expect((await foreshard('audit')).stdout).toContain('failed (not_found)');
}, 60_000);

describe('what a command does on the stores itself has a row as well', () => {
  const console = { FORESHARD_CONSOLE_URL: 'http://console.test' };
  const here = { surface: 'command line', actorKind: 'process', outcome: 'done' };
  const links: string[] = [];

  async function newest(operation: string) {
    const { records } = await json('audit', 'list', '--operation', operation, '--limit', '1');
    return json('audit', 'show', records[0].id);
  }

  async function file(name: string, ...lines: string[]): Promise<string> {
    const path = join(edge.dataDir, name);
    await writeFile(path, `${lines.join('\n')}\n`);
    return path;
  }

  test('links for the first administrator and for a new password', async () => {
    const first = await edge.command(['users', 'link'], undefined, console).ended;
    links.push(first.stdout.trim());
    expect(await newest('firstAdministrator.link')).toMatchObject({ ...here, resource: 'user' });
    const password = { email: 'ada@example.org', passwordFile: await file('password', 'canary of thirteen') };
    await makeAdministrator({ ...edge.stores, ...NO_HOSTS }, password);
    expect(await newest('firstAdministrator.create')).toMatchObject({
      ...{ ...here, target: 'ada@example.org', after: { roles: [{ role: 'administrator' }] } },
    });
    const reset = await edge.command(['users', 'link', '--reset', 'ada@example.org'], undefined, console)
      .ended;
    links.push(reset.stdout.trim());
    expect(await newest('users.link')).toMatchObject({
      ...{ ...here, target: 'ada@example.org', after: { expiresAt: expect.any(String) } },
    });
    const nobody = await edge.command(['users', 'link', '--reset', 'eve@example.org'], undefined, console)
      .ended;
    expect(nobody).toMatchObject({ exitCode: BAD_INPUT });
    expect(await newest('users.link')).toMatchObject({
      ...{ ...here, outcome: 'failed', target: 'eve@example.org', code: 'bad_input' },
    });
  }, 60_000);

  test('load of a cluster, and history', async () => {
    const atMs = Math.floor(Date.now() / 3_600_000) * 3_600_000;
    const rows = [3, 2, 1].map((minutes) => `${atMs - minutes * 60_000},p,h,5`);
    const csv = await file('load.csv', 'time,partition,host,events_per_second', ...rows);
    for (const verb of ['add', 'import'])
      expect(await foreshard('clusters', verb, 'theirs', '--csv', csv, '--direct')).toMatchObject({
        exitCode: DONE,
      });
    const input = { name: 'theirs', rows: 3 };
    expect(await newest('clusters.add')).toMatchObject({ ...here, target: 'theirs', input, before: null });
    expect(await newest('clusters.importLoad')).toMatchObject({
      ...{ ...here, before: { name: 'theirs', partitionCount: 1 }, after: { known: 3 } },
    });
    const past = [3, 2, 1].map((hours) => `${atMs - hours * 3_600_000},5`);
    const trace = await file('past.csv', 'timestamp,value', ...past);
    await json('import-history', '--trace', trace, '--dry-run');
    expect((await json('audit', 'list', '--operation', 'telemetry.importHistory')).records).toEqual([]);
    await json('import-history', '--trace', trace);
    expect(await newest('telemetry.importHistory')).toMatchObject({
      ...{ ...here, resource: 'telemetry', target: 'main', after: { rows: 3, written: true } },
    });
    await json('import-history', '--trace', trace, '--remove');
    expect(await newest('telemetry.removeHistory')).toMatchObject({ ...here, target: 'main' });
  }, 60_000);

  test('the token of a local start, and no row holds what opens anything', async () => {
    expect(await newest('tokens.create')).toMatchObject({ ...here, target: 'local start' });
    const client = new Client(edge.stores.databaseUrl);
    await client.connect();
    const { rows } = await client.query<{ text: string }>('SELECT r::text AS text FROM audit_row r');
    await client.end();
    const all = rows.map(({ text }) => text).join();
    const secrets = links.map((link) => link.split('#')[1]!);
    expect(secrets.map((secret) => secret.length > 20)).toEqual([true, true]);
    for (const secret of secrets) expect(all).not.toContain(secret);
  });
});

test('nothing secret is in a row', async () => {
  const client = new Client(edge.stores.databaseUrl);
  await client.connect();
  const { rows } = await client.query<{ text: string }>('SELECT r::text AS text FROM audit_row r');
  await client.end();
  expect(rows.length).toBeGreaterThan(5);
  expect(rows.map(({ text }) => text).join()).not.toMatch(/canary|fsh_[\w-]{8}/);
});

test('a denial is recorded with the permission that lacks', async () => {
  const { stdout } = await foreshard('tokens', 'create', 'reader', '--scope', 'cluster:read');
  const lacking = await edge.command(['drain', '1'], undefined, {
    FORESHARD_EDGE_URL: JSON.parse(await readFile(join(edge.dataDir, 'credentials.json'), 'utf8')).edgeUrl,
    FORESHARD_TOKEN: stdout.trim(),
  }).ended;
  expect(lacking).toMatchObject({ exitCode: BAD_INPUT });
  const { records } = await json('audit', 'list', '--outcome', 'denied');
  expect(records).toMatchObject([
    {
      actor: 'token:reader',
      operation: 'hosts.drain',
      code: 'forbidden',
      detail: expect.stringMatching(/cluster:operate/),
    },
  ]);
  const created = await json('audit', 'list', '--operation', 'tokens.create');
  const entry = await json('audit', 'show', created.records[0].id);
  expect(entry.after.token).toBe('(hidden)');
}, 60_000);

test('the chain is verified, and a row that was changed by hand is found', async () => {
  await sealed();
  const whole = await json('audit', 'verify');
  expect(whole).toMatchObject({ faults: [], verified: expect.any(Number) });
  expect(whole.verified).toBe(whole.head.number);
  const head = `${whole.head.number}:${whole.head.hash}`;
  expect(await foreshard('audit', 'verify', '--head', head)).toMatchObject({ exitCode: DONE });
  const other = `${whole.head.number}:${'0'.repeat(64)}`;
  const cut = await foreshard('audit', 'verify', '--head', other);
  expect(cut).toMatchObject({ exitCode: FAILED, stdout: expect.stringContaining('cut off: ') });
  const client = new Client(edge.stores.databaseUrl);
  await client.connect();
  await client.query('SET session_replication_role = replica');
  // an id is lost where an insert was rolled back: row 2 need not exist, seal 2 does
  const { rows } = await client.query<{ id: string }>(
    `UPDATE audit_row SET actor = 'token:somebody'
     WHERE id = (SELECT row_id FROM audit_seal WHERE number = 2) RETURNING id::text`,
  );
  await client.end();
  expect(rows).toHaveLength(1);
  const changed = await foreshard('audit', 'verify');
  expect(changed).toMatchObject({ exitCode: FAILED });
  expect(changed.stdout).toContain(`changed: Row ${rows[0]?.id} is not what seal 2 was made of.`);
  expect(await foreshard('audit', 'verify', '--from', '2')).toMatchObject({ exitCode: DONE });
}, 60_000);

test('what is wrong with the question is told', async () => {
  const wrong = async (...args: string[]) => {
    const { exitCode, stderr } = await foreshard('audit', 'verify', ...args);
    expect(exitCode).toBe(BAD_INPUT);
    return stderr;
  };
  expect(await wrong('--key', '/nowhere')).toContain('cannot be read from /nowhere');
  expect(await wrong('--head', 'abc')).toContain('--head is NUMBER:HASH');
  expect(await wrong('--from', '99999')).toContain('There is no seal 99999');
}, 60_000);
