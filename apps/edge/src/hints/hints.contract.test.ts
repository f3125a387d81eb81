/** Hints over REST, on an edge process and a real PostgreSQL. */
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { EdgeCluster } from '../edge-process.fixture.ts';

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
  [{ ...good, stream: 'nowhere' }, 404, '/stream'],
  [7, 400, ''],
])('refuses with the place that is wrong: %#', async (body, status, pointer) => {
  const reply = await post(body);
  expect(reply.status).toBe(status);
  expect(reply.body.pointer ?? '').toBe(pointer);
});
