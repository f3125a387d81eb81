/** From what waits and what is wrong to a signed message at a real receiver, once. */

import { randomUUID } from 'node:crypto';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { AddressGuard, GuardedWebhookSender, newSecret } from '@foreshard/core/adapters/webhooks';
import { OWN_CLUSTER } from '@foreshard/core/advising';
import {
  addTarget,
  type NotificationOperator,
  redeliver,
  targetRequestSchema,
  testTarget,
} from '@foreshard/core/notifying';
import { policySchema } from '@foreshard/core/planning';
import { HOST_USAGE_KEY } from '@foreshard/core/telemetry';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { createMetrics } from '../process/metrics.ts';
import { RealCluster, silent } from '../testing/real-cluster.ts';
import { recordPlan } from '../testing/recorded-plan.ts';
import { notifyingJobs } from './index.ts';

let cluster: RealCluster;
let server: Server;
let url: string;
/** what the receiver answers */
let status = 204;
let inbox: { path: string; headers: IncomingHttpHeaders; body: string }[] = [];
let aheadMs = 0;
const nowMs = () => Date.now() + aheadMs;
const guard = new AddressGuard(['127.0.0.0/8']);

beforeAll(async () => {
  cluster = await RealCluster.start(inject('postgresUrl'), 1);
  server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    inbox.push({ path: request.url!, headers: request.headers, body });
    response.writeHead(status).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const { policies } = cluster.control;
  const made = {
    policy: policySchema.parse({ mode: 'ask' }),
    actor: 'ann',
    note: '',
    createdMs: 0,
    effectiveMs: 0,
  };
  await policies.add({ from: 0, ...made });
}, 60_000);
afterAll(async () => {
  await new Promise((resolve) => server.close(resolve));
  await cluster.stop();
});

async function tick(seconds = 0): Promise<typeof inbox> {
  aheadMs += seconds * 1_000;
  inbox = [];
  const jobs = notifyingJobs({
    ...cluster.control,
    follower: cluster.follower,
    metrics: createMetrics(),
    sender: new GuardedWebhookSender(guard, nowMs),
    consoleUrl: undefined,
    newId: randomUUID,
    random: () => 0,
    log: silent,
    nowMs,
  });
  await jobs.notify({}, new AbortController().signal);
  return inbox;
}

function operator(networks = guard): NotificationOperator {
  return {
    store: cluster.control.notifications,
    sender: new GuardedWebhookSender(networks, nowMs),
    ...{ newSecret, newId: randomUUID, wake: async () => {}, nowMs, actor: 'ann', consoleUrl: undefined },
  };
}

const requestFor = (name: string, change: object = {}) =>
  targetRequestSchema.parse({ name, url: `${url}/${name}`, ...change });

/** As the planner records it. */
const recommend = (shardlet: string, destination: string) =>
  recordPlan(cluster, { action: 'move', shardlets: [shardlet], source: '1', destination }, nowMs());

const subjects = (body: string) =>
  JSON.parse(body).data.notices.map(({ subject }: { subject: string }) =>
    subject.replace(/\d+(?=:\d+$)/, 'N'),
  );

describe('a target', () => {
  it('at a private address is refused where its network is not allowed', async () => {
    expect(await addTarget(operator(new AddressGuard([])), requestFor('inside'))).toMatchObject({
      kind: 'refused',
      detail: expect.stringContaining('FORESHARD_PRIVATE_NETWORKS'),
    });
  });

  it('gets its secret once, and its name is taken then', async () => {
    expect(await addTarget(operator(), requestFor('ops'))).toMatchObject({
      kind: 'added',
      secret: expect.stringMatching(/^whsec_/),
    });
    expect(await addTarget(operator(), requestFor('ops'))).toEqual({ kind: 'exists' });
  });

  it('is tested by a message that is sent as every other', async () => {
    const id = (await testTarget(operator(), 'ops'))!;
    const [message] = await tick();
    expect(JSON.parse(message!.body)).toMatchObject({ type: 'foreshard.test' });
    expect(message!.headers['webhook-id']).toBe(id);
    expect(await cluster.control.notifications.delivery(id)).toMatchObject({
      state: 'delivered',
      attempts: [{ status: 204 }],
    });
  });
});

