/** Views of the console that ask an edge or a worker, with both of them running. */
import { EVERYWHERE } from '@foreshard/core/access';
import { consuming, groups, requestOf } from '@foreshard/core/operations';
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest';
import { EdgeCluster, eventOf } from '../../../apps/edge/src/edge-process.fixture.ts';
import {
  ADMINISTRATOR,
  type Caller,
  callerOf,
  type TestConsole,
  testConsole,
} from '../../../apps/web/src/server/console.fixture.ts';

const EVENTS = 25;
const EVERY_ID = Array.from({ length: EVENTS }, (_, i) => i);

const LIMITED: typeof ADMINISTRATOR = {
  ...ADMINISTRATOR,
  principal: {
    ...{ kind: 'person', id: 'bob', name: 'bob@example.org' },
    grants: [{ permissions: ['cluster:read'], scope: EVERYWHERE }],
  },
};

let cluster: EdgeCluster;
let console: TestConsole;
let ask: Caller;
/** of a person who may see the cluster's load, and neither payloads nor streams */
let limited: Caller;

beforeAll(async () => {
  cluster = await EdgeCluster.start(1, inject('postgresUrl'));
  await cluster.startEdge();
  await cluster.createStream({ name: 'main', shardCount: 2 });
  const events = Array.from({ length: EVENTS }, (_, i) => ({
    ...eventOf({ id: String(i), subject: `key-${i % 5}` }),
    type: i % 2 === 0 ? 'order.placed' : 'order.paid',
  }));
  expect((await cluster.post(events)).status).toBe(200);
  const { databaseUrl, edgeUrl } = cluster;
  const servers = { databaseUrl, edgeUrl, redisUrl: cluster.controlRedis.url };
  console = testConsole(servers);
  ({ ask } = console);
  limited = callerOf(console.server, {}, LIMITED);
  await console.server.map.catchUp();
}, 120_000);
afterAll(async () => {
  await console?.close();
  await cluster?.stop();
});

describe('events', () => {
  it('come in the order they were stored, page after page, with the call that any client can make', async () => {
    const first = await ask.events.page({ limit: 20 });
    expect(first).toMatchObject({ scanned: 20, atHead: false, waitingFor: [], gaps: [] });
    expect(first.call).toBe(`${cluster.edgeUrl}/v1/streams/main/log?limit=20`);
    const second = await ask.events.page({ limit: 20, cursor: first.next });
    expect(second).toMatchObject({ scanned: 5, atHead: true });
    const all = [...first.events, ...second.events];
    expect(all.map(({ id }) => Number(id)).sort((a, b) => a - b)).toEqual(EVERY_ID);
    expect(all.map(({ ts }) => ts)).toEqual(all.map(({ ts }) => ts).toSorted((a, b) => a - b));
    const ofKey = all.filter(({ key }) => key === 'key-1').map(({ id }) => Number(id));
    expect(ofKey).toEqual([1, 6, 11, 16, 21]);
  });

  it('are found by key, by type, by the beginning of a type, and by shardlet', async () => {
    const idsOf = async (filter: object) =>
      (await ask.events.page({ limit: 500, ...filter })).events.map(({ id }) => Number(id));
    expect(await idsOf({ key: 'key-3' })).toEqual([3, 8, 13, 18, 23]);
    expect(await idsOf({ type: 'order.paid' })).toHaveLength(12);
    expect(await idsOf({ type: 'order.*' })).toHaveLength(EVENTS);
    expect(await idsOf({ type: 'order' })).toEqual([]);
    expect(await idsOf({ source: '/test', key: 'nobody' })).toEqual([]);
    const shardlets = [...console.server.map.map!.shardlets()].map(({ id }) => id);
    const each = await Promise.all(shardlets.map((shardlet) => idsOf({ shardlet })));
    expect(each.flat().sort((a, b) => a - b)).toEqual(EVERY_ID);
  });

  it('of what is absent, or asked for in a wrong way, are refused in the words of the edge', async () => {
    await expect(ask.events.page({ stream: 'nowhere' })).rejects.toMatchObject({
      ...{ code: 'NOT_FOUND', message: expect.stringContaining('nowhere') },
    });
    await expect(ask.events.page({ shardlet: 999 })).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(ask.events.page({ cursor: 'yesterday' })).rejects.toMatchObject({
      ...{ code: 'BAD_REQUEST', message: expect.stringContaining('cursor') },
    });
  });

  it('are refused to a person who may not read them', async () => {
    await expect(limited.events.page({})).rejects.toMatchObject({
      ...{ code: 'FORBIDDEN', message: expect.stringContaining('read') },
    });
  });

  it('are followed from now on, until the reader leaves', async () => {
    const seen: string[] = [];
    let sent = false;
    for await (const batch of await ask.events.tail({ type: 'order.tailed' })) {
      seen.push(...batch.rows.map(({ id }) => id));
      if (!sent) {
        const other = { ...eventOf({ id: 'other', subject: 'a' }), type: 'order.else' };
        const wanted = { ...eventOf({ id: 'wanted', subject: 'a' }), type: 'order.tailed' };
        expect((await cluster.post([other, wanted])).status).toBe(200);
        sent = true;
      }
      if (seen.length > 0) break;
    }
    expect(seen).toEqual(['wanted']);
  });

  it('cannot be followed where they cannot be read', async () => {
    await expect(limited.events.tail({})).rejects.toMatchObject({ code: 'FORBIDDEN' });
  });
});

