/** What readers of an edge see, over HTTP, on real Redis hosts. */
import { slices } from '@foreshard/core/keyspace';
import { markGone } from '@foreshard/core/topology';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EdgeFixture, type Reply } from './edge.fixture.ts';

let edge: EdgeFixture;
let streams = 0;

beforeAll(async () => {
  edge = await EdgeFixture.start(2);
  await edge.createStream({ name: 'main', shardCount: 8 });
});
afterAll(() => edge?.stop());

interface Placed {
  readonly stream: string;
  readonly shard: number;
  readonly shardlet: number;
  readonly seq: number;
  readonly ts: number;
  readonly late?: boolean;
  readonly event: { readonly id: string; readonly subject: string };
}

async function newStream(shardCount = 4): Promise<string> {
  const name = `s${++streams}`;
  await edge.createStream({ name, shardCount });
  return name;
}

function events(from: number, count: number, keys = 20): object[] {
  return Array.from({ length: count }, (_, i) => ({
    specversion: '1.0',
    id: String(from + i),
    source: '/reading',
    type: 'read',
    subject: `key-${(from + i) % keys}`,
    data: { n: from + i },
  }));
}

async function send(stream: string, from: number, count: number, keys?: number): Promise<void> {
  await edge.post(`/v1/streams/${stream}/events`, events(from, count, keys));
}

/** Pages until one is empty. */
async function readAll(path: string, limit: number, from?: string): Promise<{ all: Placed[]; next: string }> {
  const all: Placed[] = [];
  for (let next = from, pages = 0; pages < 1_000; pages++) {
    const at: string = next === undefined ? '' : `&from=${next}`;
    const { status, body } = await edge.get(`${path}?limit=${limit}${at}`);
    expect(status).toBe(200);
    all.push(...body.events);
    if (body.events.length === 0 || body.next === null) return { all, next: body.next };
    next = body.next;
  }
  throw new Error('no end');
}

function isInOrder(all: readonly Placed[]): boolean {
  return all.every((e, i) => {
    const before = all[i - 1];
    return before === undefined || before.ts < e.ts || (before.ts === e.ts && before.shardlet < e.shardlet);
  });
}

function idsOf(all: readonly Placed[]): number[] {
  return all.map((e) => Number(e.event.id)).sort((a, b) => a - b);
}

function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i);
}

