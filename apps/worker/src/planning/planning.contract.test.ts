/** From a recorded load to a recommendation, its approval, the move and what it was worth, on real servers. */

import {
  type InquiryAnswerers,
  InquiryQueue,
  InquiryServer,
  type JobProducer,
} from '@foreshard/core/adapters/control';
import { openEventHost } from '@foreshard/core/adapters/event-hosts';
import {
  type Adviser,
  type ApprovalRequest,
  approve,
  HOT_KEY_LIFETIME_MS,
  HOT_KEYS_KEY,
  hotKeyField,
  INQUIRY_TIMEOUT_MS,
  OWN_CLUSTER,
  type RecommendationRecord,
  reject,
} from '@foreshard/core/advising';
import { range } from '@foreshard/core/keyspace';
import type { LockService } from '@foreshard/core/locking';
import { NO_FACTS, requestRestructure } from '@foreshard/core/moves';
import { type Policy, policySchema } from '@foreshard/core/planning';
import { HistoryWriter, HOUR_MS, MINUTE_MS } from '@foreshard/core/telemetry';
import { createStream } from '@foreshard/core/topology';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { createMetrics } from '../process/metrics.ts';
import { HostAlarms } from '../reconcile/host-alarms.ts';
import { Reconciler } from '../reconcile/reconcile.ts';
import { Mover } from '../restructure/mover.ts';
import { RealCluster, silent } from '../testing/real-cluster.ts';
import { UNPROVEN } from '../testing/unproven.ts';
import { type PlanningParts, planning } from './index.ts';

const TEST_MS = 60_000;
/** events a second of a busy shardlet; a host takes 100 */
const BUSY = 30;
/** so that no key stands out */
const KEYS = 50;

let cluster: RealCluster;
let stream: number;
/** ms that the planner is ahead of the clock of this machine */
let aheadMs = 0;
const nowMs = () => Date.now() + aheadMs;

beforeAll(async () => {
  cluster = await RealCluster.start(inject('postgresUrl'), 2);
  stream = await cluster.createStream({ name: 'main', shardCount: 8 });
  await restructure();
}, TEST_MS);
afterAll(() => cluster.stop());

/** What the other jobs of a worker do with what was decided. */
async function restructure(): Promise<void> {
  const { follower, control, pool } = cluster;
  const metrics = createMetrics();
  const shared = {
    ...{ follower, metrics, topology: control.topology, moves: control.moves, log: silent, actor: 'worker' },
    doors: { trusted: (id: number) => pool.get(id), open: openEventHost, watch: () => undefined },
    ...UNPROVEN,
    lock: { during: <T>(_: string, work: () => Promise<T>) => work() } as LockService,
    difference: async () => undefined,
    drainFacts: async () => NO_FACTS,
    nowMs: () => Date.now(),
  };
  const never = new AbortController().signal;
  const alarms = new HostAlarms({ redis: control.redis, metrics, log: silent, nowMs: shared.nowMs });
  await new Reconciler({ ...shared, alarms }).run(never);
  const mover = new Mover(shared);
  await mover.run(never);
  await mover.stop();
  await follower.upToDate();
}

function parts(): PlanningParts {
  return {
    ...{ ...cluster.control, follower: cluster.follower, log: silent, nowMs, actor: 'worker' },
    hostProvider: 'none',
    hostWebhook: undefined,
  };
}

async function tick() {
  const { plan, carryOut } = planning(parts()).jobs;
  const { signal } = new AbortController();
  await plan({}, signal);
  return carryOut({}, signal);
}

function adviser(actor = 'ann'): Adviser {
  const { recommendations: log, policies, topology } = cluster.control;
  return { log, policies, topology, wake: async () => {}, nowMs, actor };
}

async function setPolicy(change: object): Promise<Policy> {
  const { policies } = cluster.control;
  const policy = policySchema.parse({
    mode: 'ask',
    capacity: { events_per_second: 100 },
    shardlet: { cooldown: 0, host_share_max: 1, shardlet_size: 1e9 },
    scaling: { hosts_min: 2, hosts_max: 2 },
    ...change,
  });
  const [newest] = await policies.versions(1);
  const made = { policy, actor: 'ann', note: '', createdMs: nowMs(), effectiveMs: 0 };
  expect(await policies.add({ from: newest?.version ?? 0, ...made })).toBeDefined();
  return policy;
}

