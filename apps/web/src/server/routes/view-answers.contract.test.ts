/** What views answer over real stores: where there is nothing yet, and where there is something. */
import type { MoveIntent } from '@foreshard/core/moves';
import type { Target } from '@foreshard/core/notifying';
import type { Recommendation } from '@foreshard/core/planning';
import { DEFAULT_POLICY } from '@foreshard/core/planning';
import { healthSettingsSchema, hostHealth, shardletHealth } from '@foreshard/core/profiling';
import { LOAD_FLUSH_FIELD, LOAD_STREAM_KEY, packFlush } from '@foreshard/core/telemetry';
import { prepareMigration } from '@foreshard/core/topology';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest';
import type { Caller } from '../console.fixture.ts';
import { consoleWorld, type World } from '../console-world.fixture.ts';
import { flushOf } from '../load/test-flush.ts';
import type { ConsoleServer } from '../main.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

let world: World;
let ask: Caller;
let server: ConsoleServer;

beforeAll(async () => {
  world = await consoleWorld(inject('postgresUrl'), 'view_answers');
  ({ ask, server } = world.console);
});
afterAll(() => world?.close());

const shardletIds = () => [...server.map.map!.shardlets()].map(({ id }) => id);

describe('where there is nothing yet', () => {
  const window = () => ({ fromMs: Date.now() - HOUR_MS, toMs: Date.now() });

  it('a heat map has its rows, and no cell that is known', async () => {
    const picture = await ask.heat.picture(window());
    expect(picture).toMatchObject({ stream: 'main', forecastFrom: null, patterns: [] });
    expect(picture.rows.map(({ owner }) => owner)).toEqual(['a', 'b', 'a', 'b']);
    const cells = new Float32Array(Uint8Array.from(Buffer.from(picture.values, 'base64')).buffer);
    expect(cells).toHaveLength(4 * picture.columns);
    expect(cells.every(Number.isNaN)).toBe(true);
    expect(await ask.heat.forecast(window())).toBeNull();
  });

  it('a cell has its shardlets, and no keys', async () => {
    const cell = await ask.heat.cell({ ...window(), from: '4000000000000000', to: 'c000000000000000' });
    expect(cell.shardlets.map(({ id }) => id)).toEqual(shardletIds().slice(1, 3));
    expect(cell).toMatchObject({ more: 0, topKeys: [], types: [] });
  });

  it('forecasts say so with null, not with zeros', async () => {
    expect(await ask.forecasts.picture({})).toMatchObject({
      ...{ stream: 'main', points: [], model: null, version: null, covered: null, mae: null },
    });
    expect(await ask.forecasts.models({})).toEqual({
      ...{ stream: 'main', versions: [], promotions: [], champion: null, drift: null },
    });
    expect(await ask.forecasts.runs()).toEqual([]);
    expect(await ask.forecasts.ranking({ inMs: HOUR_MS })).toEqual([]);
    expect(await ask.forecasts.probability({ horizonMs: HOUR_MS, shardlet: shardletIds()[0]! })).toBeNull();
  });

  it('lists are empty, and what was never measured is null', async () => {
    expect(await ask.health.list({})).toBeNull();
    expect(await ask.health.subject({ kind: 'host', id: 1 })).toEqual({
      ...{ resolution: 'minute', newest: null, history: [] },
    });
    expect(await ask.hot.list({})).toMatchObject({ stream: 'main', leaves: 4, rows: [] });
    expect(await ask.hints.list(window())).toEqual([]);
    expect(await ask.migrations.list({})).toMatchObject({ moves: [], controls: { paused: false } });
    expect(await ask.recommendations.list({})).toMatchObject({ rows: [], lastPlan: null, pausedFor: null });
    expect(await ask.recommendations.decisions()).toEqual([]);
    expect(await ask.recommendations.churn()).toMatchObject({ moves: 0, bytesPerGain: null });
    expect(await ask.clusters.list()).toMatchObject({ rows: [], targets: [] });
    expect(await ask.notifications.list()).toMatchObject({ targets: [], alarms: [] });
    expect(await ask.notifications.deliveries({})).toMatchObject({ rows: [] });
    expect(await ask.overview.standing()).toMatchObject({ p99: null, imbalance: null, recommended: 0 });
  });

  it('the policy is the default, which differs from nothing', async () => {
    const { holding, newest, versions } = await ask.policies.current();
    expect([holding, newest.version, versions]).toEqual([0, 0, []]);
  });
});

