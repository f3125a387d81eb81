/** What readers are told of hosts that went back to an older state, on real Redis hosts. */
import { setTimeout as sleep } from 'node:timers/promises';
import { hashKey, overlaps, range } from '@foreshard/core/keyspace';
import { reading } from '@foreshard/core/operations';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { readCursor, writeCursor } from './cursor-text.ts';
import { EdgeFixture } from './edge.fixture.ts';

let edge: EdgeFixture;
let streams = 0;
let stream: string;
let path: string;

beforeAll(async () => {
  edge = await EdgeFixture.start(2);
  await edge.createStream({ name: 'main', shardCount: 1 });
});
afterAll(() => edge?.stop());

beforeEach(async () => {
  stream = `s${++streams}`;
  path = `/v1/streams/${stream}/log`;
  await edge.createStream({ name: stream, shardCount: 4 });
});

interface Placed {
  readonly shardlet: number;
  readonly seq: number;
  readonly event: { readonly id: string };
}

async function send(from: number, count: number): Promise<void> {
  const events = Array.from({ length: count }, (_, i) => ({
    ...{ specversion: '1.0', id: String(from + i), source: '/loss', type: 'read' },
    subject: `key-${(from + i) % 20}`,
  }));
  await edge.post(`/v1/streams/${stream}/events`, events);
}

const idsOf = (events: readonly Placed[]) => events.map((e) => Number(e.event.id)).sort((a, b) => a - b);
const from = (start: number, count: number) => Array.from({ length: count }, (_, i) => start + i);

/** 100 events of which host 2 loses those above 50, and that are read by then. */
async function loseRead(): Promise<{ next: string; key: number; keyNext: string }> {
  await send(0, 50);
  expect((await edge.get(path)).body.events.length).toBe(50);
  const restore = await edge.remember(2);
  await send(50, 50);
  const { body } = await edge.get(path);
  expect(body.events.length).toBe(100);
  const key = idsOf(body.events.filter(isOnHost2))[0]! % 20;
  const ofKey = (await edge.get(keyPath(key))).body;
  // what followers share has come as far
  await edge.get(`${path}?from=${body.next}`);
  await restore();
  return { next: body.next, key, keyNext: ofKey.next };
}

const keyPath = (key: number) => `/v1/streams/${stream}/keys/key-${key}/events`;

function isOnHost2({ shardlet }: Placed): boolean {
  return edge.leaves(stream).find((s) => s.id === shardlet)!.owner === 2;
}

const lossesOf = (lost: ReadonlyMap<number, number>) =>
  [...lost].map(([shardlet, seq]) => ({ stream, shardlet, seq }));

/** The events of a stream of server-sent events, as they come. */
async function follow(at: string, lastId?: string) {
  const end = new AbortController();
  const headers = { accept: 'text/event-stream', ...(lastId ? { 'last-event-id': lastId } : {}) };
  const response = await edge.fetch(at, { headers, signal: end.signal });
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  const seen: { event: string; id: string | undefined; data: string }[] = [];
  const reading = (async () => {
    let text = '';
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      text += value;
      const whole = text.split('\n\n');
      text = whole.pop()!;
      for (const block of whole) {
        const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(block)?.[1];
        if (field('data') !== undefined)
          seen.push({ event: field('event') ?? 'message', id: field('id'), data: field('data')! });
      }
    }
  })().catch(() => {});
  const close = async () => {
    end.abort();
    await reading;
  };
  const messages = () =>
    seen.filter(({ event }) => event === 'message').map(({ data }) => JSON.parse(data) as Placed);
  return { seen, messages, close };
}