/** Time passes, and this is recorded as if it had come in during its last minutes. */
async function load(perSecond: (shardlet: number) => number, passedMs = 21 * MINUTE_MS): Promise<void> {
  // to the begin of a minute: a slow test does not get past its end
  aheadMs += passedMs - (nowMs() % MINUTE_MS);
  const endMs = Math.floor(nowMs() / MINUTE_MS) * MINUTE_MS;
  const leaves = [...cluster.map.leaves(stream)];
  await cluster.control.telemetry.exclusively('import', async (tx) => {
    const writer = new HistoryWriter(
      { stream, source: `import:${endMs}`, leaves, minutesFromMs: endMs - 2 * HOUR_MS, hoursFromMs: 0 },
      tx,
    );
    await writer.cover(endMs - 10 * MINUTE_MS, endMs);
    for (const { id, range } of leaves)
      for (let minute = 1; minute <= 10; minute++)
        for (let key = 0; key < KEYS; key++) {
          const events = (perSecond(id) * 60) / KEYS;
          const keyHash = range.from.hi + key;
          const timeMs = endMs - minute * MINUTE_MS;
          await writer.access({ timeMs, keyHash, key: `k${keyHash}`, events, reads: 0, bytes: 300 * events });
        }
    await writer.finish();
  });
}

/** In the order of the plan. */
async function open(): Promise<RecommendationRecord[]> {
  const found = await cluster.control.recommendations.list({
    cluster: OWN_CLUSTER,
    states: ['open'],
    limit: 100,
  });
  return found.sort((a, b) => a.body.step - b.body.step);
}

const find = async (id: number) => (await cluster.control.recommendations.find(id))!;

function request(record: RecommendationRecord, change: Partial<ApprovalRequest> = {}): ApprovalRequest {
  const { id, revision, topologyVersion } = record;
  return { id, revision, topologyVersion, note: 'looks right', when: 'now', ...change };
}

async function approveOne(record: RecommendationRecord, change: Partial<ApprovalRequest> = {}) {
  return (await approve(adviser(), [request(record, change)]))[0]!;
}