describe('a window of hot shardlets', () => {
  it.each([
    ['15m', 15],
    ['1h', 60],
    ['6h', 360],
    ['24h', 1_440],
    ['7d', 10_080],
  ] as const)('of %s ends with the last full minute', async (span, minutes) => {
    const lastFull = () => Math.floor(Date.now() / 60_000) * 60_000;
    const before = lastFull();
    const { fromMs, toMs } = await ask.hot.list({ span });
    expect([before, lastFull()]).toContain(toMs);
    expect(toMs - fromMs).toBe(minutes * 60_000);
  });
});

it('hosts, streams and shardlets have the load of now, and no password', async () => {
  const redis = new Redis(world.redisUrl);
  const [first, second] = shardletIds();
  const atMs = Math.floor(Date.now() / 1_000) * 1_000 - 5_000;
  const flush = flushOf(atMs, [
    [first!, 100, 1_000, 0],
    [second!, 300, 3_000, 0],
  ]);
  await redis.xadd(LOAD_STREAM_KEY, '*', LOAD_FLUSH_FIELD, Buffer.from(packFlush(flush)));
  redis.disconnect();
  await vi.waitFor(
    async () => expect((await ask.streams.list())[0]!.eventsPerSecond).toBeGreaterThan(0),
    5_000,
  );
  const hosts = await ask.hosts.list();
  expect(hosts.map(({ name, condition }) => [name, condition])).toEqual([
    ['a', 'unmeasured'],
    ['b', 'unmeasured'],
  ]);
  expect(hosts[1]!.eventsPerSecond / hosts[0]!.eventsPerSecond).toBeCloseTo(3, 6);
  expect(JSON.stringify([hosts, await ask.overview.now()])).not.toContain('hunter2');
  const { rows } = await ask.shardlets.list({ pageSize: 2 });
  expect(rows.map(({ id }) => id)).toEqual([second, first]);
  expect(await ask.overview.standing()).toMatchObject({
    imbalance: { host: 'b', times: expect.closeTo(1.5, 6) },
  });
});

describe('health', () => {
  const settings = healthSettingsSchema.parse({});
  const picture = (atMs: number, fullness: number) => ({
    atMs,
    hosts: new Map(
      [1, 2].map((id) => [id, hostHealth({ reachable: 1, fullness: id === 1 ? fullness : 0.1 }, settings)]),
    ),
    shardlets: new Map(shardletIds().map((id, i) => [id, shardletHealth({ errors: i / 100 }, settings)])),
  });

  it('lists the worst first, cut to what was asked for, with counts of all', async () => {
    const nowMs = Date.now();
    await server.health.add(picture(nowMs - 90 * 60_000, 0.8));
    await server.health.add(picture(nowMs - 2 * 60_000, 0.7));
    await server.health.add(picture(nowMs - 60_000, 0.9));
    const list = (await ask.health.list({ limit: 2 }))!;
    expect(list.hosts.map(({ name }) => name)).toEqual(['a', 'b']);
    expect(list.hosts[0]!.worst).toMatchObject({ part: 'fullness', raw: 0.9 });
    expect(list.shardlets.map(({ id }) => id)).toEqual(shardletIds().reverse().slice(0, 2));
    expect(list.shardletsTotal).toBe(4);
    expect(Object.values(list.bands.shardlet).reduce((sum, count) => sum + count)).toBe(4);
  });

  it('gives the course of one by the minute, of longer times by the hour', async () => {
    const asked = { kind: 'host', id: 1 } as const;
    expect((await ask.health.subject({ ...asked, hours: 6 })).history).toHaveLength(3);
    const minutes = await ask.health.subject(asked);
    expect(minutes.resolution).toBe('minute');
    expect(minutes.history.map(({ atMs }) => atMs)).toEqual(
      minutes.history.map(({ atMs }) => atMs).toSorted(),
    );
    expect(minutes.history).toHaveLength(2);
    expect(minutes.newest!.score).toBe(minutes.history[1]!.score);
    expect(minutes.history[1]!.score).toBeLessThan(minutes.history[0]!.score!);
    expect((await ask.health.subject({ ...asked, hours: 6 })).resolution).toBe('minute');
    expect((await ask.health.subject({ ...asked, hours: 7 })).resolution).toBe('hour');
  });
});

