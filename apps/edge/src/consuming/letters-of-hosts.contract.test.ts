/** Dead letters over HTTP, on a real Redis host: who read the event of one, and what is answered while the host is away. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { EdgeFixture } from '../reading/edge.fixture.ts';

let edge: EdgeFixture;
let held: { shardlet: number; assignment: number };

beforeAll(async () => {
  edge = await EdgeFixture.start(1);
  // as a worker opens them
  for (const name of ['orders', 'dead--g']) await edge.createStream({ name, shardCount: 1 });
  const events = ['a', 'b'].map((subject, i) => ({
    ...{ specversion: '1.0', type: 'order', source: '/shop', id: String(i), subject },
    data: { card: `canary-${i}` },
  }));
  await edge.post('/v1/streams/orders/events', events);
  await ask('POST', '/v1/groups', { name: 'g', stream: 'orders' });
  const polled = await ask('POST', '/v1/groups/g/poll', { member: 'm' });
  held = (await polled.json()).batches[0];
});
afterAll(() => edge?.stop());

function ask(method: string, path: string, body?: object): Promise<Response> {
  return edge.fetch(path, {
    method,
    ...(body === undefined
      ? {}
      : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
  });
}

const report = (seq: number) => {
  const { shardlet, assignment } = held;
  const why = { reason: 'no tax rate', attempts: 5 };
  return ask('POST', '/v1/groups/g/dead-letters', { member: 'm', shardlet, assignment, seq, ...why });
};

it('whoever is shown the event of a letter has a row of the audit log, without the event', async () => {
  const { letter } = await (await report(1)).json();
  const before = edge.audit.rows.length;
  await ask('GET', '/v1/groups/g/dead-letters');
  expect(edge.audit.rows).toHaveLength(before);
  const shown = await ask('GET', `/v1/groups/g/dead-letters/${letter}`);
  expect(await shown.text()).toContain('canary-0');
  expect(edge.audit.rows.slice(before)).toMatchObject([
    {
      row: 'done',
      entry: {
        ...{ operation: 'deadLetters.show', resource: 'consumer group', target: 'g', input: { letter } },
        ...{ principal: { kind: 'token' }, origin: { surface: 'edge' } },
      },
    },
  ]);
  expect(JSON.stringify(edge.audit.rows)).not.toContain('canary');
});

it('the longer a host is away, the later a member is told to come back', async () => {
  const host = edge.servers[0]!;
  await host.kill('SIGSTOP');
  try {
    const first = await report(2);
    expect([first.status, first.headers.get('retry-after')]).toEqual([503, '1']);
    await sleep(4_000);
    const later = await report(2);
    expect(await later.json()).toMatchObject({ code: 'host_unreachable' });
    expect(Number(later.headers.get('retry-after'))).toBeGreaterThan(1);
  } finally {
    await host.kill('SIGCONT');
  }
  await expect.poll(async () => (await report(2)).status).toBe(200);
});