describe('recommendations', () => {
  it('say why there is nothing to do, once for as long as that holds', async () => {
    await setPolicy({ mode: 'forecast-only' });
    await tick();
    await tick();
    const [newest, ...older] = await cluster.control.recommendations.decisions(10);
    expect(newest).toMatchObject({ actions: 0, times: 2, nothingBecause: expect.stringContaining('below') });
    expect(older.filter(({ policyVersion }) => policyVersion === newest!.policyVersion)).toEqual([]);
  });

  it('of a policy that only forecasts cannot be approved', async () => {
    const host = cluster.map.hosts()[0]!.id;
    await load((id) => (cluster.map.shardlet(id)!.owner === host ? BUSY : 1));
    await tick();
    const [first] = await open();
    expect(first!.body).toMatchObject({ action: 'move', source: String(host), urgency: 'now' });
    expect(await approveOne(first!)).toMatchObject({
      kind: 'forbidden',
      detail: expect.stringContaining('ask'),
    });
  });

  it('are decided by the mode of their scope', async () => {
    const [first] = await open();
    const { stream } = first!.body.area!;
    await setPolicy({ mode: 'ask', scopes: [{ stream, mode: 'forecast-only' }] });
    expect(await approveOne(first!)).toMatchObject({ kind: 'forbidden' });
    await setPolicy({ mode: 'forecast-only', scopes: [{ stream: `not ${stream}`, mode: 'ask' }] });
    expect(await approveOne(first!)).toMatchObject({ kind: 'forbidden' });
    await setPolicy({ mode: 'forecast-only', scopes: [{ stream, mode: 'ask' }] });
    expect(await approveOne(first!, { revision: 0 })).toMatchObject({ kind: 'stale' });
    await setPolicy({ mode: 'forecast-only' });
  });

  it('stay the same row while they are repeated, and are withdrawn when the need is gone', async () => {
    const before = await open();
    await tick();
    expect((await open()).map(({ id, revision }) => [id, revision])).toEqual(
      before.map(({ id, revision }) => [id, revision]),
    );
    aheadMs += HOUR_MS;
    await tick();
    expect(await open()).toEqual([]);
    const states = await Promise.all(before.map(async ({ id }) => (await find(id)).state));
    expect(new Set(states)).toEqual(new Set(['expired']));
  });

  it('are refused as stale when the topology has changed, and can be approved when simulated anew', async () => {
    await setPolicy({});
    const host = cluster.map.hosts()[0]!.id;
    await load((id) => (cluster.map.shardlet(id)!.owner === host ? BUSY : 1));
    await tick();
    const [seen] = await open();
    await cluster.decide(createStream({ name: 'another', shardCount: 1 }));
    expect(await approveOne(seen!)).toMatchObject({
      kind: 'stale',
      detail: expect.stringContaining('topology has changed'),
    });
    expect((await find(seen!.id)).state).toBe('open');
    await expect.poll(() => cluster.map.streams().length).toBe(2);
    await tick();
    const again = await find(seen!.id);
    expect(again.topologyVersion).toBeGreaterThan(seen!.topologyVersion);
    expect(await approveOne(seen!)).toMatchObject({ kind: 'stale' });
    const two = await Promise.all([
      approve(adviser('ann'), [request(again)]),
      approve(adviser('bob'), [request(again)]),
    ]);
    const kinds = two.flat().map(({ kind }) => kind);
    expect(kinds.sort()).toEqual(['approved', 'ended']);
  });

  it('that are approved move the shardlet, and tell what that was worth', async () => {
    const [approved] = await cluster.control.recommendations.list({
      cluster: OWN_CLUSTER,
      states: ['approved'],
      limit: 1,
    });
    const shardlet = Number(approved!.body.shardlets[0]);
    await tick();
    const running = await find(approved!.id);
    expect(running).toMatchObject({ state: 'running', moves: [expect.any(Number)] });
    expect((await cluster.control.moves.find(running.moves[0]!))!.reason).toContain(
      `recommendation ${running.id}`,
    );
    await restructure();
    await tick();
    expect((await find(running.id)).state).toBe('done');
    expect(String(cluster.map.shardlet(shardlet)!.owner)).toBe(approved!.body.destination);
    await load((id) =>
      id === shardlet || String(cluster.map.shardlet(id)!.owner) === approved!.body.source ? BUSY : 1,
    );
    await tick();
    const { realised } = await find(running.id);
    expect(realised!.gain).toBeGreaterThan(0);
  });

  it('that are rejected do not come back while the same is proposed', async () => {
    await tick();
    const [first] = await open();
    expect(await reject(adviser(), first!.id, 'not before the release')).toEqual({ kind: 'rejected' });
    await tick();
    expect((await open()).map(({ key }) => key)).not.toContain(first!.key);
    expect(await find(first!.id)).toMatchObject({ state: 'rejected', decidedBy: 'ann' });
  });

  it('that are approved for later wait for their time, and can be taken back until then', async () => {
    await load((id) => (cluster.map.shardlet(id)!.owner === cluster.map.hosts()[1]!.id ? BUSY : 1));
    await tick();
    const [first] = await open();
    const when = nowMs() + HOUR_MS;
    expect(await approveOne(first!, { when })).toEqual({ kind: 'approved', notBeforeMs: when });
    await tick();
    expect((await find(first!.id)).state).toBe('approved');
    expect(await reject(adviser('bob'), first!.id, 'changed my mind')).toEqual({ kind: 'rejected' });
  });
});

