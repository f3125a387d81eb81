/** Clusters of others over REST and tRPC: an edge process, a worker that takes load in, plans and tells, a receiver. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { LOAD_LENGTH_MAX } from '@foreshard/core/external';
import { createTRPCClient, httpLink } from '@trpc/client';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { EdgeCluster } from '../edge-process.fixture.ts';
import type { EdgeRouter } from '../trpc/index.ts';

let cluster: EdgeCluster;
let receiver: Server;
const messages: { type: string; data: Record<string, unknown> }[] = [];

beforeAll(async () => {
  receiver = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    messages.push(JSON.parse(body));
    response.writeHead(202).end();
  });
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/actions`;
  cluster = await EdgeCluster.start(1, inject('postgresUrl'), { FORESHARD_WEBHOOK_NETWORKS: '127.0.0.0/8' });
  await cluster.createStream({ name: 'main', shardCount: 1 });
  await cluster.startEdge();
  await json('POST', '/v1/notification-targets', { name: 'runner', url, kinds: [] });
  const policy = { mode: 'ask', scaling: { hosts_min: 3, hosts_max: 3 } };
  await json('POST', '/v1/policy', { from: 0, policy });
});
afterAll(async () => {
  await cluster?.stop();
  receiver?.close();
});

function json(method: string, path: string, body?: unknown) {
  const headers = { 'content-type': 'application/json' };
  return cluster.send(path, {
    method,
    headers,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}

function csv(path: string, body: string | Uint8Array<ArrayBuffer>) {
  return cluster.send(path, { method: 'POST', headers: { 'content-type': 'text/csv; charset=utf-8' }, body });
}

const HEAD = 'time,partition,host,events_per_second,bytes';
const PLACES = { p1: ['a', 55], p2: ['a', 60], p10: ['b', 10], p3: ['c', 10] } as const;

/** So many minutes of load up to now. */
function load(places: Record<string, readonly [host: string, perSecond: number]>, minutes = 10): string {
  const endMs = Math.floor(Date.now() / 60_000) * 60_000;
  const lines = Object.entries(places).flatMap(([partition, [host, perSecond]]) =>
    Array.from(
      { length: minutes },
      (_, i) => `${endMs - (i + 1) * 60_000},${partition},${host},${perSecond},1e6`,
    ),
  );
  return [HEAD, ...lines].join('\n');
}

/** A line that would be taken. */
const ONE = `${HEAD}\n1795230000,p,h,1,`;

const CAPACITIES = ['a', 'b', 'c'].map((name) => ({ name, eventsPerSecond: 100 }));