describe('a reader of pages', () => {
  it('that comes back after a loss is told once, and gets all that was stored since', async () => {
    const { next } = await loseRead();
    const lost = await edge.acceptLoss(stream, 2);
    await send(200, 40);
    const page = (await edge.get(`${path}?from=${next}`)).body;
    expect(reading.log.output.parse(page).lost).toEqual(lossesOf(lost));
    expect(idsOf(page.events)).toEqual(from(200, 40));
    const after = (await edge.get(`${path}?from=${page.next}`)).body;
    expect([after.events, after.lost]).toEqual([[], undefined]);
  });

  it('is told by every edge with an old cursor, and by none with a new one', async () => {
    const { next } = await loseRead();
    const lost = await edge.acceptLoss(stream, 2);
    const page = (await edge.get(`${path}?from=${next}`)).body;
    await edge.restartEdge();
    expect((await edge.get(`${path}?from=${page.next}`)).body.lost).toBeUndefined();
    expect((await edge.get(`${path}?from=${next}`)).body.lost).toEqual(lossesOf(lost));
    for (const from of ['oldest', 'now', '2020-01-01T00:00:00Z'])
      expect((await edge.get(`${path}?from=${from}`)).body.lost).toBeUndefined();
  });

  it('with a cursor from before there were versions is told too', async () => {
    const { next } = await loseRead();
    const [id, , ...place] = readCursor([3], next).numbers;
    const old = writeCursor(1, [id!, ...place]);
    expect((await edge.get(`${path}?from=${old}`)).status).toBe(200);
    const lost = await edge.acceptLoss(stream, 2);
    await send(200, 40);
    const page = (await edge.get(`${path}?from=${old}`)).body;
    expect(page.lost).toEqual(lossesOf(lost));
    expect(idsOf(page.events)).toEqual(from(200, 40));
  });

  it('that waits is told at once', async () => {
    const { next } = await loseRead();
    const head = (await edge.get(`${path}?from=${next}`)).body;
    const waiting = edge.get(`${path}?from=${head.next}&wait=20000`);
    await sleep(300);
    const lost = await edge.acceptLoss(stream, 2);
    expect((await waiting).body.lost).toEqual(lossesOf(lost));
  }, 15_000);

  it('of one key is told of the shardlets of that key only', async () => {
    const { key, keyNext } = await loseRead();
    const lost = await edge.acceptLoss(stream, 2);
    await send(200, 40);
    const page = (await edge.get(`${keyPath(key)}?from=${keyNext}`)).body;
    const shardlets = new Set((page.events as Placed[]).map((e) => e.shardlet));
    expect(reading.key.output.parse(page).lost).toEqual(
      lossesOf(lost).filter((l) => shardlets.has(l.shardlet)),
    );
    expect(idsOf(page.events)).toEqual([200 + key, 220 + key]);
    expect((await edge.get(`${keyPath(key)}?from=${page.next}`)).body.lost).toBeUndefined();
  });

  it('of one key gets what came back with a newer state of its host, though the parent had none of it', async () => {
    const key = 0;
    const ofKey = range({ hi: hashKey(`key-${key}`), lo: 0 }, { hi: hashKey(`key-${key}`), lo: 1 });
    const parent = edge.leaves(stream).find((leaf) => overlaps(leaf.range, ofKey))!;
    await send(key + 1, 19);
    await edge.restructure([parent], [parent.range]);
    await edge.caughtUp();
    const older = await edge.remember(parent.owner);
    await send(20, 40);
    const newer = await edge.remember(parent.owner);
    await older();
    await edge.acceptLoss(stream, parent.owner, 0);
    await send(100, 40);
    const first = (await edge.get(`${keyPath(key)}?from=oldest`)).body;
    expect([idsOf(first.events), first.atHead]).toEqual([[100, 120], true]);
    await newer();
    await edge.acceptLoss(stream, parent.owner, 0);
    const page = (await edge.get(`${keyPath(key)}?from=${first.next}`)).body;
    expect([idsOf(page.events), page.atHead]).toEqual([[20, 40], true]);
  });

  it('gets nothing that was lost from what the edge keeps for followers', async () => {
    const { next } = await loseRead();
    const behind = (await edge.get(`${path}?limit=60`)).body.next;
    // both at the head: they share a tail
    for (const at of [next, next]) await edge.get(`${path}?from=${at}`);
    const lost = await edge.acceptLoss(stream, 2);
    const page = (await edge.get(`${path}?from=${behind}`)).body;
    expect(page.lost).toEqual(lossesOf(lost));
    expect(page.events.filter(isOnHost2).every((e: Placed) => e.seq <= lost.get(e.shardlet)!)).toBe(true);
  });
});

