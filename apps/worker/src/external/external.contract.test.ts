/** A cluster of others from its measurements to an action that is told and seen to come true, on real servers. */
import { randomUUID } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { readPrometheus } from '@foreshard/core/adapters/prometheus';
import {
  AddressGuard,
  GuardedWebhookSender,
  guardOfServers,
  newSecret,
} from '@foreshard/core/adapters/webhooks';
import { type Adviser, approve, OWN_CLUSTER, type RecommendationRecord } from '@foreshard/core/advising';
import {
  type ExternalCluster,
  forgetCluster,
  type LoadRow,
  newClusterSchema,
  partitionId,
  type ReadSource,
  streamIdOf,
  takeIn,
  topologyOf,
} from '@foreshard/core/external';
import { addTarget, targetRequestSchema } from '@foreshard/core/notifying';
import { policySchema } from '@foreshard/core/planning';
import { type BlockStore, type BlockTransaction, MINUTE_MS, TelemetryStore } from '@foreshard/core/telemetry';
import { TopologyMap } from '@foreshard/core/topology';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { notifyingJobs } from '../notifying/index.ts';
import { createMetrics } from '../process/metrics.ts';
import { RealCluster, silent } from '../testing/real-cluster.ts';
import { external } from './index.ts';

let cluster: RealCluster;
let server: Server;
let inbox: { id: string; body: { type: string; data: Record<string, unknown> } }[] = [];
let aheadMs = 0;
const nowMs = () => Date.now() + aheadMs;

