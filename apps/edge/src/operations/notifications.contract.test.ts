/** Notifications over REST: an edge process, a worker that sends, a receiver that is really there. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { EdgeCluster } from '../edge-process.fixture.ts';

let cluster: EdgeCluster;
let receiver: Server;
let url: string;
const received: { readonly headers: NodeJS.Dict<string | string[]>; readonly body: string }[] = [];

beforeAll(async () => {
  receiver = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    received.push({ headers: request.headers, body });
    response.writeHead(204).end();
  });
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/hook`;
  cluster = await EdgeCluster.start(1, inject('postgresUrl'), { FORESHARD_WEBHOOK_NETWORKS: '127.0.0.0/8' });
  await cluster.createStream({ name: 'main', shardCount: 1 });
  await cluster.startEdge();
});
afterAll(async () => {
  await cluster?.stop();
  receiver?.close();
});

function call(method: string, path: string, body?: unknown) {
  return cluster.send(path, {
    method,
    headers: { 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}

const TARGETS = '/v1/notification-targets';

test('a target is added, tested, changed and removed; its secret is told once', async () => {
  const added = await call('POST', TARGETS, { name: 'on-call', url, kinds: ['alarm.host'] });
  expect(added).toMatchObject({
    status: 201,
    body: { target: { name: 'on-call', url, enabled: true, kinds: ['alarm.host'] } },
  });
  expect(added.body.secret).toMatch(/^whsec_/);
  expect((await call('POST', TARGETS, { name: 'on-call', url })).status).toBe(409);
  const { targets } = (await cluster.get(TARGETS)).body;
  expect(targets).toEqual([added.body.target]);

  const { status, body: sent } = await call('POST', `${TARGETS}/on-call/test`);
  expect([status, sent.target, sent.state]).toEqual([202, 'on-call', 'waiting']);
  const path = `/v1/notification-deliveries/${sent.id}`;
  await expect.poll(async () => (await cluster.get(path)).body.state, { timeout: 20_000 }).toBe('delivered');
  expect((await cluster.get(path)).body).toMatchObject({ nextAt: null, attempts: [{ status: 204 }] });
  expect(received[0]!.headers).toMatchObject({
    'webhook-id': sent.id,
    'webhook-signature': expect.any(String),
  });
  expect((await call('POST', `${path}/redeliver`)).status).toBe(202);
  await expect
    .poll(() => received.map(({ headers }) => headers['webhook-id']), { timeout: 20_000 })
    .toEqual([sent.id, sent.id]);
  const { deliveries } = (await cluster.get('/v1/notification-deliveries?target=on-call&limit=5')).body;
  expect(deliveries.map((one: { id: string }) => one.id)).toEqual([sent.id]);

  const changed = await call('PATCH', `${TARGETS}/on-call`, { enabled: false, pauseSeconds: 5 });
  expect(changed.body).toEqual({ ...added.body.target, enabled: false, pauseSeconds: 5 });
  expect((await call('DELETE', `${TARGETS}/on-call`)).body).toEqual({ removed: 'on-call' });
  expect((await cluster.get(TARGETS)).body.targets).toEqual([]);
});

test('alarms are listed', async () => {
  expect((await cluster.get('/v1/alarms')).body).toEqual({ alarms: [] });
});

test.each([
  ['POST', TARGETS, { name: 'inside', url: 'http://10.1.2.3/hook' }, 400, '/url'],
  ['POST', TARGETS, { name: 'Big Name', url: 'https://example.com' }, 400, '/name'],
  ['PATCH', `${TARGETS}/nobody`, { enabled: false }, 404, ''],
  ['PATCH', `${TARGETS}/nobody`, { colour: 'red' }, 400, '/colour'],
  ['DELETE', `${TARGETS}/nobody`, undefined, 404, ''],
  ['POST', `${TARGETS}/nobody/test`, undefined, 404, ''],
  ['POST', '/v1/notification-deliveries/msg_none/redeliver', undefined, 404, ''],
])('refuses with the place that is wrong: %s %s %j', async (method, path, body, status, pointer) => {
  const reply = await call(method, path, body);
  expect([reply.status, reply.body.pointer ?? '']).toEqual([status, pointer]);
});

test('needs a token for administration', async () => {
  const { plaintext } = await cluster.control.tokens.create({ name: 'reader', scopes: ['read'] });
  const reply = await cluster.send(TARGETS, { headers: { authorization: `Bearer ${plaintext}` } });
  expect([401, 403]).toContain(reply.status);
});
