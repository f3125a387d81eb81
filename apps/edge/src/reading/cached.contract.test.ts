/** What the shard cache of an edge saves, and that nobody sees it, on real Redis hosts. */
import { setTimeout as sleep } from 'node:timers/promises';
import { range } from '@foreshard/core/keyspace';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { CACHE_BYTES, EdgeFixture, knownToken } from './edge.fixture.ts';

let edge: EdgeFixture;
let streams = 0;
let stream: string;
let sent = 0;

beforeAll(async () => {
  edge = await EdgeFixture.start(2);
  edge.tokens.push(knownToken('operator', 'operator', ['metrics', 'admin']));
  await edge.createStream({ name: 'main', shardCount: 1 });
});
afterAll(() => edge?.stop());

beforeEach(async () => {
  stream = `s${++streams}`;
  sent = 0;
  await edge.createStream({ name: stream, shardCount: 4 });
});

const PAYLOAD = 'x'.repeat(500);

async function send(count: number): Promise<void> {
  for (let done = 0; done < count; done += 1_000) {
    const events = Array.from({ length: Math.min(1_000, count - done) }, () => ({
      ...{ specversion: '1.0', id: String(sent), source: '/cached', type: 'read' },
      ...{ subject: `key-${sent++ % 20}`, data: PAYLOAD },
    }));
    expect((await edge.post(`/v1/streams/${stream}/events`, events)).status).toBe(200);
  }
}

interface Placed {
  readonly shardlet: number;
  readonly seq: number;
  readonly event: { readonly id: string };
}

/** Page after page: a page of its own reader each, so that none goes on with what another holds ready. */
async function readLog(limit = 100): Promise<readonly Placed[]> {
  const all: Placed[] = [];
  for (let from = 'oldest'; ; ) {
    const { body } = await edge.get(`/v1/streams/${stream}/log?from=${from}&limit=${limit}`);
    all.push(...body.events);
    if (body.events.length === 0 && body.atHead) return all;
    from = body.next;
  }
}

async function readKey(key: number): Promise<readonly Placed[]> {
  const { body } = await edge.get(`/v1/streams/${stream}/keys/key-${key}/events?limit=1000`);
  return body.events;
}

async function readShardlet(id: number, from = 1): Promise<readonly Placed[]> {
  const { status, body } = await edge.get(`/v1/shardlets/${id}/events?from=${from}&limit=5000`);
  return status === 410 ? readShardlet(id, body.firstSeq) : body.events;
}

/** The same from the host itself. */
async function heldByHosts(): Promise<string[]> {
  const held: string[] = [];
  for (const { id, owner } of edge.leaves(stream)) {
    const host = await edge.host(owner);
    const { lastSeq, firstSeq } = (await host.describe(id)) as { lastSeq: number; firstSeq: number };
    for (let seq = firstSeq; seq <= lastSeq; seq++) held.push(`${id}/${seq}`);
  }
  return held.sort();
}

const placesOf = (events: readonly Placed[]) => events.map((e) => `${e.shardlet}/${e.seq}`).sort();
const idsOf = (events: readonly Placed[]) => events.map((e) => Number(e.event.id)).sort((a, b) => a - b);
const upTo = (count: number) => Array.from({ length: count }, (_, i) => i);

/** Reads that gave records: a question for the end looks at none. */
async function readsAtHosts(): Promise<number> {
  let reads = 0;
  for (const { url } of edge.servers) {
    const redis = new Redis(url);
    reads += Number(/cmdstat_xrange:calls=(\d+)/.exec(await redis.info('commandstats'))?.[1] ?? 0);
    redis.disconnect();
  }
  return reads;
}

async function stats() {
  const headers = { authorization: 'Bearer operator' };
  const text = await (await edge.fetch('/metrics', { headers })).text();
  const lines = text.split('\n').map((line) => line.split(' '));
  const value = (name: string) =>
    Number(lines.find(([of]) => of === `foreshard_edge_cache_${name}`)?.[1] ?? Number.NaN);
  return { hits: value('reads_total{result="hit"}'), bytes: value('bytes') };
}

it('asks the hosts once for what many read', async () => {
  await send(3_000);
  expect(idsOf(await readLog())).toEqual(upTo(3_000));
  const before = await readsAtHosts();
  const keys = await Promise.all(upTo(20).map(readKey));
  expect(idsOf(keys.flat())).toEqual(upTo(3_000));
  const shardlets = await Promise.all(edge.leaves(stream).map(({ id }) => readShardlet(id)));
  expect(idsOf(shardlets.flat())).toEqual(upTo(3_000));
  const withCache = (await readsAtHosts()) - before;
  // 48 without the cache
  expect(withCache).toBeLessThan(10);
});

