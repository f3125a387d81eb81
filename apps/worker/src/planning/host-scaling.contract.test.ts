/** Hosts that are asked for and that are let go, for every kind of provider, on real servers. */
import type { HostProvider, RecommendationRecord } from '@foreshard/core/advising';
import type { Target } from '@foreshard/core/notifying';
import { setHostState } from '@foreshard/core/topology';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { RealCluster } from '../testing/real-cluster.ts';
import { recordPlan } from '../testing/recorded-plan.ts';
import { HostScaling } from './host-scaling.ts';

let cluster: RealCluster;
let aheadMs = 0;
const nowMs = () => Date.now() + aheadMs;

beforeAll(async () => {
  cluster = await RealCluster.start(inject('postgresUrl'), 2);
  const target: Target = {
    ...{
      name: 'provisioner',
      url: 'https://provisioner.test/',
      format: 'webhook',
      kinds: [],
      pauseSeconds: 0,
    },
    ...{ secret: 'whsec_x', enabled: true, createdMs: 0, createdBy: 'ann', quietUntilMs: 0 },
  };
  await cluster.control.notifications.add(target);
}, 60_000);
afterAll(() => cluster.stop());

function scaling(provider: HostProvider, webhook: string | undefined = 'provisioner'): HostScaling {
  const { topology, moves, notifications, hostOrders: orders } = cluster.control;
  const operator = { topology, moves, wake: async () => {}, nowMs, actor: 'ann' };
  const map = () => cluster.follower.upToDate();
  return new HostScaling({ provider, webhook, orders, notifications, operator, map, nowMs });
}

const addOne = () => recordPlan(cluster, { action: 'add-hosts', destination: 'default', hosts: 1 }, nowMs());
const removeOne = (host: number) =>
  recordPlan(cluster, { action: 'remove-host', source: String(host) }, nowMs());

/** So that the next plan makes another row. */
async function end({ id, revision, topologyVersion }: RecommendationRecord): Promise<void> {
  const { recommendations } = cluster.control;
  const approval = { revision, topologyVersion, actor: 'ann', note: '', atMs: nowMs(), notBeforeMs: null };
  await recommendations.approve(id, approval);
  await recommendations.end(id, 'failed', 'the test goes on', nowMs());
}

const newestHost = () => cluster.map.hosts().at(-1)!;
const delivery = (record: RecommendationRecord, kind: string) =>
  cluster.control.notifications.delivery(`msg_hosts_${record.id}_${kind}`);

describe('a host that is asked for', () => {
  it('is waited for where people start hosts, and done when one has joined', async () => {
    const record = await addOne();
    const people = scaling('none');
    expect(await people.start(record)).toEqual({
      kind: 'running',
      result: '0 of 1 host has joined; start one and add it with "foreshard hosts add URL"',
    });
    await cluster.addPostgresHost(inject('postgresUrl'));
    expect(await people.progress(record)).toMatchObject({
      kind: 'done',
      result: expect.stringContaining('joined'),
    });
    await end(record);
  });

  it('is told to a webhook once, under an id that stays the same', async () => {
    const record = await addOne();
    const scaler = scaling('webhook');
    expect(await scaler.start(record)).toMatchObject({ kind: 'running' });
    await scaler.start(record);
    const made = (await delivery(record, 'add'))!;
    expect(JSON.parse(made.body)).toMatchObject({
      type: 'foreshard.hosts.add',
      data: { recommendation: record.id, count: 1, zone: 'default' },
    });
    const attempt = { atMs: nowMs(), durationMs: 3, status: 202, response: 'on my way', mayPass: true };
    await cluster.control.notifications.settle({ ...made, state: 'delivered', attempts: [attempt] });
    expect((await scaler.progress(record)).result).toBe(
      '0 of 1 host has joined; provisioner has taken the request (202 on my way)',
    );
    await end(record);
  });

  it('fails where the webhook is not taken, or is not known', async () => {
    const record = await addOne();
    const scaler = scaling('webhook');
    await scaler.start(record);
    await cluster.control.notifications.settle({ ...(await delivery(record, 'add'))!, state: 'failed' });
    expect(await scaler.progress(record)).toMatchObject({
      kind: 'failed',
      result: expect.stringContaining('did not take'),
    });
    await end(record);
    const other = await addOne();
    expect(await scaling('webhook', 'nobody').start(other)).toMatchObject({
      kind: 'failed',
      result: expect.stringContaining('"nobody"'),
    });
    await end(other);
  });

  it('is an order that the provider of this machine finds, and whose failure is told', async () => {
    const record = await addOne();
    const local = scaling('local');
    expect((await local.start(record)).result).toContain('this machine is asked');
    expect(await cluster.control.hostOrders.asked('local')).toMatchObject([
      { recommendation: record.id, kind: 'add', count: 1, state: 'asked' },
    ]);
    await cluster.control.hostOrders.report(record.id, 'failed', 'the disk is full');
    expect(await local.progress(record)).toEqual({
      kind: 'failed',
      result: '0 of 1 host has joined; the disk is full',
    });
    await end(record);
  });

  it('is not waited for longer than an hour', async () => {
    const record = await addOne();
    const people = scaling('none');
    await people.start(record);
    aheadMs += 3_700_000;
    expect(await people.progress(record)).toMatchObject({ kind: 'failed' });
    await end(record);
  });
});

describe('a host that is let go', () => {
  it('is drained, leaves the topology store when it is empty, and is then ended by its provider', async () => {
    const { id, name } = newestHost();
    const record = await removeOne(id);
    const local = scaling('local');
    expect(await local.start(record)).toMatchObject({ kind: 'running' });
    await cluster.follower.upToDate();
    expect(cluster.map.host(id)).toBeUndefined();
    expect(await local.progress(record)).toMatchObject({
      kind: 'running',
      result: expect.stringContaining(name),
    });
    await cluster.control.hostOrders.report(record.id, 'done', 'its process has ended');
    expect(await local.progress(record)).toMatchObject({
      kind: 'done',
      result: `${name} is out of the cluster; its process has ended`,
    });
    await end(record);
  });

  it('with shardlets waits until they are gone, and stays when somebody takes it back', async () => {
    const { id } = newestHost();
    await cluster.createStream({ name: 'main', shardCount: 4 });
    const record = await removeOne(id);
    const people = scaling('none');
    expect(await people.start(record)).toMatchObject({
      kind: 'running',
      result: expect.stringMatching(/drains: \d+ shardlets left/),
    });
    await cluster.decide(setHostState(id, 'active'));
    expect(await people.progress(record)).toMatchObject({
      kind: 'failed',
      result: expect.stringContaining('took it back'),
    });
    expect(await cluster.control.hostOrders.find(record.id)).toMatchObject({ state: 'failed' });
    await end(record);
  });
});
