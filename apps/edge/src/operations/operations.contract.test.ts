/**
 * The orders of people over REST and tRPC, on an edge process and a worker with real Redis and PostgreSQL. Each
 * is asked first what it would do, and must then have changed nothing.
 */
import { connectAnyHost } from '@foreshard/core/adapters/event-hosts';
import { beginReadmission } from '@foreshard/core/topology';
import { createDatabase } from '@foreshard/local';
import { createTRPCClient, httpLink } from '@trpc/client';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { z } from 'zod';
import { type Answer, EdgeCluster, eventOf, until } from '../edge-process.fixture.ts';
import type { EdgeRouter } from '../trpc/index.ts';

let cluster: EdgeCluster;
// biome-ignore lint/suspicious/noExplicitAny: a document of any shape
let document: any;

beforeAll(async () => {
  cluster = await EdgeCluster.start(2, inject('postgresUrl'));
  await cluster.createStream({ name: 'main', shardCount: 2 });
  await cluster.startEdge();
  document = (await cluster.get('/v1/openapi.json')).body;
}, 60_000);
afterAll(() => cluster.stop());

/** Answers are what the description says they are. */
function expectDescribed(method: string, path: string, { status, body, headers }: Answer): void {
  const described = Object.keys(document.paths).find((pattern) => isAt(pattern, path))!;
  const [type = ''] = (headers.get('content-type') ?? '').split(';');
  const schema = document.paths[described][method.toLowerCase()].responses[status]?.content?.[type]?.schema;
  expect(schema, `${method} ${described} ${status} ${type}: ${JSON.stringify(body)}`).toBeDefined();
  const text = JSON.stringify({ ...schema, $defs: document.components.schemas });
  const parsed = z.fromJSONSchema(JSON.parse(text.replaceAll('#/components/schemas/', '#/$defs/')));
  expect(parsed.safeParse(body).error?.issues, `${method} ${path} ${JSON.stringify(body)}`).toBe(undefined);
}

function isAt(pattern: string, path: string): boolean {
  const [wanted, given] = [pattern.split('/'), path.split('?')[0]!.split('/')];
  return wanted.length === given.length && wanted.every((p, i) => p.startsWith('{') || p === given[i]);
}

async function call(method: string, path: string, body?: unknown): Promise<Answer> {
  const json = { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } };
  const answer = await cluster.send(path, { method, ...(body === undefined ? {} : json) });
  expectDescribed(method, path, answer);
  return answer;
}

/** The same again without `dryRun` comes after. */
async function dryRun(method: string, path: string, body?: unknown): Promise<Answer> {
  const { version } = await cluster.control.topology.snapshot();
  const answer = await call(method, `${path}?dryRun=true`, body);
  const since = await cluster.control.topology.changesAfter(version, 1_000);
  // the worker drops meanwhile what was moved or joined before
  expect(since.filter(({ decision }) => decision !== 'dropGarbage')).toEqual([]);
  return answer;
}

async function anOpenShardlet() {
  const [first] = await openShardlets();
  if (first === undefined) throw new Error('no shardlet is open');
  return first;
}

async function openShardlets() {
  const { shardlets } = await cluster.control.topology.snapshot();
  return shardlets.filter((s) => s.state.kind === 'open').sort((a, b) => a.id - b.id);
}

async function ended(id: number): Promise<Answer> {
  const path = `/v1/migrations/${id}`;
  await until('the move has ended', async () => (await call('GET', path)).body.migration.result !== null);
  return call('GET', path);
}