describe('the log', () => {
  it('has every acknowledged event at once, once and in order, whatever the size of the pages', async () => {
    const stream = await newStream();
    await send(stream, 0, 700);
    for (const limit of [10_000, 33]) {
      const { all } = await readAll(`/v1/streams/${stream}/log`, limit);
      expect(idsOf(all)).toEqual(upTo(700));
      expect(isInOrder(all)).toBe(true);
      expect(all[0]).toMatchObject({ stream, event: { type: 'read', source: '/reading' } });
    }
  });

  it('shows an event in the first page after its acknowledgement', async () => {
    const stream = await newStream();
    for (let i = 0; i < 10; i++) {
      await send(stream, i, 1);
      const { body } = await edge.get(`/v1/streams/${stream}/log`);
      expect(idsOf(body.events)).toEqual(upTo(i + 1));
    }
  });

  it('begins at a time, the whole log and a key alike', async () => {
    const stream = await newStream();
    await send(stream, 0, 10, 1);
    const { all: before } = await readAll(`/v1/streams/${stream}/log`, 100);
    await send(stream, 10, 10, 1);
    const { all } = await readAll(`/v1/streams/${stream}/log`, 100);
    const { ts } = all[before.length]!;
    const from = `${new Date(Math.floor(ts / 1_000)).toISOString().slice(0, 19)}.${String(ts % 1_000_000).padStart(6, '0')}Z`;
    for (const path of [`/v1/streams/${stream}/log`, `/v1/streams/${stream}/keys/key-0/events`])
      expect(idsOf((await readAll(path, 7, encodeURIComponent(from))).all)).toEqual(upTo(20).slice(10));
  });

  it('wakes a reader that waits at its head', async () => {
    const stream = await newStream();
    const { body } = await edge.get(`/v1/streams/${stream}/log?from=now`);
    const waiting = edge.get(`/v1/streams/${stream}/log?from=${body.next}&wait=20000`);
    await new Promise((resolve) => setTimeout(resolve, 300));
    const sentAt = Date.now();
    await send(stream, 0, 1);
    expect(idsOf((await waiting).body.events)).toEqual([0]);
    expect(Date.now() - sentAt).toBeLessThan(2_000);
  });

  it('gives a waiting reader an empty page when its time is over', async () => {
    const stream = await newStream();
    const { body } = await edge.get(`/v1/streams/${stream}/log?from=now&wait=300`);
    expect(body).toMatchObject({ events: [], atHead: true });
  });

  it('begins at now without what was before', async () => {
    const stream = await newStream();
    await send(stream, 0, 50);
    const { body } = await edge.get(`/v1/streams/${stream}/log?from=now`);
    await send(stream, 50, 50);
    const { all } = await readAll(`/v1/streams/${stream}/log`, 1_000, body.next);
    expect(idsOf(all).filter((id) => id >= 50)).toEqual(upTo(100).slice(50));
    expect(isInOrder(all)).toBe(true);
  });

  it('goes through splits, rolls and merges while it is followed, and from old cursors', async () => {
    const stream = await newStream(2);
    let next: string | undefined;
    const followed: Placed[] = [];
    for (let round = 0; round < 6; round++) {
      await send(stream, round * 200, 200);
      if (round === 2) next = (await edge.get(`/v1/streams/${stream}/log?limit=123`)).body.next;
      const first = edge.leaves(stream)[0]!;
      if (round % 3 === 0) await edge.restructure([first], slices(first.range, 2));
      if (round % 3 === 1) await edge.restructure([first], [first.range]);
      const page = await readAll(`/v1/streams/${stream}/log`, 77);
      expect(idsOf(page.all)).toEqual(upTo((round + 1) * 200));
      expect(isInOrder(page.all)).toBe(true);
    }
    const start = await edge.get(`/v1/streams/${stream}/log?limit=123`);
    followed.push(...start.body.events, ...(await readAll(`/v1/streams/${stream}/log`, 500, next)).all);
    expect(idsOf(followed)).toEqual(upTo(1_200));
    expect(isInOrder(followed)).toBe(true);
  });

  it('serves many followers, each with every event', async () => {
    const stream = await newStream();
    const { body } = await edge.get(`/v1/streams/${stream}/log?from=now`);
    const follow = async (): Promise<Placed[]> => {
      const all: Placed[] = [];
      for (let next = body.next; all.length < 1_000; ) {
        const page = await edge.get(`/v1/streams/${stream}/log?from=${next}&wait=5000&limit=100`);
        all.push(...page.body.events);
        next = page.body.next;
      }
      return all;
    };
    const followers = Array.from({ length: 8 }, follow);
    for (let i = 0; i < 10; i++) await send(stream, i * 100, 100);
    for (const all of await Promise.all(followers)) {
      expect(idsOf(all)).toEqual(upTo(1_000));
      expect(isInOrder(all)).toBe(true);
    }
  });

  it('ends the wait of a client that hangs up', async () => {
    const stream = await newStream();
    const gone = new AbortController();
    const waiting = edge.get(`/v1/streams/${stream}/log?from=now&wait=30000`, gone.signal);
    setTimeout(() => gone.abort(), 100);
    await expect(waiting).rejects.toThrow();
    expect((await edge.get(`/v1/streams/${stream}/log`)).status).toBe(200);
  });

  it.each([
    ['/v1/log?limit=0', 400, 'invalid_parameter'],
    ['/v1/log?limit=10001', 400, 'invalid_parameter'],
    ['/v1/log?from=nonsense', 400, 'invalid_cursor'],
    ['/v1/log?skip=99', 400, 'invalid_parameter'],
    ['/v1/streams/nowhere/log', 404, 'unknown_stream'],
    ['/v1/shardlets/99999/events', 404, 'unknown_shardlet'],
    ['/v1/shardlets/x/events', 400, 'invalid_parameter'],
    ['/v1/shardlets/1/events?from=0', 400, 'invalid_parameter'],
    ['/v1/shardlets/1/events?from=1&at=5', 400, 'invalid_parameter'],
    ['/v1/keys/k/events?from=AAAA', 400, 'invalid_cursor'],
  ])('answers %s with %i %s', async (path, status, code) => {
    const reply = await edge.get(path);
    expect([reply.status, reply.body.code]).toEqual([status, code]);
  });

  it('refuses the cursor of another stream', async () => {
    const { body } = await edge.get('/v1/log');
    const other = await newStream();
    expect((await edge.get(`/v1/streams/${other}/log?from=${body.next}`)).body.code).toBe('invalid_cursor');
  });
});