describe('a recommendation', () => {
  it('is told once per revision', async () => {
    await recommend('7', '2');
    const [message] = await tick(60);
    expect(subjects(message!.body)).toEqual([expect.stringMatching(/^recommendation:N:1$/)]);
    await recommend('7', '2');
    expect(await tick(60)).toEqual([]);
    await recommend('7', '3');
    const [next] = await tick(60);
    expect(subjects(next!.body)).toEqual([expect.stringMatching(/^recommendation:N:2$/)]);
  });

  it('waits while the target pauses, and then comes with all else in one message', async () => {
    await recommend('8', '2');
    expect(await tick(1)).toEqual([]);
    const { recommendations } = cluster.control;
    const [open] = await recommendations.list({ cluster: OWN_CLUSTER, states: ['open'], limit: 1 });
    await recommendations.approve(open!.id, {
      ...{ revision: 1, topologyVersion: 1, actor: 'ann', note: '', atMs: nowMs(), notBeforeMs: null },
    });
    await recommendations.end(open!.id, 'failed', 'host 2 is gone', nowMs());
    await recommend('9', '2');
    const messages = await tick(60);
    expect(messages).toHaveLength(1);
    const notices = JSON.parse(messages[0]!.body).data.notices;
    expect(notices.map(({ kind }: { kind: string }) => kind)).toEqual([
      'recommendation.failed',
      'recommendation.waiting',
    ]);
    expect(notices[0].text).toBe('Host 2 is gone.');
  });

  it('is told to a new target as well, but not what failed before it was there', async () => {
    await addTarget(operator(), requestFor('late'));
    const messages = await tick(60);
    expect(messages.map(({ path }) => path)).toEqual(['/late']);
    expect(JSON.parse(messages[0]!.body).data).toMatchObject({ count: 1 });
  });

  it('is not told to a target that did not ask for it', async () => {
    await addTarget(operator(), requestFor('quiet', { kinds: ['move.failed'] }));
    await recommend('10', '2');
    expect((await tick(60)).map(({ path }) => path).sort()).toEqual(['/late', '/ops']);
  });
});

describe('an alarm', () => {
  async function host(reachable: boolean): Promise<void> {
    const { id } = cluster.map.hosts()[0]!;
    const report = { measuredAtMs: 0, reachable, reason: 'connection refused', incarnationKnown: true };
    await cluster.control.redis.hset(HOST_USAGE_KEY, String(id), JSON.stringify(report));
  }

  it('is told when it lasts, once however it blinks, and when it is over', async () => {
    await host(false);
    expect(await tick(60)).toEqual([]);
    expect((await tick(60)).map(({ path }) => path).sort()).toEqual(['/late', '/ops']);
    await host(true);
    expect(await tick(10)).toEqual([]);
    await host(false);
    expect(await tick(5)).toEqual([]);
    expect(await tick(60)).toEqual([]);
    await host(true);
    expect(await tick(30)).toEqual([]);
    const over = await tick(60);
    expect(over.map(({ body }) => JSON.parse(body).data.notices[0].title)).toEqual([
      expect.stringMatching(/^Over: Host/),
      expect.stringMatching(/^Over: Host/),
    ]);
    expect(await tick(60)).toEqual([]);
  });
});

describe('a message that is not taken', () => {
  it('comes again under its id until it is, and is in the log with every attempt', async () => {
    status = 500;
    const id = (await testTarget(operator(), 'ops'))!;
    expect(await tick()).toHaveLength(1);
    expect(await tick(1)).toEqual([]);
    status = 200;
    const [again] = await tick(5);
    expect(again!.headers['webhook-id']).toBe(id);
    const { state, attempts } = (await cluster.control.notifications.delivery(id))!;
    expect({ state, answers: attempts.map((one) => one.status) }).toEqual({
      state: 'delivered',
      answers: [500, 200],
    });
  });

  it('can be sent again by hand', async () => {
    const [newest] = await cluster.control.notifications.deliveries({ target: 'ops', limit: 1 });
    expect(await redeliver(operator(), newest!.id)).toBe(true);
    expect((await tick()).map(({ headers }) => headers['webhook-id'])).toEqual([newest!.id]);
    expect(await redeliver(operator(), 'msg_none')).toBe(false);
  });

  it('is sent by one of several workers', async () => {
    await testTarget(operator(), 'ops');
    const { notifications } = cluster.control;
    const claims = await Promise.all([1, 2, 3].map(() => notifications.claim(nowMs(), 60_000, 20)));
    expect(claims.flat()).toHaveLength(1);
  });

  it('waits while its target is off, and goes with it', async () => {
    const { notifications } = cluster.control;
    await notifications.change('late', { enabled: false });
    await testTarget(operator(), 'late');
    expect(await tick()).toEqual([]);
    await notifications.remove('late');
    expect(await notifications.deliveries({ target: 'late', limit: 9 })).toEqual([]);
  });
});
