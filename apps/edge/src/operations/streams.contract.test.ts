/** Streams, quotas, tokens and groups as people order them: an edge process over REST and tRPC, with its stores. */
import { createTRPCClient, httpLink } from '@trpc/client';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { type Answer, EdgeCluster, eventOf, until } from '../edge-process.fixture.ts';
import type { EdgeRouter } from '../trpc/index.ts';

let cluster: EdgeCluster;

beforeAll(async () => {
  cluster = await EdgeCluster.start(1, inject('postgresUrl'));
  await cluster.createStream({ name: 'main', shardCount: 1 });
  await cluster.startEdge();
}, 60_000);
afterAll(() => cluster?.stop());

function call(method: string, path: string, body?: unknown, token?: string): Promise<Answer> {
  const headers = {
    ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
  };
  return cluster.send(path, {
    method,
    headers,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}

function client(token = cluster.token) {
  const headers = { authorization: `Bearer ${token}` };
  return createTRPCClient<EdgeRouter>({ links: [httpLink({ url: `${cluster.edgeUrl}/trpc`, headers })] });
}

test('a stream is tried, created, altered, used and deleted, and main stays', async () => {
  const order = { name: 'orders', shardCount: 2, retentionMs: 3_600_000 };
  const tried = await call('POST', '/v1/streams?dryRun=true', order);
  expect([tried.status, tried.body]).toEqual([200, { result: 'would be created', stream: null }]);
  const made = await call('POST', '/v1/streams', order);
  expect([made.status, made.body]).toMatchObject([
    201,
    { result: 'created', stream: { ...order, quota: null } },
  ]);
  expect(await call('POST', '/v1/streams', order)).toMatchObject({
    status: 409,
    body: { code: 'in_the_way' },
  });
  const altered = await call('PATCH', '/v1/streams/orders', { retentionMs: null });
  expect([altered.status, altered.body.stream]).toMatchObject([200, { retentionMs: null, shardlets: 2 }]);
  await cluster.settled();
  const sent = await cluster.post([eventOf({ id: 's1', subject: 'k' })], '/v1/streams/orders/events');
  expect(sent.status).toBe(200);
  const { streams } = await client().streams.list.query();
  expect(streams.map(({ name }) => name).sort()).toEqual(['main', 'orders']);
  const main = await call('DELETE', '/v1/streams/main');
  expect(main).toMatchObject({ status: 400, body: { code: 'invalid_order', pointer: '{stream}' } });
  await expect(client().streams.delete.mutate({ stream: 'main' })).rejects.toMatchObject({
    data: { problem: { code: 'invalid_order' } },
  });
  const gone = await call('DELETE', '/v1/streams/orders');
  expect([gone.status, gone.body]).toEqual([202, { stream: 'orders', result: 'deleted', shardlets: 2 }]);
  expect((await call('DELETE', '/v1/streams/orders')).body.code).toBe('unknown_stream');
}, 60_000);

test.each([
  ['POST', '/v1/streams', { name: 'Big' }, 400, 'invalid_order', '/name'],
  ['POST', '/v1/streams', { name: 'x', shardCount: 5_000 }, 400, 'invalid_order', '/shardCount'],
  ['POST', '/v1/streams', { name: 'x', retentionMs: 1 }, 400, 'invalid_order', '/retentionMs'],
  ['POST', '/v1/streams', { name: 'x', shards: 2 }, 400, 'invalid_order', '/shards'],
  ['PATCH', '/v1/streams/main', {}, 400, 'invalid_order', undefined],
  ['PATCH', '/v1/streams/main', { stream: 'y' }, 400, 'invalid_order', '/stream'],
  ['PATCH', '/v1/streams/nope', { retentionMs: null }, 404, 'unknown_stream', '{stream}'],
  ['POST', '/v1/quotas/stream/nope', { eventsPerSecond: 1 }, 404, 'unknown_stream', '{subject}'],
  ['POST', '/v1/quotas/token/nobody', { eventsPerSecond: 1 }, 404, 'unknown_token', '{subject}'],
  ['POST', '/v1/quotas/host/h', { eventsPerSecond: 1 }, 400, 'invalid_parameter', '{scope}'],
  ['POST', '/v1/quotas/stream/main', { eventsPerSecond: 0 }, 400, 'invalid_order', '/eventsPerSecond'],
  ['DELETE', '/v1/quotas/stream/main', undefined, 404, 'unknown_quota', '{subject}'],
  ['POST', '/v1/tokens', { name: 'x', scopes: [] }, 400, 'invalid_order', '/scopes'],
  ['POST', '/v1/tokens', { name: 'x', scopes: ['all'] }, 400, 'invalid_order', '/scopes/0'],
  ['DELETE', '/v1/tokens/nobody', undefined, 404, 'unknown_token', '{id}'],
  ['DELETE', '/v1/groups/nope', undefined, 404, 'unknown_group', undefined],
] as const)('refuses %s %s %j', async (method, path, body, status, code, pointer) => {
  const answer = await call(method, path, body);
  expect([answer.status, answer.body.code, answer.body.pointer]).toEqual([status, code, pointer]);
});

test('a token is answered once, does what its scopes say, has a quota by its name, and ends', async () => {
  const made = await call('POST', '/v1/tokens', { name: 'the shop', scopes: ['read'], lifetimeSeconds: 600 });
  expect([made.status, made.body]).toMatchObject([
    201,
    { name: 'the shop', scopes: ['read'], state: 'active' },
  ]);
  const { id, token } = made.body;
  expect((await call('GET', '/v1/streams', undefined, token)).status).toBe(200);
  for (const path of ['/v1/tokens', '/v1/quotas'])
    expect(await call('GET', path, undefined, token)).toMatchObject({
      status: 403,
      body: { code: 'forbidden' },
    });
  await expect(client(token).tokens.create.mutate({ name: 'more', scopes: ['admin'] })).rejects.toMatchObject(
    { data: { code: 'FORBIDDEN' } },
  );
  const listed = await call('GET', '/v1/tokens');
  expect(JSON.stringify(listed.body)).not.toContain(token);
  expect(listed.body.tokens[0]).toMatchObject({ id, prefix: token.slice(0, 10) });
  const quota = { scope: 'token', subject: id, name: 'the shop', eventsPerSecond: null, bytesPerSecond: 9 };
  const set = await call('POST', '/v1/quotas/token/the%20shop', { bytesPerSecond: 9 });
  expect([set.status, set.body]).toEqual([200, quota]);
  expect((await client().quotas.list.query()).quotas).toEqual([quota]);
  expect((await call('DELETE', `/v1/quotas/token/${id}`)).body).toEqual({
    ...{ scope: 'token', subject: id, result: 'removed' },
  });
  expect((await call('DELETE', `/v1/tokens/${id}`)).body).toEqual({ token: id, result: 'revoked' });
  expect((await call('DELETE', `/v1/tokens/${id}`)).body.code).toBe('unknown_token');
  await until('the edge refuses it', async () => {
    return (await call('GET', '/v1/streams', undefined, token)).status === 401;
  });
}, 60_000);

test('a group is removed with its checkpoints, by admin only', async () => {
  const made = await call('POST', '/v1/groups', { name: 'g' });
  expect([made.status, made.body]).toMatchObject([201, { name: 'g', stream: 'main', delivery: 'pull' }]);
  expect((await client().groups.show.query({ group: 'g' })).members).toEqual([]);
  const { token } = (await call('POST', '/v1/tokens', { name: 'member', scopes: ['consume'] })).body;
  // an edge asks about unknown tokens once a second, and the one before was unknown at last
  await until('the edge knows the token', async () => {
    return (await call('DELETE', '/v1/groups/g', undefined, token)).body.code === 'forbidden';
  });
  expect((await call('DELETE', '/v1/groups/g')).body).toEqual({
    group: 'g',
    result: 'removed',
    letters: null,
  });
  expect((await client().groups.list.query()).groups).toEqual([]);
}, 60_000);