describe('a policy', () => {
  it('that two people edit at once is changed by one of them', async () => {
    const { policies } = cluster.control;
    const [newest] = await policies.versions(1);
    const change = { from: newest!.version, note: '', createdMs: nowMs(), effectiveMs: 0 };
    const both = await Promise.all(
      ['ann', 'bob'].map((actor) => policies.add({ ...change, policy: newest!.policy, actor })),
    );
    expect(both.filter((version) => version !== undefined)).toHaveLength(1);
  });

  it('holds from the time it is effective', async () => {
    const { policies } = cluster.control;
    const [newest] = await policies.versions(1);
    const effectiveMs = nowMs() + HOUR_MS;
    const policy = policySchema.parse({ name: 'night' });
    const made = { policy, actor: 'ann', note: '', createdMs: nowMs(), effectiveMs };
    const version = (await policies.add({ from: newest!.version, ...made }))!;
    expect((await policies.at(nowMs())).version).toBe(newest!.version);
    expect((await policies.at(effectiveMs)).policy.name).toBe('night');
    await policies.add({ from: version.version, ...made, policy: newest!.policy, effectiveMs: 0 });
  });

  it('of automatic mode carries out what meets its criteria, and leaves the rest to people', async () => {
    await setPolicy({ mode: 'auto', auto: { max_events: BUSY / 2 } });
    await load((id) => (cluster.map.shardlet(id)!.owner === cluster.map.hosts()[1]!.id ? BUSY : 1));
    await tick();
    expect((await open()).length).toBeGreaterThan(0);
    const careful = await open();
    await setPolicy({ mode: 'auto', auto: { max_events: 2 * BUSY, minimum_confidence: 0 } });
    await tick();
    const states = await Promise.all(careful.map(async ({ id }) => await find(id)));
    expect(
      states.some(({ state, decidedBy }) => state === 'running' && decidedBy!.startsWith('policy')),
    ).toBe(true);
  });
});

describe('a key that edges tell as hot', () => {
  it('is proposed to be split by people at once, and split where it is hot when they approve', async () => {
    const keyed = await cluster.createStream({ name: 'keyed', shardCount: 1, splitKeys: true });
    await restructure();
    const [leaf] = [...cluster.map.leaves(keyed)];
    await setPolicy({ shardlet: { cooldown: 0, rate_cap: 100, shardlet_size: 1e9 } });
    const woken: string[] = [];
    const jobs = { wake: async (name: string) => void woken.push(name) } as JobProducer;
    const { relieveHotKeys } = planning({ ...parts(), jobs }).jobs;
    const keyHash = leaf!.range.from.hi + 7;
    const report = async () => {
      const hot = { shardlet: leaf!.id, keyHash, perSecond: 500, atMs: nowMs() };
      await cluster.control.redis.hset(HOT_KEYS_KEY, hotKeyField(hot), JSON.stringify(hot));
      return relieveHotKeys({}, new AbortController().signal);
    };
    expect(await report()).toEqual({ reported: 1, shown: true });
    expect(await report()).toEqual({ reported: 1, shown: false });
    expect(woken).toEqual(['plan']);

    await tick();
    const proposed = (await open()).find(({ body }) => body.shardlets[0] === String(leaf!.id));
    expect(proposed!.body).toMatchObject({ action: 'split-below-key', urgency: 'now' });
    expect((await approveOne(proposed!)).kind).toBe('approved');
    await tick();
    expect((await find(proposed!.id)).state).toBe('done');
    await cluster.follower.upToDate();
    const cut = [...cluster.map.leaves(keyed)].filter(({ range }) => range.from.hi === keyHash);
    expect(cut).toHaveLength(1);

    aheadMs += HOT_KEY_LIFETIME_MS;
    expect(await relieveHotKeys({}, new AbortController().signal)).toBeUndefined();
    expect(await cluster.control.redis.exists(HOT_KEYS_KEY)).toBe(0);
    // heat that has come back is heat anew
    expect(await report()).toEqual({ reported: 1, shown: true });
    await cluster.control.redis.del(HOT_KEYS_KEY);
  });
});