it('shows everything that was acknowledged, while more is appended', async () => {
  for (let round = 0; round < 10; round++) {
    await send(50);
    expect(idsOf(await readLog(1_000))).toEqual(upTo(sent));
    expect(idsOf((await Promise.all(edge.leaves(stream).map(({ id }) => readShardlet(id)))).flat())).toEqual(
      upTo(sent),
    );
    expect((await readKey(7)).length).toBe(Math.ceil((sent - 7) / 20));
  }
});

/** All of a stream, poll after poll, committed as it comes. */
async function consume(group: string, count: number): Promise<number[]> {
  const post = async (path: string, body: object) => {
    const headers = { 'content-type': 'application/json' };
    const init = { method: 'POST', headers, body: JSON.stringify(body) };
    const reply = await edge.fetch(`/v1/groups${path}`, init);
    expect(reply.status).toBeLessThan(300);
    return reply.json();
  };
  await post('', { name: group, stream });
  const ids: number[] = [];
  while (ids.length < count) {
    const { batches } = await post(`/${group}/poll`, { member: 'm', limit: 100, wait: 1_000 });
    const positions = batches.map((b: { through: number }) => ({ ...b, seq: b.through, events: undefined }));
    for (const { events } of batches) ids.push(...idsOf(events));
    if (batches.length > 0)
      await post(`/${group}/commit`, { member: 'm', positions: positions.map(positionOf) });
  }
  return ids.sort((a, b) => a - b);
}

const positionOf = ({ shardlet, seq, epoch, assignment }: Record<string, number>) => ({
  ...{ shardlet, seq, epoch, assignment },
});

it('asks the hosts for ten groups hardly more often than for one', async () => {
  await send(2_000);
  const start = await readsAtHosts();
  expect(await consume(`${stream}-alone`, 2_000)).toEqual(upTo(2_000));
  const one = (await readsAtHosts()) - start;
  stream = `${stream}-ten`;
  sent = 0;
  await edge.createStream({ name: stream, shardCount: 4 });
  await send(2_000);
  const before = await readsAtHosts();
  const all = await Promise.all(upTo(10).map((i) => consume(`${stream}-${i}`, 2_000)));
  const ten = (await readsAtHosts()) - before;
  for (const ids of all) expect(ids).toEqual(upTo(2_000));
  expect(ten).toBeLessThanOrEqual(1.5 * one);
});

it('goes through splits', async () => {
  await send(500);
  await readLog();
  const parent = edge.leaves(stream)[0]!;
  const { from, to } = parent.range;
  const middle = { hi: Math.floor((from.hi + to.hi) / 2), lo: 0 };
  await edge.restructure([parent], [range(from, middle), range(middle, to)]);
  await send(500);
  expect(idsOf(await readLog())).toEqual(upTo(1_000));
  const keys = await Promise.all(upTo(20).map(readKey));
  expect(idsOf(keys.flat())).toEqual(upTo(1_000));
});

it('never gives out what was lost, and all that was stored instead', async () => {
  await send(200);
  await readLog();
  const restore = await edge.remember(2);
  await send(200);
  expect((await readLog()).length).toBe(400);
  await restore();
  const lost = await edge.acceptLoss(stream, 2);
  expect(lost.size).toBeGreaterThan(0);
  await send(100);
  for (let i = 0; i < 2; i++) {
    const held = await heldByHosts();
    expect(placesOf(await readLog())).toEqual(held);
    const shardlets = await Promise.all(edge.leaves(stream).map(({ id }) => readShardlet(id)));
    expect(placesOf(shardlets.flat())).toEqual(held);
    expect(idsOf(shardlets.flat())).toEqual(idsOf(await readLog()));
  }
});

it('gives out nothing of a host that went back and was not examined, two seconds later', async () => {
  await send(200);
  const restore = await edge.remember(2);
  await send(200);
  const before = await readLog();
  const at2 = edge.leaves(stream).filter(({ owner }) => owner === 2);
  await restore();
  await sleep(2_100);
  for (const { id } of at2) {
    const { status, body } = await edge.get(`/v1/shardlets/${id}/events?from=1&limit=5000`);
    const known = before.filter((e) => e.shardlet === id);
    const isOlder = status === 200 && body.events.length < known.length;
    expect(isOlder || status === 503, `${status}`).toBe(true);
  }
  await edge.acceptLoss(stream, 2);
});

it('stays within its budget, and reports it', async () => {
  await send(20_000);
  await readLog(5_000);
  await sleep(100);
  const { bytes, hits } = await stats();
  expect(bytes).toBeLessThanOrEqual(CACHE_BYTES);
  expect(bytes).toBeGreaterThan(CACHE_BYTES / 2);
  expect(hits).toBeGreaterThan(0);
  const { body } = await edge
    .fetch('/v1/cache', { headers: { authorization: 'Bearer operator' } })
    .then(async (reply) => ({ body: await reply.json() }));
  expect(body.caches).toMatchObject([{ process: 'edge-test', bytesMax: CACHE_BYTES }]);
});