beforeAll(async () => {
  cluster = await RealCluster.start(inject('postgresUrl'), 0);
  server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    inbox.push({ id: String(request.headers['webhook-id']), body: JSON.parse(body) });
    response.writeHead(202).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const policy = policySchema.parse({ mode: 'ask', scaling: { hosts_min: 3, hosts_max: 3 } });
  const made = { policy, actor: 'ann', note: '', createdMs: 0, effectiveMs: 0 };
  await cluster.control.policies.add({ from: 0, ...made });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/actions`;
  const operator = {
    ...{ store: cluster.control.notifications, sender: sender(), newSecret, newId: randomUUID, nowMs },
    ...{ wake: async () => {}, actor: 'ann', consoleUrl: undefined },
  };
  await addTarget(operator, targetRequestSchema.parse({ name: 'runner', url, kinds: [] }));
  await cluster.control.clusters.add({
    ...{
      name: 'legacy',
      number: await cluster.control.clusters.nextNumber(),
      revision: 0,
      version: 1,
      partitions: [],
      hostsChangedMs: null,
      webhook: 'runner',
      source: null,
      problem: null,
    },
    hosts: [
      {
        number: 1,
        name: 'a',
        zone: 'default',
        eventsPerSecond: null,
        bytesPerSecond: null,
        memoryBytes: null,
      },
    ],
    ...{ observedToMs: null, stepMs: MINUTE_MS, shiftMs: 0, createdMs: 0, createdBy: 'ann' },
  });
}, 60_000);
afterAll(async () => {
  await new Promise((resolve) => server.close(resolve));
  await cluster.stop();
});

const sender = () => new GuardedWebhookSender(new AddressGuard(['127.0.0.0/8']), nowMs);
const find = async (): Promise<ExternalCluster> => (await cluster.control.clusters.find('legacy'))!;

/** Ten minutes of load up to now: events a second and host by partition. */
function measured(places: Record<string, [host: string, perSecond: number]>): LoadRow[] {
  const endMs = Math.floor(nowMs() / MINUTE_MS) * MINUTE_MS;
  return Object.entries(places).flatMap(([partition, [host, eventsPerSecond]]) =>
    Array.from({ length: 10 }, (_, minute) => ({
      ...{ partition, host, eventsPerSecond, bytesPerSecond: null, bytes: 1_000_000 },
      timeMs: endMs - (minute + 1) * MINUTE_MS,
    })),
  );
}

const capacities = ['a', 'b', 'c'].map((name) => ({
  ...{ name, zone: 'default', eventsPerSecond: 100, bytesPerSecond: null, memoryBytes: null },
}));

async function take(rows: LoadRow[]) {
  const { clusters, telemetry } = cluster.control;
  return takeIn({ clusters, telemetry, nowMs: nowMs() }, await find(), { rows, capacities, shiftMs: 0 });
}

const readHere: ReadSource = (source, range) => readPrometheus(source, range, guardOfServers(undefined));

const jobs = () => external({ ...cluster.control, sender: sender(), log: silent, nowMs, read: readHere });

async function tick(): Promise<void> {
  inbox = [];
  const never = new AbortController().signal;
  const parts = { ...cluster.control, sender: sender() };
  await jobs().jobs.clusters({}, never);
  const how = { consoleUrl: undefined, newId: randomUUID, random: () => 0, log: silent, nowMs };
  await notifyingJobs({ ...parts, follower: cluster.follower, metrics: createMetrics(), ...how }).notify(
    {},
    never,
  );
}

async function recommended(): Promise<RecommendationRecord[]> {
  return cluster.control.recommendations.list({ cluster: 'legacy', limit: 9 });
}

const HOT = { p1: ['a', 55], p2: ['a', 60], p10: ['b', 10], p3: ['c', 10] } satisfies Parameters<
  typeof measured
>[0];

describe('a cluster of others', () => {
  it('is described by its measurements', async () => {
    expect(await take(measured(HOT))).toMatchObject({ kind: 'taken', rows: 40, known: 0 });
    const { hosts, partitions, version } = await find();
    expect(hosts.map(({ name, number }) => [name, number])).toEqual([
      ['a', 1],
      ['b', 2],
      ['c', 3],
    ]);
    expect(partitions).toHaveLength(4);
    expect(version).toBe(1);
  });

  it('has its load where pictures and forecasts read it', async () => {
    const legacy = await find();
    const map = new TopologyMap(topologyOf(legacy));
    const store = new TelemetryStore({ blocks: cluster.control.telemetry, map: () => map, nowMs });
    const toMs = legacy.observedToMs!;
    const p2 = legacy.partitions.find(({ name }) => name === 'p2')!;
    const query = { metric: 'events', step: 'minute', fromMs: toMs - 5 * MINUTE_MS, toMs } as const;
    const scope = { kind: 'shardlet', shardlet: partitionId(legacy, p2.number) } as const;
    expect([...(await store.series({ scope, ...query })).values]).toEqual(Array(5).fill(60 * 60));
    const heat = await store.heat({ streamId: streamIdOf(legacy), columnsMax: 5, rowsMax: 10, ...query });
    const column = [...heat.values].slice(0, heat.rows.length).map(Math.round);
    // in the order of names as people count
    expect(column).toEqual([55, 60, 10, 10]);
  });

  it('takes in what is new of a file that comes again', async () => {
    expect(await take(measured(HOT))).toMatchObject({ kind: 'taken', rows: 0, known: 40 });
  });

  it('does not take in what lies ahead of now', async () => {
    const ahead = measured(HOT).map((row) => ({ ...row, timeMs: row.timeMs + 60 * MINUTE_MS }));
    expect(await take(ahead)).toMatchObject({
      kind: 'refused',
      detail: expect.stringContaining('ahead of now'),
    });
  });

  it('is planned in the names of its owners, apart from ours', async () => {
    await tick();
    const [first] = await recommended();
    expect(first).toMatchObject({
      cluster: 'legacy',
      state: 'open',
      body: { action: 'move', source: 'a', cost: { bytes: 1_000_000 } },
    });
    expect(['p1', 'p2']).toContain(first!.body.shardlets[0]);
    const { recommendations } = cluster.control;
    expect(await recommendations.list({ cluster: OWN_CLUSTER, limit: 9 })).toEqual([]);
    expect(await recommendations.decisions(9)).toEqual([]);
    expect(await recommendations.decisions(9, 'legacy')).toHaveLength(1);
  });
});

describe('an approval', () => {
  const adviser = (): Adviser => {
    const { recommendations: log, policies, topology, clusters } = cluster.control;
    return { log, policies, topology, clusters, wake: async () => {}, nowMs, actor: 'ann' };
  };
  const approveFirst = async ({ id, revision, topologyVersion }: RecommendationRecord) =>
    (await approve(adviser(), [{ id, revision, topologyVersion, note: '', when: 'now' }]))[0]!;

  it('is refused when the cluster is not what it was', async () => {
    const [seen] = await recommended();
    aheadMs += 20 * MINUTE_MS;
    await take(measured({ ...HOT, p3: ['b', 10] }));
    expect((await find()).version).toBe(2);
    expect(await approveFirst(seen!)).toMatchObject({ kind: 'stale' });
    await tick();
  });

  it('is told once, signed, under an id of its own', async () => {
    const [open] = await recommended();
    expect(await approveFirst(open!)).toMatchObject({ kind: 'approved' });
    await tick();
    expect(inbox).toMatchObject([
      {
        id: `msg_legacy_${open!.id}_${open!.revision}`,
        body: {
          type: 'foreshard.action.move',
          data: {
            cluster: 'legacy',
            action: 'move',
            source: 'a',
            approvedBy: 'ann',
            recommendation: open!.id,
          },
        },
      },
    ]);
    await tick();
    expect(inbox).toEqual([]);
    expect((await recommended())[0]).toMatchObject({
      state: 'running',
      result: expect.stringContaining('202'),
    });
  });

  it('has come true when an observation shows it', async () => {
    const [recommendation] = await recommended();
    const { shardlets, destination } = recommendation!.body;
    aheadMs += 20 * MINUTE_MS;
    const moved = { [shardlets[0]!]: [destination!, 55] as [string, number] };
    await take(measured({ ...HOT, p3: ['b', 10], ...moved }));
    await tick();
    const ended = (await recommended()).find(({ id }) => id === recommendation!.id);
    expect(ended).toMatchObject({ state: 'done', result: expect.stringContaining('shows it') });
    const partition = (await find()).partitions.find(({ name }) => name === shardlets[0]);
    expect(partition).toMatchObject({ host: destination, cameFrom: 'a' });
  });
});

describe('a policy in mode auto', () => {
  const eager = () => cluster.control.recommendations.list({ cluster: 'eager', limit: 9 });
  const pause = (paused: boolean) => cluster.control.moves.setControls({ paused }, 'ann');
  const load = (places: Parameters<typeof measured>[0]) =>
    [
      'time,partition,host,events_per_second,bytes',
      ...measured(places).map(
        ({ timeMs, partition, host, eventsPerSecond, bytes }) =>
          `${timeMs},${partition},${host},${eventsPerSecond},${bytes}`,
      ),
    ].join('\n');

  beforeAll(async () => {
    const auto = { minimum_confidence: 0, max_bytes: 2_000_000 };
    const policy = policySchema.parse({ mode: 'auto', scaling: { hosts_min: 3, hosts_max: 3 }, auto });
    const made = { policy, actor: 'ann', note: '', createdMs: nowMs(), effectiveMs: nowMs() };
    expect(await cluster.control.policies.add({ from: 1, ...made })).toBeDefined();
    const order = newClusterSchema.parse({ load: load(HOT), hosts: capacities, webhook: 'runner' });
    const added = await jobs().answerers.addCluster({ name: 'eager', order, actor: 'api:test' });
    expect(added).toMatchObject({ kind: 'taken', report: { partitions: 4, hosts: 3, hostsAssumed: 0 } });
    expect(await jobs().answerers.addCluster({ name: 'eager', order, actor: 'api:test' })).toEqual({
      kind: 'exists',
    });
  });

  it('approves what meets its criteria, and tells nobody while everything is paused', async () => {
    await pause(true);
    await tick();
    expect(await eager()).toMatchObject([
      { state: 'approved', decidedBy: 'policy default (version 2)', body: { action: 'move', source: 'a' } },
    ]);
    expect(inbox).toEqual([]);
  });

  it('has it told under its own name', async () => {
    await pause(false);
    await tick();
    const [recommendation] = await eager();
    expect(inbox).toMatchObject([
      {
        id: `msg_eager_${recommendation!.id}_1`,
        body: { data: { cluster: 'eager', source: 'a', approvedBy: 'policy default (version 2)' } },
      },
    ]);
  });

  it('asks for nothing more while that is under way', async () => {
    aheadMs += 5 * MINUTE_MS;
    await tick();
    expect(inbox).toEqual([]);
    const states = (await eager()).map(({ state }) => state);
    expect(states).toEqual(['running']);
    const planned = await jobs().answerers.planCluster({ name: 'eager', withState: true });
    expect(planned).toMatchObject({
      kind: 'planned',
      document: { recommendations: [] },
      state: { moves: [{ from: 'a' }] },
    });
  });

  it('leaves to a person what is larger than it allows, and what nobody would be told of', async () => {
    const big = load({ q1: ['a', 55], q2: ['a', 60], q3: ['b', 1] }).replaceAll(',1000000', ',3000000');
    const order = newClusterSchema.parse({ load: big, hosts: capacities, webhook: 'runner' });
    await jobs().answerers.addCluster({ name: 'large', order, actor: 'ann' });
    const small = load({ q1: ['a', 55], q2: ['a', 60], q3: ['b', 1] });
    const withoutTarget = newClusterSchema.parse({ load: small, hosts: capacities });
    await jobs().answerers.addCluster({ name: 'untold', order: withoutTarget, actor: 'ann' });
    await tick();
    for (const name of ['large', 'untold'])
      expect(await cluster.control.recommendations.list({ cluster: name, limit: 9 })).toMatchObject([
        { state: 'open', body: { action: 'move' } },
      ]);
    expect(inbox).toEqual([]);
  });
});

it('is not there before its load is, so that an addition that is cut off leaves nothing behind', async () => {
  const { telemetry, clusters } = cluster.control;
  let listed: string[] | undefined;
  const watched: BlockStore = Object.assign(Object.create(telemetry), {
    exclusively: <T>(feed: string, work: (tx: BlockTransaction) => Promise<T>) =>
      telemetry.exclusively(feed, async (tx) => {
        listed = (await clusters.list()).map(({ name }) => name);
        return work(tx);
      }),
  });
  const order = newClusterSchema.parse({
    load: 'time,partition,host,events_per_second\n2026-11-01T00:00:00Z,p,h,1',
  });
  const { answerers } = external({
    ...cluster.control,
    telemetry: watched,
    sender: sender(),
    log: silent,
    nowMs,
    read: readHere,
  });
  expect(await answerers.addCluster({ name: 'late', order, actor: 'ann' })).toMatchObject({ kind: 'taken' });
  expect(listed).toContain('legacy');
  expect(listed).not.toContain('late');
  expect(await clusters.remove('late')).toBe(true);
});

describe('load that is old', () => {
  it('is not planned on', async () => {
    const before = await cluster.control.recommendations.decisions(1, 'legacy');
    aheadMs += 60 * MINUTE_MS;
    await tick();
    expect(await cluster.control.recommendations.decisions(1, 'legacy')).toEqual(before);
    for (const name of ['large', 'untold'])
      expect(await cluster.control.recommendations.list({ cluster: name, limit: 9 })).toMatchObject([
        { state: 'expired', result: 'Nobody decided in time' },
      ]);
  });

  it('goes with its cluster', async () => {
    const legacy = await find();
    expect(await forgetCluster(cluster.control, legacy)).toBe(true);
    expect(await cluster.control.telemetry.sources(streamIdOf(legacy))).toEqual([]);
  });
});