test('a shardlet goes to another host and back, with who wanted it and why', async () => {
  const shardlet = await anOpenShardlet();
  const to = shardlet.owner === 1 ? 2 : 1;
  const order = { shardlets: [shardlet.id, 999_999], to, reason: 'a test', windowSeconds: 600 };
  const tried = await dryRun('POST', '/v1/migrations', order);
  expect(tried).toMatchObject({
    status: 200,
    body: {
      results: [
        { result: 'would move', migration: null, from: shardlet.owner, to },
        { result: 'refused', refusal: { reason: 'unknown' } },
      ],
    },
  });
  const started = await call('POST', '/v1/migrations', order);
  expect(started.status).toBe(202);
  const [{ migration }] = started.body.results;
  const shown = await ended(migration);
  expect(shown.body.migration).toMatchObject({
    ...{ result: 'moved', reason: 'a test', actor: 'token:test' },
    to: { host: to, name: expect.stringContaining('redis://') },
    deadlineAt: expect.any(String),
  });
  await until('its journal is written', async () => {
    const { journal } = (await call('GET', `/v1/migrations/${migration}`)).body;
    return journal.some(({ what }: { what: string }) => what === 'opened');
  });
  expect(await call('POST', `/v1/migrations/${migration}/abort`)).toMatchObject({
    status: 409,
    body: { code: 'conflict', detail: expect.stringContaining('it was moved') },
  });
  expect((await dryRun('POST', `/v1/migrations/${migration}/move-back`)).status).toBe(200);
  const back = await call('POST', `/v1/migrations/${migration}/move-back`, { reason: 'it was better there' });
  expect(back).toMatchObject({ status: 202, body: { result: 'moving', to: shardlet.owner } });
  expect((await ended(back.body.migration)).body.migration.result).toBe('moved');
  const { migrations } = (await call('GET', '/v1/migrations?ended=true&limit=1')).body;
  expect(migrations).toMatchObject([{ id: back.body.migration, reason: 'it was better there' }]);
});

const WITHOUT_BODY = [
  ['POST', '/v1/hosts/999/undrain', 'unknown_host'],
  ['DELETE', '/v1/streams/nowhere', 'unknown_stream'],
] as const;

test.each([
  ['{"reason":"a look around"}', '/reason'],
  ['{"a/b":1,"c":2}', '/a~1b'],
  ['[]', undefined],
  ['7', undefined],
  ['no JSON', undefined],
])('an operation without a body refuses one: %s', async (body, pointer) => {
  for (const type of ['application/json', 'text/plain'])
    for (const [method, path] of WITHOUT_BODY) {
      const answer = await cluster.send(path, { method, body, headers: { 'content-type': type } });
      expect([answer.status, answer.body.code]).toEqual([400, 'invalid_parameter']);
      expect(answer.body.pointer ?? answer.body.errors?.[0]?.pointer).toBe(pointer);
    }
});

test.each(['', '{}', ' {} '])('an operation without a body takes %j for none', async (body) => {
  const headers = { 'content-type': 'application/json' };
  for (const [method, path, code] of WITHOUT_BODY)
    expect((await cluster.send(path, { method, body, headers })).body.code).toBe(code);
});

test('pause-all holds every move until resume-all; an abort leaves the shardlet where it is', async () => {
  expect((await call('POST', '/v1/pause-all?dryRun=true')).body.paused).toBe(true);
  expect((await call('GET', '/v1/migrations')).body.controls.paused).toBe(false);
  expect((await call('POST', '/v1/pause-all', { reason: 'a look around' })).body).toMatchObject({
    paused: true,
    reason: 'a look around',
  });
  const shardlet = await anOpenShardlet();
  const to = shardlet.owner === 1 ? 2 : 1;
  const [{ migration }] = (await call('POST', '/v1/migrations', { shardlets: [shardlet.id], to })).body
    .results;
  const listed = (await call('GET', '/v1/migrations')).body;
  expect(listed).toMatchObject({ migrations: [{ id: migration, result: null, secondsLeft: null }] });
  const path = `/v1/migrations/${migration}`;
  expect((await call('POST', `${path}/pause`, { reason: 'not now' })).status).toBe(202);
  expect((await call('GET', path)).body.migration).toMatchObject({ order: 'pause', orderReason: 'not now' });
  expect((await call('POST', `${path}/resume`)).status).toBe(202);
  expect((await call('POST', `${path}/abort?dryRun=true`)).status).toBe(200);
  expect((await call('GET', path)).body.migration.order).toBe('go');
  expect((await call('POST', `${path}/abort`)).status).toBe(202);
  expect((await call('POST', `${path}/resume`)).body.detail).toContain('being aborted already');
  expect((await call('POST', '/v1/resume-all')).body.paused).toBe(false);
  expect((await ended(migration)).body.migration.result).toBe('aborted');
  expect((await openShardlets()).find((s) => s.id === shardlet.id)?.owner).toBe(shardlet.owner);
});

