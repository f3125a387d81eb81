/** What an edge answers before it has its map, and which hosts it names once it has. */
import { beginReadmission } from '@foreshard/core/topology';
import { freePort } from '@foreshard/local';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { readinessSchema } from '../api/schemas.ts';
import { EdgeFixture } from '../reading/edge.fixture.ts';

let edge: EdgeFixture;

beforeAll(async () => {
  edge = await EdgeFixture.start(2);
  await edge.createStream({ name: 'main', shardCount: 1 });
});
afterAll(() => edge?.stop());

async function waiting() {
  const { status, body } = await edge.get('/readyz');
  expect(status).toBe(200);
  return readinessSchema.parse(body).waiting;
}

describe('an edge that is ready', () => {
  afterEach(() => edge.alarms.clear());

  it('names no host while each of them is used', async () => {
    expect(await waiting()).toEqual([]);
  });

  it('names the cluster it is of, which the console compares', async () => {
    const { body } = await edge.get('/readyz');
    expect(readinessSchema.parse(body).cluster).toEqual({ id: 'a', name: 'test' });
  });

  it('names a host that another control plane uses as well, with what a worker found', async () => {
    edge.alarms.set(2, { reason: 'foreign', detail: 'host 2: it holds mark 9.x', sinceMs: 1 });
    edge.alarms.set(99, {
      reason: 'foreign',
      detail: 'a host that the topology store does not have any more',
      sinceMs: 1,
    });
    expect(await waiting()).toEqual([
      {
        ...{ host: 2, what: 'Host h2 is used by another control plane', why: 'host 2: it holds mark 9.x' },
        cure: expect.stringContaining('foreshard doctor --after-restore'),
      },
    ]);
  });

  it('names a suspended host by its map, whatever a worker says or does not say', async () => {
    const loss = { detail: 'host 1: it holds mark 3 again', byMarks: true, certainTs: 0, promise: 0 };
    await edge.decide(beginReadmission(1, 'run', loss));
    await edge.caughtUp();
    const named = [
      expect.objectContaining({ host: 1, why: loss.detail, cure: expect.stringContaining('accept-loss 1') }),
    ];
    expect(await waiting()).toEqual(named);
    edge.alarms.set(1, { reason: 'other', detail: 'of before', sinceMs: 1 });
    expect(await waiting()).toEqual(named);
  });
});

describe('an edge that waits for its map', () => {
  it('is alive, serves nothing, and counts nothing against a quota', async () => {
    const { paths } = (await edge.get('/v1/openapi.json')).body;
    const calls = Object.entries(paths as Record<string, object>).flatMap(([path, operations]) =>
      Object.keys(operations).map((method) => [method.toUpperCase(), path.replace(/\{\w+\}/g, '1')] as const),
    );
    expect(calls.length).toBeGreaterThan(50);
    calls.push(['POST', '/trpc/events.ingest'], ['GET', '/trpc/events.read'], ['OPTIONS', '/v1/log']);
    const { url, commands, release, running } = await edge.startWaiting(await freePort());
    await expect
      .poll(() =>
        fetch(`${url}/livez`).then(
          (r) => r.status,
          () => 0,
        ),
      )
      .toBe(200);
    const event = { specversion: '1.0', id: 'a', source: '/s', type: 't', data: 1 };
    for (const [method, path] of calls.filter(([, path]) => path !== '/livez')) {
      const hasBody = method !== 'GET' && method !== 'OPTIONS' && method !== 'DELETE';
      const response = await fetch(url + path, {
        method,
        headers: { ...edge.authorization, 'content-type': 'application/cloudevents+json' },
        ...(hasBody ? { body: JSON.stringify(event) } : {}),
      });
      expect([response.status, (await response.json()).code], `${method} ${path}`).toEqual([
        503,
        'not_ready',
      ]);
    }
    expect(commands).toEqual([]);
    release();
    await (await running).stop();
  });
});
