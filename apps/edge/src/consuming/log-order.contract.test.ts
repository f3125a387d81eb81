/** A group in the order of the log, over HTTP, on two real Redis hosts, with appends under way. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { EdgeFixture, type Reply } from '../reading/edge.fixture.ts';

let edge: EdgeFixture;
beforeAll(async () => {
  edge = await EdgeFixture.start(2);
});
afterAll(() => edge?.stop());

const EVENTS = 400;
const APPENDS = 40;

interface Run {
  readonly shardlet: number;
  readonly assignment: number;
  readonly epoch: number;
  readonly through: number;
  readonly events: readonly {
    readonly ts: number;
    readonly seq: number;
    readonly event: { readonly id: string };
  }[];
}

async function call(path: string, body: object): Promise<Reply> {
  const headers = { 'content-type': 'application/json' };
  const response = await edge.fetch(path, { method: 'POST', headers, body: JSON.stringify(body) });
  return { status: response.status, body: JSON.parse(await response.text()) };
}

async function append(stream: string): Promise<void> {
  const each = EVENTS / APPENDS;
  for (let from = 0; from < EVENTS; from += each) {
    const events = Array.from({ length: each }, (_, i) => ({
      ...{ specversion: '1.0', type: 'ordered', source: '/order' },
      ...{ id: String(from + i), subject: `key-${from + i}` },
    }));
    await edge.post(`/v1/streams/${stream}/events`, events);
  }
}

it('gives a member what hosts take meanwhile, merged by time, and shows the order', async () => {
  await edge.createStream({ name: 'ordered', shardCount: 4 });
  expect(new Set(edge.leaves('ordered').map(({ owner }) => owner)).size).toBe(2);
  const created = await call('/v1/groups', { name: 'g', stream: 'ordered', order: 'log' });
  expect([created.status, created.body.order]).toEqual([201, 'log']);
  expect((await edge.get('/v1/groups/g')).body.order).toBe('log');
  const appending = append('ordered');
  const got: (readonly [number, number, number])[] = [];
  const ids = new Set<string>();
  for (let polls = 0; polls < 200 && ids.size < EVENTS; polls++) {
    const { body } = await call('/v1/groups/g/poll', { member: 'a', limit: 30, wait: 1_000 });
    expect(body.order).toBe('log');
    const runs = body.batches as Run[];
    for (const { shardlet, events } of runs)
      for (const { ts, seq, event } of events) {
        got.push([ts, shardlet, seq]);
        ids.add(event.id);
      }
    const positions = runs.map(({ shardlet, assignment, epoch, through: seq }) => ({
      ...{ shardlet, assignment, epoch, seq },
    }));
    if (positions.length === 0) continue;
    const committed = await call('/v1/groups/g/commit', { member: 'a', positions });
    expect(committed.status).toBe(200);
  }
  await appending;
  const sorted = [...got].sort((x, y) => x[0] - y[0] || x[1] - y[1] || x[2] - y[2]);
  expect(got).toEqual(sorted);
  expect([got.length, ids.size]).toEqual([EVENTS, EVENTS]);
  expect(new Set(got.map(([, shardlet]) => shardlet)).size).toBe(4);
});