test('what all moves may use is set together, and what is left out stays', async () => {
  expect((await call('POST', '/v1/migration-limits', { concurrencyMax: 3 })).body).toMatchObject({
    concurrencyMax: 3,
    bytesPerSecondMax: null,
  });
  expect(
    (await call('POST', '/v1/migration-limits?dryRun=true', { bytesPerSecondMax: 5 })).body,
  ).toMatchObject({
    concurrencyMax: 3,
    bytesPerSecondMax: 5,
  });
  expect((await call('POST', '/v1/migration-limits', { bytesPerSecondMax: 9_000_000 })).body).toMatchObject({
    concurrencyMax: 3,
    bytesPerSecondMax: 9_000_000,
  });
  await call('POST', '/v1/migration-limits', { bytesPerSecondMax: null, concurrencyMax: 2 });
});

test('split, merge and roll tell what they would do and do it', async () => {
  const { id } = await anOpenShardlet();
  const tried = await dryRun('POST', `/v1/shardlets/${id}/split`);
  expect(tried.body).toMatchObject({ basis: 'middle', children: [{ shardlet: null }, { shardlet: null }] });
  const split = await call('POST', `/v1/shardlets/${id}/split`, { at: tried.body.children[1].range.from });
  expect(split).toMatchObject({ status: 202, body: { parents: [id], hotKey: null } });
  const pair = split.body.children.map((c: { shardlet: number }) => c.shardlet);
  await cluster.settled();
  expect((await dryRun('POST', '/v1/merge', { shardlets: pair })).status).toBe(200);
  const merged = await call('POST', '/v1/merge', { shardlets: pair });
  expect(merged.body.children).toHaveLength(1);
  await cluster.settled();
  const rolled = await call('POST', `/v1/shardlets/${merged.body.children[0].shardlet}/roll`);
  expect(rolled.status).toBe(202);
  await cluster.settled();
  expect(await call('POST', `/v1/shardlets/${id}/roll`)).toMatchObject({
    status: 409,
    body: { code: 'conflict', detail: expect.stringContaining('closed') },
  });
});

test('a key that carries most of the load is said plainly', async () => {
  const hot = (await cluster.post(
    Array.from({ length: 50 }, (_, i) => ({
      ...{ specversion: '1.0', id: `hot-${i}`, source: '/test', type: 'tested', subject: 'hot' },
    })),
  )) as Answer;
  const { shardlet } = hot.body.results[0];
  const { body } = await dryRun('POST', `/v1/shardlets/${shardlet}/split`);
  expect(body.hotKey.share).toBe(1);
  expect(body.explanation).toMatch(
    /one key .* carries 100 % of the load.*does not allow to cut inside a key/,
  );
});