describe('a shardlet', () => {
  it('is read from a seq and from a time, and names its successors at its end', async () => {
    const stream = await newStream(1);
    await send(stream, 0, 100);
    const [leaf] = edge.leaves(stream);
    const path = `/v1/shardlets/${leaf!.id}/events`;
    const first = await edge.get(`${path}?limit=60`);
    expect(first.body.next).toBe('61');
    const rest = await edge.get(`${path}?from=${first.body.next}`);
    expect(rest.body.events.map((e: Placed) => e.seq)).toEqual(upTo(101).slice(61));
    expect(rest.body.next).toBe('101');
    const middle = first.body.events[30] as Placed;
    const at = await edge.get(`${path}?at=${middle.ts}&limit=1`);
    expect(at.body.events[0]).toEqual(middle);

    const children = await edge.restructure([leaf!], slices(leaf!.range, 2));
    const end = await edge.get(`${path}?from=90`);
    expect(end.body.events.length).toBe(11);
    expect(end.body).toMatchObject({ next: null, successors: children.map((c) => c.id) });
    expect((await edge.get(`${path}?from=101`)).body).toMatchObject({ events: [], next: null });
  });

  it('answers 410 when it is past retention, and names where to go on', async () => {
    const stream = await newStream(1);
    await send(stream, 0, 50);
    const [leaf] = edge.leaves(stream);
    const children = await edge.restructure([leaf!], [leaf!.range]);
    await edge.decide(markGone(leaf!.id));
    await send(stream, 50, 10);
    await edge.caughtUp();
    const path = `/v1/shardlets/${leaf!.id}/events`;
    const past = await edge.get(`${path}?from=7`);
    const successors = children.map((c) => c.id);
    expect(past).toMatchObject({ status: 410, body: { code: 'past_retention', firstSeq: 51, successors } });
    expect((await edge.get(`${path}?from=51`)).body).toMatchObject({ events: [], next: null, successors });
    expect(idsOf((await readAll(`/v1/streams/${stream}/log`, 100)).all)).toEqual(upTo(60).slice(50));
  });
});

describe('a key', () => {
  it('has its events in the order they were sent, through all its shardlets', async () => {
    const stream = await newStream(2);
    for (let round = 0; round < 4; round++) {
      await send(stream, round * 100, 100, 5);
      const [first, second] = edge.leaves(stream);
      await edge.restructure([first!], slices(first!.range, 2));
      await edge.restructure([second!], [second!.range]);
    }
    for (let k = 0; k < 5; k++)
      for (const limit of [7, 1_000]) {
        const { all } = await readAll(`/v1/streams/${stream}/keys/key-${k}/events`, limit);
        const expected = upTo(400).filter((id) => id % 5 === k);
        expect(all.map((e) => Number(e.event.id))).toEqual(expected);
      }
  });

  it('can be followed', async () => {
    const stream = await newStream();
    await send(stream, 0, 50, 5);
    const path = `/v1/streams/${stream}/keys/key-3/events`;
    const now = await edge.get(`${path}?from=now`);
    const waiting = edge.get(`${path}?from=${now.body.next}&wait=10000`);
    await send(stream, 50, 50, 5);
    const { body } = await waiting;
    expect(body.events.length).toBeGreaterThan(0);
    const rest = await readAll(path, 4, body.next);
    const expected = upTo(100).filter((id) => id >= 50 && id % 5 === 3);
    expect(idsOf([...body.events, ...rest.all])).toEqual(expected);
  });

  it('may be any text', async () => {
    const stream = await newStream();
    const keys = ['a/b', 'ü ☃', '100%', '?x=1&y', '...', 'key#1', '%41'];
    const sent = keys.map((subject, i) => ({
      specversion: '1.0',
      id: `k${i}`,
      source: '/k',
      type: 't',
      subject,
    }));
    await edge.post(`/v1/streams/${stream}/events`, sent);
    for (const [i, key] of keys.entries()) {
      const { body } = await edge.get(`/v1/streams/${stream}/keys/${encodeURIComponent(key)}/events`);
      expect(
        body.events.map((e: Placed) => e.event.id),
        key,
      ).toEqual([`k${i}`]);
    }
    expect((await edge.get(`/v1/streams/${stream}/keys/unknown/events`)).body.events).toEqual([]);
  });
});

