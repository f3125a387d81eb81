/** Tokens and quotas as operators set them: the commands, and an edge that learns of them. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, inject, test, vi } from 'vitest';
import { RealEdge } from '../replay/real-edge.fixture.ts';

let edge: RealEdge;
beforeAll(async () => {
  edge = await RealEdge.start(inject('postgresUrl'), 1, 'quotas');
}, 60_000);
afterAll(() => edge?.stop());

const run = (...args: string[]) => edge.run(args);
const listed = async () => JSON.parse((await run('quotas', '--json')).stdout).quotas;

test('a quota is set, shown beside its stream, held by the edge, and removed', async () => {
  expect((await run('quotas')).stdout).toContain('no quota yet');
  const set = await run('quotas', 'set', 'stream', 'main', '--events-per-second', '5');
  expect([set.exitCode, set.stdout]).toEqual([0, expect.stringContaining('within 3 s')]);
  const [quotas, json, table] = await Promise.all([listed(), run('streams', '--json'), run('streams')]);
  expect(quotas).toEqual([
    { scope: 'stream', subject: 'main', name: 'main', eventsPerSecond: 5, bytesPerSecond: null },
  ]);
  const { streams } = JSON.parse(json.stdout);
  expect(streams[0]).toMatchObject({ name: 'main', quota: { eventsPerSecond: 5, bytesPerSecond: null } });
  expect(table.stdout).toMatch(/eventsPerSecond +bytesPerSecond/);
  await vi.waitFor(async () => expect((await bulk(6)).status).toBe(429), { timeout: 15_000, interval: 200 });
  expect((await run('quotas', 'remove', 'stream', 'main')).exitCode).toBe(0);
  expect(await listed()).toEqual([]);
  await vi.waitFor(async () => expect((await bulk(6)).status).toBe(200), { timeout: 15_000, interval: 200 });
}, 60_000);

test('a token is limited as its options say, and replaced by one that is like it', async () => {
  const made = await run(
    ...['tokens', 'create', 'limited', '--scope', 'events:write', 'events:read', '--expires', '1d', '--json'],
    ...['--stream', 'main:eu-', 'orders', '--group', 'billing', '--network', '127.0.0.0/8', '--cluster', '.'],
  );
  const { id, limits, cidrs, createdAt, expiresAt } = JSON.parse(made.stdout);
  expect({ limits, cidrs }).toEqual({
    limits: {
      streams: [{ name: 'main', keyPrefix: 'eu-' }, { name: 'orders' }],
      ...{ groups: ['billing'], clusters: ['.'] },
    },
    cidrs: ['127.0.0.0/8'],
  });
  expect(Date.parse(expiresAt) - Date.parse(createdAt)).toBeCloseTo(86_400_000, -4);
  expect((await run('tokens')).stdout).toContain('streams main (keys eu-*), orders; groups billing');
  const rotated = await run('tokens', 'rotate', id, '--overlap', '10m', '--expires', 'none', '--json');
  expect(JSON.parse(rotated.stdout)).toMatchObject({
    ...{ name: 'limited', limits, cidrs, expiresAt: null, replaces: { id } },
  });
  const plain = await run('tokens', 'rotate', id);
  expect([plain.stdout, plain.stderr]).toEqual([
    expect.stringMatching(/^fsh_\S+\n$/),
    expect.stringContaining(`${id} is valid until`),
  ]);
}, 60_000);

test('a token may do what its scopes say, until it is revoked or has expired', async () => {
  expect((await bulk(1)).status).toBe(200);
  const made = await run('tokens', 'create', 'reader', '--scope', 'read');
  expect([made.exitCode, made.stderr]).toEqual([0, expect.stringContaining('(read) is shown this once')]);
  const reader = made.stdout.trim();
  expect([(await read(reader)).status, (await bulk(1, reader)).status]).toEqual([200, 403]);
  const brief = await run('tokens', 'create', 'brief', '--scope', 'ingest', '--expires', '1s', '--json');
  const { id, token, scopes } = JSON.parse(brief.stdout);
  expect([scopes, (await read(token)).status]).toEqual([['ingest'], expect.toBeOneOf([401, 403])]);
  const { tokens } = JSON.parse((await run('tokens', '--json')).stdout);
  // an edge tells at its next refresh, and then once a minute
  expect(tokens.find((t: { name: string }) => t.name === 'local start').lastUsedAt).toMatch(/^\d{4}-/);
  const { id: readerId, prefix } = tokens.find((t: { name: string }) => t.name === 'reader');
  expect(reader.startsWith(prefix)).toBe(true);
  expect((await run('tokens', 'revoke', readerId)).exitCode).toBe(0);
  await vi.waitFor(async () => expect((await read(reader)).status).toBe(401), {
    timeout: 15_000,
    interval: 200,
  });
  // commands that ask an edge take less than the second that it lives
  await vi.waitFor(async () => expect((await bulk(1, token)).status).toBe(401), {
    timeout: 15_000,
    interval: 200,
  });
  expect((await run('tokens')).stdout).toMatch(new RegExp(`${id} +brief .*expired`));
}, 60_000);

test('what is wrong is told with exit code 2', async () => {
  const wrong = [
    [['set', 'stream', 'nowhere', '--events-per-second', '5'], 'There is no stream nowhere'],
    [['set', 'token', 'nobody', '--bytes-per-second', '5'], 'There is no active token nobody'],
    [['set', 'stream', 'main'], 'no quota is given'],
    [['set', 'stream', 'main', '--events-per-second', '0'], 'a whole number from 1'],
    [['set', 'host', 'main', '--events-per-second', '1'], 'Allowed choices are token, stream'],
    [['remove', 'stream', 'main'], 'has no quota of its own'],
  ] as const;
  const replies = await Promise.all(wrong.map(([args]) => run('quotas', ...args)));
  for (const [i, { exitCode, stderr }] of replies.entries())
    expect([exitCode, stderr]).toEqual([2, expect.stringContaining(wrong[i]![1])]);
  const all = await Promise.all([
    run('tokens', 'create', 'x'),
    run('tokens', 'create', 'x', '--scope', 'all'),
    run('tokens', 'create', 'x', '--scope', 'read', '--expires', 'soon'),
    run('tokens', 'revoke', 'x'),
  ]);
  expect(all.map(({ exitCode }) => exitCode)).toEqual([2, 2, 2, 2]);
}, 60_000);

test('what an edge refuses is refused without one too, and a token can be made without one', async () => {
  const ends = await Promise.all([
    run('streams', 'delete', 'main', '--yes'),
    run('streams', 'delete', 'main', '--yes', '--direct'),
    run('quotas', 'remove', 'stream', 'main', '--direct'),
    run('tokens', 'create', 'direct', '--scope', 'read', '--direct'),
  ]);
  expect(ends.map(({ exitCode }) => exitCode)).toEqual([2, 2, 2, 0]);
  for (const { stderr } of ends.slice(0, 2)) expect(stderr).toContain('The stream main cannot be deleted');
  expect((await read(ends[3]!.stdout.trim())).status).toBe(200);
}, 60_000);

let ids = 0;

async function credentials(): Promise<{ edgeUrl: string; token: string }> {
  return JSON.parse(await readFile(join(edge.dataDir, 'credentials.json'), 'utf8'));
}

async function read(token: string): Promise<Response> {
  const { edgeUrl } = await credentials();
  return fetch(`${edgeUrl}/v1/log?limit=1`, { headers: { authorization: `Bearer ${token}` } });
}

async function bulk(count: number, as?: string): Promise<Response> {
  const { edgeUrl, token } = await credentials();
  const event = () => ({ specversion: '1.0', id: `q${++ids}`, source: '/q', type: 't' });
  return fetch(`${edgeUrl}/v1/events`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${as ?? token}`,
      'content-type': 'application/cloudevents-batch+json',
    },
    body: JSON.stringify(Array.from({ length: count }, event)),
  });
}