describe('a question about the whole cluster', () => {
  it('is answered by a worker from the live load, and leaves everything as it is', async () => {
    const { inquiries } = cluster.control;
    await load(() => 1);
    // of clusters of others nobody asks here
    const answerers = planning(parts()).answerers as InquiryAnswerers;
    const service = new InquiryServer(cluster.controlRedis.url, answerers, Date.now);
    try {
      await service.ready();
      const versionBefore = cluster.map.version;
      const [first, second] = cluster.map.hosts().map(({ id }) => String(id));
      const change = { kind: 'lose-host', host: first! } as const;
      const { hosts, plan } = await inquiries.ask('whatIf', { changes: [change] });
      const lost = hosts.find(({ host }) => host === first)!;
      expect(lost.now!.shardlets).toBeGreaterThan(0);
      expect(lost.planned!.shardlets).toBeLessThan(lost.now!.shardlets);
      expect(new Set(plan.recommendations.map(({ destination }) => destination))).toEqual(new Set([second]));
      expect(cluster.map.version).toBe(versionBefore);
      const wrong = inquiries.ask('whatIf', { changes: [{ kind: 'lose-host', host: '99' }] });
      await expect(wrong).rejects.toMatchObject({ code: 'invalid_record', pointer: '/changes/0/host' });
    } finally {
      await service.stop();
    }
  });

  it('says so when no worker answers', async () => {
    const patience = new InquiryQueue(cluster.control.redis, Date.now, {
      ...INQUIRY_TIMEOUT_MS,
      whatIf: 200,
    });
    await expect(patience.ask('whatIf', { changes: [] })).rejects.toMatchObject({
      code: 'store_unreachable',
      message: expect.stringContaining('no worker'),
    });
  });

  it('tells how often a policy would have fired by the load that is recorded', async () => {
    const history = planning(parts()).answerers;
    const { policy } = await cluster.control.policies.at(nowMs());
    const strict = { ...policy, capacity: { ...policy.capacity, events_per_second: 1 } };
    const times = async (asked: Policy) =>
      (await history.firings({ policy: asked })).firings.find(({ rule }) => rule === 'hot-host')!.times;
    aheadMs += HOUR_MS;
    expect(await times(strict)).toBeGreaterThan(0);
    expect(await times({ ...policy, capacity: { ...policy.capacity, events_per_second: 1e9 } })).toBe(0);
  });
});

describe('recommendations that were approved for later', () => {
  it.each([
    ['not begun when their destination has become hot', 'destination', 'failed', /even without it/],
    ['begun when they are as good as they were', 'source', 'running', /^move \d+$/],
  ] as const)('are %s', async (_, hot, state, result) => {
    await setPolicy({});
    await restructure();
    const [calm, busy] = cluster.map.hosts();
    await load((id) => (cluster.map.shardlet(id)!.owner === busy!.id ? BUSY : 1));
    await tick();
    const [move] = (await open()).filter(({ body }) => body.destination === String(calm!.id));
    await approveOne(move!, { when: nowMs() + HOUR_MS });
    await load((id) => (String(cluster.map.shardlet(id)!.owner) === move!.body[hot] ? BUSY : 1), 2 * HOUR_MS);
    await tick();
    expect(await find(move!.id)).toMatchObject({ state, result: expect.stringMatching(result) });
  });
});

describe('a shardlet that was split a moment ago', () => {
  it('has what its parent had, until it is seen what it has itself', async () => {
    // The topology store tells when it was split by the clock of this machine
    aheadMs = 0;
    await load(() => 4, MINUTE_MS);
    const rates = async () => {
      const { hosts } = await planning(parts()).answerers.whatIf({
        changes: [{ kind: 'add-hosts', count: 1 }],
      });
      return hosts.flatMap(({ now }) => (now === null ? [] : [now.eventsPerSecond]));
    };
    const before = await rates();
    expect(before.reduce((sum, rate) => sum + rate, 0)).toBeGreaterThan(0);
    const [leaf] = [...cluster.map.leaves(stream)].filter(({ state }) => state.kind === 'open');
    const { from, to } = leaf!.range;
    const middle = { hi: Math.floor((from.hi + to.hi) / 2), lo: 0 };
    const request = { parents: [leaf!.id], children: [range(from, middle), range(middle, to)] };
    const { topology, moves } = cluster.control;
    const operator = { topology, moves, wake: async () => {}, nowMs, actor: 'ann' };
    expect((await requestRestructure(operator, request)).kind).toBe('decided');
    await cluster.follower.upToDate();
    expect(await rates()).toEqual(before.map((rate) => expect.closeTo(rate, 6)));
  });
});