test('a host joins, takes shardlets, is emptied and leaves', async () => {
  const url = await createDatabase(inject('postgresUrl'), 'administration');
  expect((await dryRun('POST', '/v1/hosts', { url, name: 'third' })).body).toEqual({
    result: 'would join',
    host: null,
  });
  const added = await call('POST', '/v1/hosts', { url, name: 'third' });
  expect(added).toMatchObject({
    status: 201,
    body: { result: 'joined', host: { name: 'third', shardlets: 0 } },
  });
  expect(JSON.stringify(added.body)).not.toContain(new URL(url).password || '@');
  expect((await call('POST', '/v1/hosts', { url })).body.result).toBe('known');
  const { id } = added.body.host;
  const zone = { zone: 'north', labels: { disk: 'ssd' } };
  expect((await dryRun('PATCH', `/v1/hosts/${id}`, zone)).body).toMatchObject({
    result: 'would be described',
    host: zone,
  });
  expect((await call('PATCH', `/v1/hosts/${id}`, { capacity: { eventsPerSecond: 500 } })).body).toMatchObject(
    {
      result: 'described',
      host: { zone: 'default', labels: {}, capacity: { eventsPerSecond: 500 } },
    },
  );
  const { id: shardlet } = await anOpenShardlet();
  const [{ migration }] = (await call('POST', '/v1/migrations', { shardlets: [shardlet], to: 'third' })).body
    .results;
  await ended(migration);
  expect(await dryRun('DELETE', `/v1/hosts/${id}`)).toMatchObject({
    status: 409,
    body: { code: 'in_the_way', detail: expect.stringContaining('has part in shardlet') },
  });
  const tried = await dryRun('POST', `/v1/hosts/${id}/drain`);
  expect(tried.body).toMatchObject({ left: 1, moves: [{ shardlet }], dryRun: true });
  expect((await call('POST', `/v1/hosts/${id}/drain`)).status).toBe(202);
  expect((await call('POST', `/v1/hosts/${id}/drain`)).status).toBe(202);
  await until('it is empty', async () =>
    (await call('GET', '/v1/hosts')).body.hosts.some(
      (h: { id: number; shardlets: number; state: string }) =>
        h.id === id && h.shardlets === 0 && h.state === 'draining',
    ),
  );
  expect((await call('POST', `/v1/hosts/${id}/undrain`)).body.state).toBe('active');
  expect((await dryRun('DELETE', `/v1/hosts/${id}`)).body).toEqual({ host: id, result: 'would be removed' });
  expect((await call('DELETE', `/v1/hosts/${id}`)).body).toEqual({ host: id, result: 'removed' });
  const { hosts } = (await call('GET', '/v1/hosts')).body;
  expect(hosts.map((h: { id: number }) => h.id)).not.toContain(id);
});

test.each([
  ['POST', '/v1/migrations', { shardlets: [], to: 1 }, 400, '/shardlets'],
  ['POST', '/v1/migrations', { shardlets: [1], to: 'nowhere' }, 404, '/to'],
  ['POST', '/v1/migrations', { shardlets: [1], to: 1, speed: 9 }, 400, '/speed'],
  ['POST', '/v1/migrations/999999/pause', undefined, 404, '{id}'],
  ['POST', '/v1/migrations/1/pause?dryRun=perhaps', undefined, 400, '?dryRun'],
  ['POST', '/v1/migrations/x/pause', undefined, 400, '{id}'],
  ['POST', '/v1/migration-limits', { concurrencyMax: 0 }, 400, '/concurrencyMax'],
  ['POST', '/v1/hosts', { url: 'http://127.0.0.1' }, 400, '/url'],
  ['POST', '/v1/hosts', { url: 'redis://127.0.0.1:9' }, 422, ''],
  ['PATCH', '/v1/hosts/1', { zone: 'a b' }, 400, '/zone'],
  ['PATCH', '/v1/hosts/1', { colour: 'red' }, 400, '/colour'],
  ['PATCH', '/v1/hosts/1', {}, 400, ''],
  ['PATCH', '/v1/hosts/1', undefined, 400, ''],
  ['PATCH', '/v1/hosts/999', { zone: 'north' }, 404, ''],
  ['DELETE', '/v1/hosts/999', undefined, 404, ''],
  ['POST', '/v1/hosts/999/drain', undefined, 404, ''],
  ['POST', '/v1/shardlets/999999/roll', undefined, 404, ''],
  ['POST', '/v1/merge', { shardlets: [1] }, 400, '/shardlets'],
])('refuses with the place that is wrong: %s %s %j', async (method, path, body, status, pointer) => {
  const reply = await call(method, path, body);
  expect([reply.status, reply.body.pointer ?? '']).toEqual([status, pointer]);
});

test('needs a token for administration', async () => {
  const { plaintext } = await cluster.control.tokens.create({ name: 'reader', scopes: ['ingest', 'read'] });
  const headers = { authorization: `Bearer ${plaintext}` };
  for (const [method, path] of [
    ['GET', '/v1/hosts'],
    ['POST', '/v1/pause-all'],
    ['DELETE', '/v1/hosts/1'],
  ] as const)
    expect((await cluster.send(path, { method, headers })).status).toBe(403);
});

