/** What an edge fetches before anybody asks, on real Redis hosts. */
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { EdgeFixture, knownToken } from '../reading/edge.fixture.ts';

const EVENTS = 4_000;
const LIMIT = 100;
const PATIENCE = { timeout: 10_000, interval: 50 };

let edge: EdgeFixture;
let streams = 0;
let stream: string;

beforeAll(async () => {
  edge = await EdgeFixture.start(2);
  edge.tokens.push(knownToken('operator', 'operator', ['metrics', 'admin']));
  await edge.createStream({ name: 'main', shardCount: 1 });
});
afterAll(() => edge?.stop());

async function newStream(events: number): Promise<void> {
  stream = `p${++streams}`;
  await edge.createStream({ name: stream, shardCount: 1 });
  for (let from = 0; from < events; from += 1_000)
    await edge.post(
      `/v1/streams/${stream}/events`,
      Array.from({ length: 1_000 }, (_, i) => ({
        ...{ specversion: '1.0', id: String(from + i), source: '/ahead', type: 'read' },
        ...{ subject: `key-${i % 20}`, data: 'x'.repeat(100) },
      })),
    );
}

async function post(path: string, body: object) {
  const headers = { 'content-type': 'application/json' };
  const reply = await edge.fetch(`/v1/groups${path}`, {
    method: 'POST',
    headers,
    body: JSON.stringify(body),
  });
  expect(reply.status).toBeLessThan(300);
  return reply.status === 204 ? undefined : reply.json();
}

async function report() {
  const headers = { authorization: 'Bearer operator' };
  const reply = await edge.fetch('/v1/anticipation/prefetching', { headers });
  return (await reply.json()).edges[0];
}

async function metric(name: string): Promise<number> {
  const headers = { authorization: 'Bearer operator' };
  const text = await (await edge.fetch('/metrics', { headers })).text();
  return Number(
    text
      .split('\n')
      .find((line) => line.startsWith(`${name} `))
      ?.split(' ')[1],
  );
}
const bytes = (what: string, source: string) =>
  metric(`foreshard_edge_prefetch_${what}_bytes_total{source="${source}"}`);

it('reads ahead of a member, so that hosts are asked for segments and not for each poll', async () => {
  await newStream(EVENTS);
  await post('', { name: stream, stream });
  const misses = () => metric('foreshard_edge_cache_reads_total{result="miss"}');
  let before = Number.NaN;
  const ids = new Set<string>();
  while (ids.size < EVENTS) {
    const { batches } = await post(`/${stream}/poll`, { member: 'm', limit: LIMIT, wait: 1_000 });
    const positions = [];
    for (const { shardlet, epoch, assignment, through: seq, events } of batches) {
      for (const { event } of events) ids.add(event.id);
      positions.push({ shardlet, epoch, assignment, seq });
    }
    if (Number.isNaN(before)) before = await misses();
    if (positions.length > 0) await post(`/${stream}/commit`, { member: 'm', positions });
  }
  // 39 polls, of some reads each
  expect((await misses()) - before).toBeLessThan(20);
  expect(await bytes('used', 'readAhead')).toBeGreaterThan(0);
});

it('fetches the history of a key that the map expects, and says that it was a hit', async () => {
  await newStream(2_000);
  const history = async (key: string) =>
    (await edge.get(`/v1/streams/${stream}/keys/${key}/events?limit=1000`)).body;
  const first = await history('key-3');
  expect([first.events.length, first.cache]).toEqual([100, 'miss']);
  const shardlet = edge.leaves(stream)[0]!.id;
  const soon = { expectedAtMs: Date.now() + 9_000 };
  const other = edge.leaves('p1')[0]!.id;
  edge.expectations = {
    threshold: 0.5,
    keys: [
      { ...soon, key: 'key-4', shardlet, probability: 0.9 },
      { ...soon, key: 'key-5', shardlet: other, probability: 0.4 },
    ],
  };
  await vi.waitFor(async () => expect(await bytes('fetched', 'map')).toBeGreaterThan(400_000), PATIENCE);
  await vi.waitFor(async () => expect((await history('key-4')).cache).toBe('hit'), PATIENCE);
  expect((await history('key-4')).events.length).toBe(100);
  expect(await bytes('used', 'map')).toBe(await bytes('fetched', 'map'));
  await vi.waitFor(async () => expect((await report()).sources.map.uses).toBeGreaterThan(0), PATIENCE);
  const { standing, whatIf } = await report();
  expect(standing).toBe('trial');
  expect(whatIf.find((row: { threshold: number }) => row.threshold === 0.5).hits).toBeGreaterThan(0);
});