describe('a follower', () => {
  it('is told by an event of its own kind before what follows the loss', async () => {
    await send(0, 50);
    const restore = await edge.remember(2);
    const follower = await follow(path);
    await send(50, 50);
    await expect.poll(() => follower.messages().length).toBe(100);
    await restore();
    const lost = await edge.acceptLoss(stream, 2);
    await send(200, 40);
    await expect.poll(() => follower.messages().length).toBeGreaterThanOrEqual(140);
    await follower.close();
    const notices = follower.seen.filter(({ event }) => event === 'lost');
    expect(notices.map(({ data }) => JSON.parse(data))).toEqual([{ lost: lossesOf(lost) }]);
    expect(notices[0]!.id).toBeUndefined();
    expect(idsOf(follower.messages().slice(100))).toEqual(from(200, 40));
    const at = follower.seen.indexOf(notices[0]!);
    expect(follower.seen.slice(0, at).filter(({ event }) => event === 'message')).toHaveLength(100);

    const [lastOfOld, lastOfNew] = [follower.seen[at - 1]!, follower.seen.at(-1)!];
    for (const [{ id }, expected] of [
      [lastOfOld, [{ lost: lossesOf(lost) }]],
      [lastOfNew, []],
    ] as const) {
      const again = await follow(path, id);
      await expect.poll(() => again.seen.some(({ event }) => event === 'position')).toBe(true);
      await again.close();
      expect(again.seen.filter(({ event }) => event === 'lost').map(({ data }) => JSON.parse(data))).toEqual(
        expected,
      );
    }
  });
});

describe('a host that does not have what the topology store says', () => {
  const waitsForHost2 = { atHead: false, waitingFor: [{ host: 2, name: 'h2' }] };

  it.each([
    ['knows it', async () => {}],
    ['has just started', () => edge.restartEdge()],
  ])('because it was flushed holds the log up and is named, by an edge that %s', async (_, before) => {
    await send(0, 50);
    const { body } = await edge.get(path);
    const key = idsOf(body.events.filter(isOnHost2))[0]! % 20;
    await edge.flush(2);
    await before();
    for (const at of [path, `${path}?from=${body.next}`, keyPath(key)])
      expect((await edge.get(at)).body, at).toMatchObject(waitsForHost2);
    const lost = await edge.acceptLoss(stream, 2);
    expect([...lost.values()].every((seq) => seq === 0)).toBe(true);
    await send(200, 40);
    const page = (await edge.get(`${path}?from=${body.next}`)).body;
    expect([idsOf(page.events), page.lost, page.atHead]).toEqual([from(200, 40), lossesOf(lost), true]);
    expect(page.waitingFor).toBeUndefined();
  });

  it('because it went back is named to who has read further, until the loss is accepted', async () => {
    const { next } = await loseRead();
    expect((await edge.get(`${path}?from=${next}`)).body).toMatchObject(waitsForHost2);
    await edge.acceptLoss(stream, 2);
    expect((await edge.get(`${path}?from=${next}`)).body).toMatchObject({ atHead: true });
  });

  it('is asked for everything after it went back, so that what is stored since is seen', async () => {
    const restore = await edge.remember(2);
    await send(0, 50);
    // the edge has read its changes further than the restored host has counted
    for (let i = 0; i < 5; i++) {
      await send(50 + i, 20);
      await edge.get(path);
    }
    await restore();
    const lost = await edge.acceptLoss(stream, 2);
    await send(200, 40);
    expect(lost.size).toBeGreaterThan(0);
    const { body } = await edge.get(path);
    expect(idsOf(body.events).filter((id) => id >= 200)).toEqual(from(200, 40));
  });
});