test('tRPC tells and orders the same', async () => {
  const url = `${cluster.edgeUrl}/trpc`;
  const link = httpLink({ url, headers: { authorization: `Bearer ${cluster.token}` } });
  const client = createTRPCClient<EdgeRouter>({ links: [link] });
  expect(await client.hosts.list.query()).toEqual((await call('GET', '/v1/hosts')).body);
  const { id, owner } = await anOpenShardlet();
  const to = owner === 1 ? 2 : 1;
  expect(await client.migrations.start.mutate({ shardlets: [id], to, dryRun: true })).toEqual(
    (await dryRun('POST', '/v1/migrations', { shardlets: [id], to })).body,
  );
  expect(await client.shardlets.roll.mutate({ shardlet: id, dryRun: true })).toMatchObject({ parents: [id] });
  await expect(client.migrations.pause.mutate({ migration: 999_999 })).rejects.toMatchObject({
    data: { code: 'NOT_FOUND', problem: { code: 'unknown_migration' } },
  });
});

test('the loss of a host that went back is reviewed, and accepted for the run that was reviewed', async () => {
  const hostOf = async () => (await cluster.control.topology.snapshot()).hosts.find((h) => h.id === 2)!;
  expect(await call('GET', '/v1/hosts/2/loss')).toMatchObject({ body: { code: 'invalid_order' } });
  expect((await call('GET', '/v1/hosts/99/loss')).status).toBe(404);
  await cluster.post(Array.from({ length: 20 }, (_, i) => eventOf({ id: `loss-${i}`, subject: `k${i}` })));
  const host = await hostOf();
  const opened = await connectAnyHost(host);
  const { incarnation, markPromise } = await opened.identify();
  await opened.close();
  const loss = { detail: 'a test said so', byMarks: false, certainTs: markPromise, promise: markPromise };
  await cluster.decide(beginReadmission(2, incarnation, loss));

  const review = await call('GET', '/v1/hosts/2/loss');
  expect(review).toMatchObject({
    status: 200,
    body: { host: 2, incarnation, detail: 'a test said so', isAccepted: false, absent: 0 },
  });
  const { shardlets, whole } = review.body;
  const owned = (await openShardlets()).filter((s) => s.owner === 2).length;
  expect(shardlets.length + whole).toBeGreaterThanOrEqual(owned);
  const path = '/v1/hosts/2/accept-loss';
  expect(await call('POST', path, { incarnation: 'another run' })).toMatchObject({
    status: 409,
    body: { code: 'conflict' },
  });
  expect(await dryRun('POST', path, { incarnation })).toMatchObject({
    status: 200,
    body: { host: 2, result: 'would be accepted' },
  });
  const headers = { authorization: `Bearer ${cluster.token}` };
  const link = httpLink({ url: `${cluster.edgeUrl}/trpc`, headers });
  const client = createTRPCClient<EdgeRouter>({ links: [link] });
  expect(await client.hosts.loss.query({ host: 2 })).toEqual(review.body);
  expect(await call('POST', path, { incarnation })).toMatchObject({
    status: 202,
    body: { host: 2, result: 'accepted' },
  });
  await until('the host is used again', async () => (await hostOf()).state === 'active');
  expect((await hostOf()).generation).toBeGreaterThan(0);
}, 60_000);

test('a preview of a drain proposes no host that does not answer, and says why', async () => {
  await cluster.hosts[1]!.kill('SIGKILL');
  const preview = async () => (await dryRun('POST', '/v1/hosts/1/drain')).body;
  await until('the worker has measured it', async () => (await preview()).waiting.length > 0);
  const { left, moves, waiting } = await preview();
  expect(moves).toEqual([]);
  expect(waiting).toEqual([
    { why: expect.stringMatching(/no host can take it: .+ is unreachable/), shardlets: expect.any(Array) },
  ]);
  expect(waiting[0].shardlets).toHaveLength(left);
}, 60_000);