describe('a cluster that is described by its load', () => {
  test('is added with a CSV as it is, and then told apart and described', async () => {
    const added = await csv('/v1/clusters/legacy?webhook=runner', load(PLACES));
    expect(added).toMatchObject({
      status: 201,
      body: { name: 'legacy', hosts: 3, partitions: 4, rows: 40, known: 0, hostsAssumed: 3, shiftSeconds: 0 },
    });
    expect((await csv('/v1/clusters/legacy', load(PLACES))).status).toBe(409);
    const { clusters } = (await cluster.get('/v1/clusters')).body;
    expect(clusters).toMatchObject([
      { name: 'legacy', hostCount: 3, partitionCount: 4, obstacle: null, webhook: 'runner', source: null },
    ]);
    expect(clusters[0].createdBy).toBe('token:test');
    const { body } = await cluster.get('/v1/clusters/legacy');
    expect(body).toMatchObject(clusters[0]);
    expect(body.partitions).toContainEqual({
      ...{ name: 'p2', host: 'a', bytes: 1e6, movedAt: null, cameFrom: null },
    });
  });

  test('takes in what is newer, and leaves out what is known', async () => {
    const again = await csv('/v1/clusters/legacy/load', load(PLACES));
    expect(again).toMatchObject({ status: 200 });
    expect(again.body.rows + again.body.known).toBe(40);
    expect(again.body.known).toBeGreaterThanOrEqual(36);
  });

  test('is told what its hosts take, and by whom it is carried out', async () => {
    const changed = await json('PATCH', '/v1/clusters/legacy', { webhook: null, hosts: CAPACITIES });
    expect(changed).toMatchObject({ status: 200, body: { webhook: null } });
    expect(changed.body.hosts[0]).toEqual({
      ...{ name: 'a', zone: 'default', eventsPerSecond: 100, bytesPerSecond: null, memoryBytes: null },
    });
    const kept = await json('PATCH', '/v1/clusters/legacy', { webhook: 'runner' });
    expect(kept.body).toEqual({ ...changed.body, webhook: 'runner' });
    expect((await cluster.get('/v1/clusters/legacy')).body).toEqual(kept.body);
  });

  test('is planned now, and nothing is changed by it', async () => {
    const { status, body } = await cluster.get('/v1/clusters/legacy/plan');
    expect(status).toBe(200);
    expect(body).toMatchObject({
      ...{ name: 'legacy', state: null },
      plan: { recommendations: [{ action: 'move', source: 'a' }] },
    });
    const { state } = (await cluster.get('/v1/clusters/legacy/plan?state=true')).body;
    expect(state.shardlets).toHaveLength(4);
  });

  test('has recommendations of its own, which are approved and told', async () => {
    const path = '/v1/recommendations?cluster=legacy';
    await expect
      .poll(async () => (await cluster.get(path)).body.recommendations, { timeout: 20_000 })
      .toMatchObject([{ cluster: 'legacy', state: 'open', proposal: { action: 'move', source: 'a' } }]);
    expect((await cluster.get('/v1/recommendations')).body.recommendations).toEqual([]);
    expect((await cluster.get('/v1/recommendations?cluster=*')).body.recommendations).toHaveLength(1);
    expect((await cluster.get('/v1/decisions?cluster=legacy')).body.decisions[0]).toMatchObject({
      actions: 1,
    });
    const [{ id, revision, topologyVersion }] = (await cluster.get(path)).body.recommendations;
    const approved = await json('POST', `/v1/recommendations/${id}/approve`, { revision, topologyVersion });
    expect(approved).toMatchObject({ status: 200, body: { cluster: 'legacy' } });
    await expect
      .poll(() => messages, { timeout: 20_000 })
      .toMatchObject([
        { type: 'foreshard.action.move', data: { cluster: 'legacy', recommendation: id, source: 'a' } },
      ]);
  });

  test('goes with its load and what was recommended for it', async () => {
    expect((await json('DELETE', '/v1/clusters/legacy')).body).toEqual({ removed: 'legacy' });
    expect((await cluster.get('/v1/clusters')).body).toEqual({ clusters: [] });
    const { recommendations } = (await cluster.get('/v1/recommendations?cluster=legacy&state=all')).body;
    expect(recommendations.map((one: { state: string }) => one.state)).toEqual(['failed']);
    expect((await json('DELETE', '/v1/clusters/legacy')).status).toBe(404);
  });
});