describe('hints', () => {
  it('have their occurrences in the time asked for; removed ones come when they are asked for', async () => {
    const startMs = Math.floor(Date.now() / DAY_MS) * DAY_MS;
    const add = (because: string) =>
      ask.operations.hints.add({
        ...{ stream: 'main', factor: 2, because, repeat: { every: 'day', zone: 'UTC' } },
        ...{ from: new Date(startMs).toISOString(), to: new Date(startMs + HOUR_MS).toISOString() },
      });
    const kept = await add('every day');
    const gone = await add('a mistake');
    await ask.operations.hints.remove({ id: gone.id });
    const asked = { fromMs: startMs, toMs: startMs + 3 * DAY_MS };
    const list = await ask.hints.list(asked);
    expect(list.map(({ id }) => id)).toEqual([kept.id]);
    expect(list[0]!.occurrences.map(({ fromMs }) => fromMs)).toEqual(
      [0, 1, 2].map((day) => startMs + day * DAY_MS),
    );
    expect((await ask.hints.list({ ...asked, withRemoved: true })).map(({ id }) => id).sort()).toEqual(
      [kept.id, gone.id].sort(),
    );
    expect(await ask.hints.effect({ id: gone.id })).toEqual({ spans: [] });
  });
});

describe('moves', () => {
  it('are shown with their hosts, and on the map with how far they are', async () => {
    const [shardlet] = shardletIds() as [number];
    const { epoch } = server.map.map!.shardlet(shardlet)!;
    const moving = await world.decide(prepareMigration({ id: shardlet, epoch, dest: 2 }));
    if (moving.state.kind !== 'moving') throw new Error('it does not move');
    const move = { shardlet, nextEpoch: moving.state.nextEpoch, source: 1, dest: 2 };
    expect(await ask.shardMap.moves()).toMatchObject([{ shardlet, isLogRead: true, progress: null }]);
    const intent: MoveIntent = { move, kind: 'open', actor: 'me', reason: 'a test' };
    await server.moves.add([intent]);
    const { moves, controls } = await ask.migrations.list({});
    expect(moves).toMatchObject([{ shardlet, sourceName: 'a', destName: 'b', can: ['pause', 'abort'] }]);
    expect(controls.paused).toBe(false);
    expect(await ask.shardMap.moves()).toMatchObject([
      { shardlet, stream: 'main', source: 'a', dest: 'b', progress: { actor: 'me', copied: null } },
    ]);
    const { id } = moves[0]!;
    expect(await ask.migrations.show({ id })).toMatchObject({ move: { id, reason: 'a test' }, journal: [] });
    await server.moves.end(id, 'aborted', 'enough');
    expect((await ask.migrations.list({})).moves).toEqual([]);
    expect((await ask.migrations.list({ ended: true })).moves).toMatchObject([{ id, result: 'aborted' }]);
    expect((await ask.overview.standing()).moves).toBe(1);
  });
});

