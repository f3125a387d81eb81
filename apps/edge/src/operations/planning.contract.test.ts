/** The planner's operator over REST: an edge process, a worker that plans, a real PostgreSQL. */
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { EdgeCluster, eventOf } from '../edge-process.fixture.ts';

let cluster: EdgeCluster;

beforeAll(async () => {
  cluster = await EdgeCluster.start(2, inject('postgresUrl'));
  await cluster.createStream({ name: 'main', shardCount: 4 });
  await cluster.startEdge();
});
afterAll(() => cluster.stop());

const post = (path: string, body: unknown) =>
  cluster.send(path, {
    method: 'POST',
    body: JSON.stringify(body),
    headers: { 'content-type': 'application/json' },
  });

describe('the policy', () => {
  test('is changed by whoever has seen the newest, and by nobody else', async () => {
    const { holding, newest } = (await cluster.get('/v1/policy')).body;
    expect([holding.version, holding.policy.mode, newest.version]).toEqual([0, 'forecast-only', 0]);
    const change = { from: 0, policy: { mode: 'ask' }, note: 'we begin' };
    const both = await Promise.all([post('/v1/policy', change), post('/v1/policy', change)]);
    expect(both.map(({ status }) => status).sort()).toEqual([201, 409]);
    const { versions } = (await cluster.get('/v1/policy/versions?limit=5')).body;
    expect(versions).toMatchObject([{ version: 1, note: 'we begin', policy: { mode: 'ask' } }]);
  });

  test('that is wrong is refused with the setting', async () => {
    const reply = await post('/v1/policy', { from: 1, policy: { host: { fullness: 7 } } });
    expect([reply.status, reply.body.pointer]).toEqual([400, '/policy/host/fullness']);
  });

  test('is told how often it would have fired', async () => {
    const { status, body } = await post('/v1/policy/firings', { policy: {} });
    expect(status).toBe(200);
    expect(body.firings[0]).toMatchObject({ rule: 'hot-host', times: 0, threshold: 0.8 });
    expect(body.firings[0].observed).toHaveLength(168);
  });
});

test('a key that turns hot is split below it within seconds, where its stream and the policy allow it', async () => {
  await cluster.createStream({ name: 'counters', shardCount: 1, splitKeys: true });
  const { newest } = (await cluster.get('/v1/policy')).body;
  const policy = { mode: 'auto', shardlet: { rate_cap: 20 } };
  expect((await post('/v1/policy', { from: newest.version, policy })).status).toBe(201);
  // the edge asks for the policy when it starts, and then once in a while
  await cluster.stopEdge();
  await cluster.startEdge();
  const leaves = async () => {
    const { shardlets } = (await cluster.get('/v1/map')).body;
    return shardlets.filter(
      (one: { stream: string; state: string }) => one.stream === 'counters' && one.state === 'open',
    ).length;
  };
  expect(await leaves()).toBe(1);
  const events = Array.from({ length: 300 }, (_, i) =>
    JSON.stringify(eventOf({ id: `hot-${i}`, subject: 'one' })),
  );
  const stored = await cluster.send('/v1/streams/counters/events', {
    method: 'POST',
    body: events.join('\n'),
    headers: { 'content-type': 'application/x-ndjson' },
  });
  expect(stored.status).toBe(200);
  await expect.poll(leaves, { timeout: 20_000 }).toBeGreaterThan(1);
});

test('what would be if a host were lost is answered by the worker', async () => {
  const [first] = (await cluster.get('/v1/map')).body.hosts;
  const { status, body } = await post('/v1/what-if', {
    changes: [{ kind: 'lose-host', host: String(first.id) }],
  });
  expect(status).toBe(200);
  expect(body.hosts).toHaveLength(2);
  expect(body.plan.recommendations.length).toBeGreaterThan(0);
  const wrong = await post('/v1/what-if', { changes: [{ kind: 'lose-host', host: '99' }] });
  expect([wrong.status, wrong.body.pointer]).toEqual([400, '/changes/0/host']);
});

describe('recommendations', () => {
  /** What would be recommended if a host were lost, as if it were. */
  async function proposed() {
    const [host] = (await cluster.get('/v1/map')).body.hosts;
    const lost = { kind: 'lose-host', host: String(host.id) };
    const { plan } = (await post('/v1/what-if', { changes: [lost] })).body;
    await cluster.control.recommendations.record(
      { ...plan, pressures: [] },
      { policyVersion: 1, nowMs: Date.now() },
    );
    const { recommendations } = (await cluster.get('/v1/recommendations?state=open')).body;
    return recommendations[0];
  }

  test('are approved as they were seen, and taken back until they begin', async () => {
    const seen = await proposed();
    expect(seen).toMatchObject({ state: 'open', obstacle: null, proposal: { action: 'move' } });
    const { id, revision, topologyVersion } = seen;
    const path = `/v1/recommendations/${id}`;
    const when = '2099-01-01T04:00:00+01:00';
    const other = await post(`${path}/approve`, { revision: revision + 1, topologyVersion, when });
    expect([other.status, other.body.type]).toEqual([409, expect.stringContaining('conflict')]);
    const approved = await post(`${path}/approve`, { revision, topologyVersion, when, note: 'right' });
    expect(approved.body).toMatchObject({ state: 'approved', notBefore: '2099-01-01T03:00:00.000Z' });
    expect((await post(`${path}/approve`, { revision, topologyVersion })).status).toBe(409);
    const back = await post(`${path}/reject`, { note: 'on second thought' });
    expect(back.body).toMatchObject({ state: 'rejected', note: 'on second thought' });
    expect((await cluster.get(path)).body).toEqual(back.body);
    expect(back.body.decidedBy).not.toBe('edge');
  });

  test('that are none are explained in the log', async () => {
    await cluster.control.jobs.wake('plan');
    await expect
      .poll(async () => (await cluster.get('/v1/decisions')).body.decisions[0]?.nothingBecause, {
        timeout: 20_000,
      })
      .toContain('hottest host');
  });

  test.each([
    ['/v1/recommendations/4711', 404],
    ['/v1/recommendations/x', 400],
    ['/v1/recommendations?state=lost', 400],
  ])('%s answers %i', async (path, status) => {
    expect((await cluster.get(path)).status).toBe(status);
  });

  test('that nobody has made cannot be decided', async () => {
    const seen = { revision: 1, topologyVersion: 1 };
    expect((await post('/v1/recommendations/4711/approve', seen)).status).toBe(404);
    expect((await post('/v1/recommendations/4711/reject', { note: 'no' })).status).toBe(404);
    const unseen = await post('/v1/recommendations/4711/approve', { when: 'now' });
    expect([unseen.status, unseen.body.pointer]).toEqual([400, '/revision']);
  });
});