describe('what is wrong is told with its place, and then nothing is taken', () => {
  test('lines of a CSV', async () => {
    const body = [HEAD, 'soon,p,h,1,', '1795230000,p,h,1,', '1795230000,p,h,many,', '1795230060,p'].join(
      '\n',
    );
    const reply = await csv('/v1/clusters/wrong', body);
    expect([reply.status, reply.headers.get('content-type')]).toEqual([400, 'application/problem+json']);
    expect(reply.body).toMatchObject({
      code: 'invalid_csv',
      detail: '3 lines cannot be understood. Nothing was taken.',
      errors: [
        { pointer: 'line 2', detail: expect.stringContaining('"soon" is no time') },
        { pointer: 'line 4', detail: 'events_per_second: "many" is not a number from 0' },
        { pointer: 'line 5', detail: 'has 2 values, but the header names 5 columns' },
      ],
    });
    const member = await json('POST', '/v1/clusters/wrong', { load: body });
    expect(member.body.errors[0]).toEqual({ pointer: '/load', detail: expect.stringMatching(/^line 2: /) });
    expect((await cluster.get('/v1/clusters')).body).toEqual({ clusters: [] });
  });

  test.each([
    ['a header that lacks a column', 'time,partition,host\n1,p,h', 400, 'invalid_csv'],
    ['nothing', '', 400, 'invalid_record'],
    ['load ahead of now', `${HEAD}\n2099-01-01,p,h,1,`, 400, 'invalid_record'],
    ['more than the limit', `${HEAD}\n${'x'.repeat(LOAD_LENGTH_MAX)}`, 413, 'body_too_large'],
  ])('%s', async (_, body, status, code) => {
    const reply = await csv('/v1/clusters/wrong', body);
    expect([reply.status, reply.body.code]).toEqual([status, code]);
    expect((await cluster.get('/v1/clusters')).body).toEqual({ clusters: [] });
  });

  test.each([
    ['POST', '/v1/clusters/Wrong', { load: ONE }, 400, '{name}'],
    ['POST', '/v1/clusters/main', { load: ONE }, 400, '{name}'],
    ['POST', '/v1/clusters/wrong', { load: ONE, webhook: 'nobody' }, 400, '/webhook'],
    ['POST', '/v1/clusters/wrong', {}, 400, ''],
    ['POST', '/v1/clusters/wrong', { load: ONE, shift: 'later' }, 400, '/shift'],
    [
      'POST',
      '/v1/clusters/wrong',
      { prometheus: { url: 'http://127.0.0.1:2', query: 'x' } },
      400,
      '/prometheus',
    ],
    ['PATCH', '/v1/clusters/nobody', { webhook: null }, 404, ''],
    ['PATCH', '/v1/clusters/nobody', {}, 400, ''],
    [
      'PATCH',
      '/v1/clusters/nobody',
      { hosts: [{ name: 'a', eventsPerSecond: 0 }] },
      400,
      '/hosts/0/eventsPerSecond',
    ],
    ['GET', '/v1/clusters/nobody', undefined, 404, ''],
    ['GET', '/v1/clusters/nobody/plan', undefined, 404, ''],
    ['GET', '/v1/recommendations?cluster=No', undefined, 400, '?cluster'],
  ])('%s %s %j', async (method, path, body, status, pointer) => {
    const reply = await json(method, path, body);
    expect([reply.status, reply.body.pointer ?? '']).toEqual([status, pointer]);
    expect((await cluster.get('/v1/clusters')).body).toEqual({ clusters: [] });
  });

  test('load for a cluster that is not there, of another type, or in no UTF-8', async () => {
    expect((await csv('/v1/clusters/nobody/load', load(PLACES))).status).toBe(404);
    expect((await json('POST', '/v1/clusters/nobody/load', {})).status).toBe(415);
    const reply = await csv('/v1/clusters/wrong', Uint8Array.of(0x74, 0xff));
    expect([reply.status, reply.body.code]).toEqual([400, 'malformed_body']);
  });

  test('a Prometheus inside a network that is not allowed is not asked', async () => {
    const prometheus = { url: 'http://10.1.2.3:9090', query: 'x' };
    const reply = await json('POST', '/v1/clusters/wrong', { prometheus });
    expect(reply.body).toMatchObject({
      pointer: '/prometheus',
      detail: expect.stringContaining('10.1.2.3 is not a public address'),
    });
  });

  test('a token without administration', async () => {
    const { plaintext } = await cluster.control.tokens.create({ name: 'reader', scopes: ['read'] });
    const headers = { authorization: `Bearer ${plaintext}` };
    expect([401, 403]).toContain((await cluster.send('/v1/clusters', { headers })).status);
  });
});

test('the same over tRPC', async () => {
  const headers = { authorization: `Bearer ${cluster.token}` };
  const client = createTRPCClient<EdgeRouter>({
    links: [httpLink({ url: `${cluster.edgeUrl}/trpc`, headers })],
  });
  const name = 'typed';
  const added = await client.clusters.add.mutate({ name, load: load(PLACES), hosts: CAPACITIES });
  expect(added).toMatchObject({ partitions: 4, hostsAssumed: 0 });
  expect((await client.clusters.list.query()).clusters.map((one) => one.name)).toEqual([name]);
  expect(
    (await client.clusters.importLoad.mutate({ name, load: load(PLACES) })).known,
  ).toBeGreaterThanOrEqual(36);
  expect((await client.clusters.plan.query({ name })).plan.recommendations).toMatchObject([
    { action: 'move' },
  ]);
  const changed = await client.clusters.change.mutate({ name, webhook: 'runner' });
  expect(changed).toEqual(await client.clusters.show.query({ name }));
  await expect(client.clusters.change.mutate({ name })).rejects.toThrow('nothing is said');
  const wrong = await client.clusters.importLoad.mutate({ name, load: 'x' }).catch((error) => error);
  expect(wrong.data).toMatchObject({
    code: 'BAD_REQUEST',
    problem: { code: 'invalid_csv', pointer: '/load' },
  });
  expect(await client.clusters.remove.mutate({ name })).toEqual({ removed: name });
});