describe('recommendations', () => {
  const figures = { objective: 1, hottest: 2, mean: 1, hotHosts: 1, crossHostShare: null, shardlets: 4 };
  const body = (step: number, urgency: Recommendation['urgency']): Recommendation => ({
    ...{ step, urgency, action: 'roll', phase: 'rebalance', shardlets: [String(step)], source: '1' },
    ...{ destination: null, reason: `reason ${step}`, overloadAt: null, gain: null, etaSeconds: null },
    ...{ cost: { objective: 0, bytes: 1 }, confidence: 1, alternatives: [], checks: [] },
    expiresAt: new Date(Date.now() + HOUR_MS).toISOString(),
  });

  beforeAll(async () => {
    const plan = {
      ...{ revision: 'x', topologyVersion: 1, policy: { name: 'x', version: 1 }, now: '', skipped: {} },
      ...{ hosts: [], before: figures, after: { ...figures, hottest: 1 }, nothingBecause: null },
      pressures: [{ host: '1', before: 2, after: 1 }],
      recommendations: [body(1, 'when-convenient'), body(2, 'soon'), body(3, 'now'), body(4, 'soon')],
    };
    await server.recommendations.record(plan, { policyVersion: 1, nowMs: Date.now() });
  });

  it('that are pending come by urgency, with the last plan', async () => {
    const { rows, lastPlan, mode } = await ask.recommendations.list({});
    expect(rows.map(({ body: { step } }) => step)).toEqual([3, 2, 4, 1]);
    expect(rows[0]).toMatchObject({ title: 'Roll shardlet 3', sourceName: 'a', destinationName: null });
    expect(lastPlan).toMatchObject({ pressures: [{ host: 'a', before: 2, after: 1 }], nothingBecause: null });
    expect(mode).toBe(DEFAULT_POLICY.mode);
  });

  it('that ended come only when they are asked for', async () => {
    const { rows } = await ask.recommendations.list({});
    await server.recommendations.reject(rows[0]!.id, 'me', 'no', Date.now());
    const idsOf = async (ended: boolean) =>
      (await ask.recommendations.list({ ended })).rows.map(({ id }) => id);
    expect(await idsOf(false)).toEqual(rows.slice(1).map(({ id }) => id));
    expect((await idsOf(true)).sort()).toEqual(rows.map(({ id }) => id).sort());
  });

  it('stand in the record of decisions, in words', async () => {
    const [decision] = await ask.recommendations.decisions();
    expect(decision).toMatchObject({ hottestBefore: 2, hottestAfter: 1, actions: 4, times: 1 });
    expect(decision!.reasons[1]).toEqual({
      ...{ title: 'Roll shardlet 2', sourceName: 'a', destinationName: null, reason: 'reason 2' },
      isReaction: undefined,
    });
  });

  it('say that nothing begins while moves are paused', async () => {
    await server.moves.setControls({ paused: true, reason: 'release day' }, 'me');
    expect((await ask.recommendations.list({})).pausedFor).toBe('release day');
    await server.moves.setControls({ paused: false, reason: '' }, 'me');
  });

  it('are counted on the overview: those of the plan, and those that can be decided', async () => {
    expect(await ask.overview.standing()).toMatchObject({ recommended: 3, waiting: 0 });
    const { items } = await ask.recommendations.waiting();
    expect(items).toMatchObject([{ kind: 'plan', parts: 3, obstacle: expect.any(String) }]);
    const { plans, next } = await ask.recommendations.history({ state: 'open' });
    expect([plans.map(({ id }) => id), next]).toEqual([[items[0]!.id], null]);
    expect((await ask.recommendations.history({ state: 'done' })).plans).toEqual([]);
    expect((await ask.recommendations.history({ before: items[0]!.id })).plans).toEqual([]);
  });
});

describe('policies', () => {
  it('show what each version changed, against the one before it, and what is called off', async () => {
    const read = async () => (await ask.policies.current()).newest;
    const change = async (fullness: number, more: { effectiveAt?: string; callsOff?: boolean } = {}) => {
      const { version, policy } = await read();
      const changed = { ...policy, host: { ...policy.host, fullness } };
      return ask.operations.policy.change({ from: version, policy: changed, note: 'a test', ...more });
    };
    await change(0.6);
    await change(0.65, { effectiveAt: new Date(Date.now() + DAY_MS).toISOString() });
    const { holding, newest, versions } = await ask.policies.current();
    expect([holding, newest.version]).toEqual([1, 2]);
    expect(versions.map(({ version, isCalledOff }) => [version, isCalledOff])).toEqual([
      [2, false],
      [1, false],
    ]);
    expect(versions.map(({ differences }) => differences)).toMatchObject([
      [{ before: 0.6, after: 0.65 }],
      [{ before: DEFAULT_POLICY.host.fullness, after: 0.6 }],
    ]);
    await change(0.7, { callsOff: true });
    expect((await ask.policies.current()).versions.map((one) => one.isCalledOff)).toEqual([
      false,
      true,
      false,
    ]);
  });
});