describe('consumer groups', () => {
  it('are listed with what is left to do, and shown one by one', async () => {
    expect(await ask.consumers.list({})).toMatchObject({ groups: [], total: 0 });
    await ask.operations.groups.create({ name: 'billing', from: 'oldest' });
    // nothing is given out before somebody asks
    expect((await ask.consumers.list({})).groups).toMatchObject([
      { name: 'billing', members: 0, shardlets: 2, free: 2 },
    ]);
    const { method, path, body } = requestOf(consuming.poll, { group: 'billing', member: 'm-1' });
    const headers = { 'content-type': 'application/json' };
    expect((await cluster.send(path, { method, headers, body: body!.text })).status).toBe(200);
    const { groups: listed, total } = await ask.consumers.list({});
    expect(total).toBe(1);
    expect(listed).toMatchObject([
      { name: 'billing', stream: 'main', members: 1, shardlets: 2, waiting: 0, skipped: 0 },
    ]);
    expect(listed[0]!.lag).toBeGreaterThanOrEqual(EVENTS);
    const detail = await ask.consumers.detail({ group: 'billing' });
    expect(detail.shardlets.map(({ member }) => member)).toEqual(['m-1', 'm-1']);
    await ask.operations.groups.remove({ group: 'billing' });
    expect((await ask.consumers.list({})).groups).toEqual([]);
  });

  it('that are not there are not found', async () => {
    await expect(ask.consumers.detail({ group: 'nobody' })).rejects.toMatchObject({
      ...{ code: 'NOT_FOUND', message: expect.stringContaining('nobody') },
    });
  });

  it('are refused to a person who may not read them', async () => {
    await expect(limited.consumers.list({})).rejects.toMatchObject({ code: 'FORBIDDEN' });
    await expect(limited.operations.groups.list({})).rejects.toMatchObject({ code: 'FORBIDDEN' });
  });
});

it('the API of the edge is listed, each operation with its need of a token', async () => {
  const { operations, version, tags } = await ask.api.describe();
  expect(version).toMatch(/\S/);
  expect(tags.length).toBeGreaterThan(3);
  const list = operations.find(({ path, method }) => path === groups.list.http.path && method === 'get');
  expect(list).toMatchObject({ summary: groups.list.http.summary, needsToken: true });
  expect(operations.some(({ needsToken }) => !needsToken)).toBe(true);
});

describe('questions to a worker', () => {
  it('what if: hosts that are only supposed have a name', async () => {
    await vi.waitUntil(async () => (await ask.whatIf.ask({ changes: [] })).picture !== null, 20_000);
    const { picture } = await ask.whatIf.ask({ changes: [{ kind: 'add-hosts', count: 1 }] });
    expect(picture!.hosts.map(({ name }) => name)).toContain('new host 1');
    expect(picture!.hosts).toHaveLength(2);
  });

  it('what if: a change that names what is absent is refused, not unanswered', async () => {
    await expect(ask.whatIf.ask({ changes: [{ kind: 'lose-host', host: '999' }] })).rejects.toMatchObject({
      ...{ code: 'BAD_REQUEST', message: expect.stringContaining('999') },
    });
  });

  it('how often a policy would have fired', async () => {
    expect(await ask.policies.firings({ policy: {} })).toMatchObject({
      answer: { firings: expect.any(Array) },
    });
  });

  it('whatever the worker measured is shown of hosts', async () => {
    await vi.waitUntil(async () => (await ask.hosts.list())[0]!.condition === 'reachable', 30_000);
    const { frame } = await ask.overview.now();
    expect(frame).toMatchObject({ hostsTotal: 1, hostsReachable: 1, hostsUnmeasured: 0, leaves: 2 });
    expect(frame.edge.kind).toBe('ready');
  });
});
