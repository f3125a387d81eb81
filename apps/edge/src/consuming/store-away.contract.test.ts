/**
 * Groups and orders while PostgreSQL hangs, and while the topology store was restored and is not examined: an edge
 * process tells which.
 */
import { createDatabase, startTcpProxy, type TcpProxy } from '@foreshard/local';
import { createTRPCClient, httpLink } from '@trpc/client';
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import { type Answer, EdgeCluster } from '../edge-process.fixture.ts';
import type { EdgeRouter } from '../trpc/index.ts';

let cluster: EdgeCluster;
let proxy: TcpProxy;

beforeAll(async () => {
  cluster = await EdgeCluster.start(1, inject('postgresUrl'));
  await cluster.createStream({ name: 'main', shardCount: 2 });
  proxy = await startTcpProxy({ port: Number(new URL(cluster.databaseUrl).port) });
  await cluster.startEdge({ DATABASE_URL: proxy.through(cluster.databaseUrl) });
  await cluster.settled();
  expect((await call('POST', '/v1/groups', { name: 'g' })).status).toBe(201);
}, 60_000);
afterAll(async () => {
  await cluster?.stop();
  await proxy?.stop();
});

async function call(method: string, path: string, body?: object): Promise<Answer> {
  const json = { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } };
  return cluster.send(path, { method, ...(body === undefined ? {} : json) });
}

describe('while PostgreSQL hangs', () => {
  afterEach(() => proxy.release('toServer'));

  const positions = [{ shardlet: 1, seq: 0, epoch: 1, assignment: 1 }];
  const GROUP_CALLS = [
    ['POST', '/v1/groups', { name: 'another' }],
    ['GET', '/v1/groups', undefined],
    ['GET', '/v1/groups/g', undefined],
    ['POST', '/v1/groups/g/poll', { member: 'm', wait: 30_000 }],
    ['POST', '/v1/groups/g/commit', { member: 'm', positions }],
    ['POST', '/v1/groups/g/leave', { member: 'm' }],
    ['GET', '/v1/groups/g/stream?member=n', undefined],
  ] as const;
  const ORDERS = [
    ['POST', '/v1/shardlets/1/roll', undefined],
    ['POST', '/v1/migrations', { shardlets: [1], to: 1, reason: 'a test' }],
    ['PATCH', '/v1/hosts/1', { zone: 'a' }],
    ['POST', '/v1/hosts/1/drain', undefined],
    ['GET', '/v1/hosts', undefined],
    ['GET', '/v1/hints', undefined],
  ] as const;

  it('every call of a group is answered 503 in time, every order too; then all go on', async () => {
    expect((await call('POST', '/v1/groups/g/poll', { member: 'm' })).status).toBe(200);
    proxy.hold('toServer');
    const answered = async (
      [method, path, body]: readonly [string, string, object | undefined],
      withinMs: number,
    ) => {
      const startedMs = performance.now();
      const answer = await call(method, path, body);
      expect([path, answer.status, answer.body.code]).toEqual([path, 503, 'store_unreachable']);
      expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
      expect(performance.now() - startedMs, path).toBeLessThan(withinMs);
    };
    await Promise.all([
      ...GROUP_CALLS.map((each) => answered(each, 12_000)),
      ...ORDERS.map((each) => answered(each, 29_000)),
    ]);
    await proxy.release('toServer');
    expect((await call('POST', '/v1/groups/g/poll', { member: 'm' })).status).toBe(200);
  }, 60_000);
});

describe('while the topology store was restored and is not compared with its hosts', () => {
  it('every order is refused with 409 and what to do, and groups go on', async () => {
    await cluster.control.restoration.mark({ restoredAtMs: Date.now() });
    const url = await createDatabase(inject('postgresUrl'), `unexamined_${process.pid}`);
    for (const [method, path, body] of [
      ['POST', '/v1/shardlets/1/roll'],
      ['POST', '/v1/shardlets/1/split', undefined],
      ['POST', '/v1/merge', { shardlets: [1, 2] }],
      ['POST', '/v1/migrations', { shardlets: [1], to: 1, reason: 'a test' }],
      ['PATCH', '/v1/hosts/1', { zone: 'a' }],
      ['POST', '/v1/hosts/1/drain'],
      ['DELETE', '/v1/hosts/1'],
      ['POST', '/v1/hosts', { name: 'x', url }],
    ] as const) {
      const { status, body: problem } = await call(method, path, body);
      expect([path, status, problem.code]).toEqual([path, 409, 'unexamined']);
      expect(problem.cure).toContain('doctor --after-restore');
    }
    const client = createTRPCClient<EdgeRouter>({
      links: [
        httpLink({ url: `${cluster.edgeUrl}/trpc`, headers: { authorization: `Bearer ${cluster.token}` } }),
      ],
    });
    await expect(client.shardlets.roll.mutate({ shardlet: 1 })).rejects.toMatchObject({
      data: { code: 'CONFLICT', problem: { status: 409, code: 'unexamined' } },
    });
    expect((await call('POST', '/v1/groups/g/poll', { member: 'm' })).status).toBe(200);
  });
});