describe('notifications', () => {
  it('show targets without secrets, deliveries without bodies, and alarms that go on', async () => {
    const store = server.notifications;
    const target: Omit<Target, 'name'> = {
      ...{ url: 'https://example.test/T0/SECRETPATH', format: 'webhook', kinds: [], pauseSeconds: 0 },
      ...{ enabled: true, quietUntilMs: 0, secret: 'whsec_hunter2', createdMs: 1, createdBy: 'me' },
    };
    await store.add({ ...target, name: 'ops' });
    await store.add({ ...target, name: 'other' });
    const delivery = { title: 'A test', body: '{"hunter2":1}', createdMs: 5 };
    await store.queue({ ...delivery, id: 'msg_1', target: 'ops' }, []);
    await store.queue({ ...delivery, id: 'msg_2', target: 'other', createdMs: 6 }, []);
    const attempt = { atMs: 7, durationMs: 1, status: 500, response: 'no', mayPass: true };
    const found = (await store.delivery('msg_1'))!;
    await store.settle({ ...found, attempts: [attempt, { ...attempt, atMs: 8 }] });
    const alarm = {
      kind: 'alarm.host',
      level: 'bad',
      title: 'A',
      text: 'b',
      path: '/hosts',
      sinceMs: 1,
    } as const;
    await store.keepAlarms(
      [
        { ...alarm, key: 'on', endedMs: null },
        { ...alarm, key: 'over', endedMs: 2 },
      ],
      [],
    );

    const list = await ask.notifications.list();
    expect(list.targets.map(({ name }) => name)).toEqual(['ops', 'other']);
    expect(list.alarms.map(({ key }) => key)).toEqual(['on']);
    expect(JSON.stringify(list)).not.toContain('hunter2');
    const { rows } = await ask.notifications.deliveries({});
    expect(rows.map(({ id }) => id)).toEqual(['msg_2', 'msg_1']);
    expect(rows[1]).toMatchObject({ tries: 2, last: { atMs: 8, status: 500 } });
    expect(rows[0]).toMatchObject({ tries: 0, last: null });
    expect(JSON.stringify(rows)).not.toContain('hunter2');
    expect((await ask.notifications.deliveries({ target: 'ops' })).rows.map(({ id }) => id)).toEqual([
      'msg_1',
    ]);
    expect(await ask.notifications.delivery({ id: 'msg_1' })).toMatchObject({ body: delivery.body });
  });
});