describe('a shardlet that is being opened', () => {
  it('is not passed over: neither the log nor its keys are at their head until it is open', async () => {
    const stream = await newStream();
    const path = `/v1/streams/${stream}/log`;
    await send(stream, 0, 20);
    expect((await readAll(path, 1_000)).all.length).toBe(20);
    const parent = edge.leaves(stream)[0]!;
    const opened = await edge.startRoll(parent);
    const [first] = (await readAll(path, 1_000)).all.filter((e) => e.shardlet === parent.id);
    const pages = [
      path,
      `/v1/streams/${stream}/keys/${(first!.event as { subject: string }).subject}/events`,
    ];
    for (const each of pages) expect((await edge.get(each)).body).toMatchObject({ atHead: false });
    await opened();
    for (const each of pages)
      await expect.poll(async () => (await edge.get(each)).body.atHead, { timeout: 5_000 }).toBe(true);
  });
});

describe('a host that does not answer', () => {
  it('holds the log up and is named; it can be skipped, and what it held comes late', async () => {
    const stream = await newStream();
    const path = `/v1/streams/${stream}/log`;
    await send(stream, 0, 100);
    const start = await readAll(path, 1_000);
    await send(stream, 100, 50);
    await new Promise((resolve) => setTimeout(resolve, 20));
    // so that the host that answers has later ones than the one that will not
    await send(stream, 150, 50);
    const lost = edge.servers[1]!;
    await lost.kill('SIGSTOP');
    let held: Reply;
    let skipping: Reply;
    try {
      held = await edge.get(`${path}?from=${start.next}`);
      expect(held.body).toMatchObject({ waitingFor: [{ host: 2, name: 'h2' }], atHead: false });
      skipping = await edge.get(`${path}?from=${held.body.next}&skip=2`);
      expect(skipping.body.skipped).toMatchObject([{ host: 2, name: 'h2' }]);
    } finally {
      await lost.kill('SIGCONT');
    }
    const owners = new Map(edge.leaves(stream).map((leaf) => [leaf.id, leaf.owner]));
    const without: Placed[] = skipping.body.events;
    expect(without.length).toBeGreaterThan(0);
    expect(without.every((e) => owners.get(e.shardlet) === 1 && e.late === undefined)).toBe(true);

    await send(stream, 200, 100);
    const { all } = await readAll(path, 30, skipping.body.next);
    const late = all.filter((e) => e.late);
    expect(late.every((e) => owners.get(e.shardlet) === 2)).toBe(true);
    const inTime = [
      ...start.all,
      ...(held.body.events as Placed[]),
      ...without,
      ...all.filter((e) => !e.late),
    ];
    expect(isInOrder(inTime)).toBe(true);
    expect(isInOrder(late)).toBe(true);
    expect(idsOf([...inTime, ...late])).toEqual(upTo(300));
    expect((await edge.get(`${path}?from=${skipping.body.next}`)).body.events[0].late).toBe(true);
  });
});
