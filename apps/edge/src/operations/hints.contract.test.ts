/** Hints over REST and tRPC, on an edge process and a real PostgreSQL. */
import { createTRPCClient, httpLink } from '@trpc/client';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { EdgeCluster } from '../edge-process.fixture.ts';
import type { EdgeRouter } from '../trpc/index.ts';

let cluster: EdgeCluster;

beforeAll(async () => {
  cluster = await EdgeCluster.start(1, inject('postgresUrl'));
  await cluster.createStream({ name: 'main', shardCount: 4 });
  await cluster.startEdge();
});
afterAll(() => cluster.stop());

const good = {
  from: '2026-12-24T18:00:00+01:00',
  to: '2026-12-24T22:00:00+01:00',
  factor: 3,
  scope: { keys: ['order-1'], types: ['order.placed'], shards: [1, 2] },
  repeat: { every: 'week', zone: 'Europe/Berlin' },
  because: 'last orders',
};
const post = (body: unknown) =>
  cluster.send('/v1/hints', {
    method: 'POST',
    body: JSON.stringify(body),
    headers: { 'content-type': 'application/json' },
  });

test('takes a hint, lists it, and takes it back with who did so', async () => {
  const added = await post(good);
  expect(added.status).toBe(201);
  expect(added.body).toMatchObject({ from: '2026-12-24T17:00:00.000Z', factor: 3, perSecond: null });
  const { hints } = (await cluster.get('/v1/hints')).body;
  expect(hints).toEqual([added.body]);
  const path = `/v1/hints/${added.body.id}`;
  expect((await cluster.send(path, { method: 'DELETE' })).status).toBe(204);
  expect((await cluster.send(path, { method: 'DELETE' })).status).toBe(404);
  expect((await cluster.get('/v1/hints')).body.hints).toEqual([]);
  const [kept] = await cluster.control.hints.list({ withRemoved: true });
  expect(kept).toMatchObject({ createdBy: kept!.removedBy, because: 'last orders' });
  expect(await cluster.control.hints.restore(kept!.id)).toBe(true);
  expect((await cluster.get('/v1/hints')).body.hints).toHaveLength(1);
});

test.each([
  [{ ...good, factor: undefined }, 400, '/factor'],
  [{ ...good, to: good.from }, 400, '/to'],
  [{ ...good, scope: { shards: [-1] } }, 400, '/scope/shards/0'],
  [{ ...good, scope: { shards: [0, 4_095] } }, 400, '/scope/shards/1'],
  [{ ...good, stream: 'nowhere' }, 404, '/stream'],
  [{ ...good, repeat: { ...good.repeat, until: '2026-12-01T00:00:00Z' } }, 400, '/repeat/until'],
  // no text of PostgreSQL holds it
  [{ ...good, because: 'last\0orders' }, 400, '/because'],
  [{ ...good, scope: { keys: ['a', 'b\0'] } }, 400, '/scope/keys/1'],
  [7, 400, ''],
])('refuses with the place that is wrong: %#', async (body, status, pointer) => {
  const reply = await post(body);
  expect(reply.status).toBe(status);
  expect(reply.body.pointer ?? '').toBe(pointer);
});

test('tRPC takes, lists and takes back the same hints', async () => {
  const clientOf = (token: string) => {
    const link = httpLink({ url: `${cluster.edgeUrl}/trpc`, headers: { authorization: `Bearer ${token}` } });
    return createTRPCClient<EdgeRouter>({ links: [link] });
  };
  const { hints } = clientOf(cluster.token);
  const added = await hints.add.mutate({
    ...good,
    factor: 4,
    repeat: { every: 'day', zone: 'Europe/Berlin' },
  });
  expect(added).toMatchObject({ from: '2026-12-24T17:00:00.000Z', factor: 4, stream: 'main' });
  const listed = await hints.list.query();
  expect(listed).toEqual((await cluster.get('/v1/hints')).body);
  expect(listed.hints).toContainEqual(added);
  expect(new Set(listed.hints.map(({ createdBy }) => createdBy)).size).toBe(1);
  await hints.remove.mutate({ id: added.id });
  expect((await hints.list.query()).hints).not.toContainEqual(added);
  await expect(hints.remove.mutate({ id: added.id })).rejects.toMatchObject({ data: { code: 'NOT_FOUND' } });
  await expect(hints.add.mutate({ ...good, stream: 'nowhere' } as never)).rejects.toMatchObject({
    data: { code: 'NOT_FOUND', problem: { code: 'unknown_stream', pointer: '/stream' } },
  });
  await expect(hints.add.mutate({ ...good, to: good.from } as never)).rejects.toMatchObject({
    data: { code: 'BAD_REQUEST' },
  });
  const { plaintext } = await cluster.control.tokens.create({ name: 'reader', scopes: ['read'] });
  await expect(clientOf(plaintext).hints.list.query()).rejects.toMatchObject({ data: { code: 'FORBIDDEN' } });
});

test('a removed hint is listed when asked for, and put back', async () => {
  const added = await post({ ...good, because: 'put back' });
  const path = `/v1/hints/${added.body.id}`;
  expect(added.headers.get('location')).toBe(path);
  await cluster.send(path, { method: 'DELETE' });
  const found = async (query: string) => {
    const { hints } = (await cluster.get(`/v1/hints${query}`)).body;
    return hints.find(({ id }: { id: string }) => id === added.body.id);
  };
  expect(await found('')).toBeUndefined();
  expect(await found('?removed=true')).toEqual({
    ...{ ...added.body, removedBy: added.body.createdBy, removedAt: expect.any(String) },
  });
  const restore = () => cluster.send(`${path}/restore`, { method: 'POST' });
  expect((await restore()).status).toBe(204);
  expect(await found('')).toEqual(added.body);
  expect((await restore()).status).toBe(404);
});