describe('clusters that are not ours', () => {
  beforeAll(async () => {
    const host = { zone: 'default', bytesPerSecond: null, memoryBytes: null };
    await server.clusters.add({
      ...{ name: 'kafka', number: await server.clusters.nextNumber(), revision: 0, version: 1 },
      hosts: [
        { ...host, number: 1, name: 'broker-1', eventsPerSecond: 50 },
        { ...host, number: 2, name: 'broker-2', eventsPerSecond: null },
      ],
      partitions: [
        { number: 1, name: 'p0', host: 'broker-1', bytes: null, movedMs: null, cameFrom: null },
        { number: 2, name: 'p1', host: 'broker-1', bytes: null, movedMs: null, cameFrom: null },
      ],
      ...{
        hostsChangedMs: null,
        webhook: null,
        problem: null,
        observedToMs: null,
        stepMs: 60_000,
        shiftMs: 0,
      },
      source: {
        ...{ url: 'http://me:hunter2@prometheus:9090/x', query: 'q' },
        ...{ partitionLabel: 'partition', hostLabel: 'host' },
      },
      ...{ createdMs: 0, createdBy: 'me' },
    });
  });

  it('are listed with their counts, why nothing is planned, and the address of their source alone', async () => {
    const { rows } = await ask.clusters.list();
    expect(rows).toMatchObject([
      { name: 'kafka', hosts: 2, partitions: 2, recommendations: 0, source: 'prometheus:9090' },
    ]);
    expect(rows[0]!.obstacle).toMatch(/\S/);
    expect(JSON.stringify(rows)).not.toContain('hunter2');
    expect((await ask.shardlets.choices()).clusters).toEqual(['kafka']);
  });

  it('have their hosts with what they can take, or what the policy says', async () => {
    const { hosts, plannedMs, nothingBecause } = await ask.clusters.detail({ name: 'kafka' });
    expect(hosts).toMatchObject([
      { name: 'broker-1', partitions: 2, capacity: 50, isCapacityKnown: true, eventsPerSecond: 0 },
      {
        name: 'broker-2',
        partitions: 0,
        isCapacityKnown: false,
        capacity: DEFAULT_POLICY.capacity.events_per_second,
      },
    ]);
    expect([plannedMs, nothingBecause]).toEqual([null, null]);
  });

  it('are streams by their names to what is asked of one stream', async () => {
    expect(await ask.hot.list({ stream: 'kafka' })).toMatchObject({ stream: 'kafka', leaves: 2, rows: [] });
    const window = { fromMs: Date.now() - HOUR_MS, toMs: Date.now() };
    const { rows, marks } = await ask.heat.picture({ ...window, stream: 'kafka' });
    expect(rows.map(({ owner }) => owner)).toEqual(['broker-1', 'broker-1']);
    expect(marks).toEqual({ marks: [], isWhole: true });
    expect(await ask.forecasts.picture({ stream: 'kafka' })).toMatchObject({ stream: 'kafka', model: null });
  });

  it('have a file of hosts read without a change', async () => {
    expect(await ask.clusters.readHosts({ csv: 'host,events_per_second,zone\na,5,north\n' })).toEqual([
      { name: 'a', zone: 'north', eventsPerSecond: 5, bytesPerSecond: null, memoryBytes: null },
    ]);
  });
});

it('jobs that wait are there, with every job of the catalogue', async () => {
  await server.jobs.wake('plan');
  const { jobs, runs } = await ask.jobs.list();
  expect(runs).toContainEqual(expect.objectContaining({ name: 'plan', state: 'waiting', endedAtMs: null }));
  expect(jobs.find(({ name }) => name === 'plan')).toMatchObject({ isActive: false, lastState: null });
});

describe('an order', () => {
  const streamNames = async () => (await ask.streams.list()).map(({ name }) => name);

  it('is seen by the page that follows it, and one that is tried changes nothing', async () => {
    const tried = await ask.operations.streams.create({ name: 'tried', shardCount: 2, dryRun: true });
    expect(tried).toMatchObject({ result: 'would be created', stream: null });
    const { version } = server.map.map!;
    await ask.operations.streams.create({ name: 'orders', shardCount: 2 });
    expect(server.map.map!.version).toBe(version + 1);
    expect(await streamNames()).toEqual(['main', 'orders']);
  });

  it('is given in the name of who asks', async () => {
    const [change] = await server.topology.changesAfter(server.map.map!.version - 1, 1);
    expect(change!.actor).toBe('ada@example.org');
  });

  it('that is refused says why, under the code of the table', async () => {
    const order = ask.operations.streams.create({ name: 'orders', shardCount: 2 });
    await expect(order).rejects.toMatchObject({ code: 'CONFLICT', cause: { name: 'ForeshardError' } });
    const wrong = ask.operations.streams.create({ name: 'No Name', shardCount: 2 });
    await expect(wrong).rejects.toMatchObject({
      code: 'BAD_REQUEST',
      message: expect.stringContaining('name'),
    });
    const absent = ask.operations.streams.delete({ stream: 'nowhere' });
    await expect(absent).rejects.toMatchObject({ code: 'NOT_FOUND', cause: { code: 'unknown_stream' } });
    expect(await streamNames()).toEqual(['main', 'orders']);
  });

  it('that needs hosts is refused while the edge is away', async () => {
    await expect(ask.operations.groups.list({})).rejects.toMatchObject({
      ...{ code: 'SERVICE_UNAVAILABLE', message: expect.stringContaining('does not answer') },
    });
  });
});
