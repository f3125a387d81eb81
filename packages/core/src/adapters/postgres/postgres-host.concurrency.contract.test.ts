/** What the functions promise when many call them at once. */
import pg from 'pg';
import { afterAll, beforeEach, expect, inject, test } from 'vitest';
import { concatFrames, sampleFrame } from '../../hosts/contract/sample-events.ts';
import { ALL, SPEC } from '../../hosts/contract/scene.ts';
import type { AppendGroup, EventHost, FrontierReply } from '../../hosts/index.ts';
import { IDS_PER_SET_MAX } from '../../hosts/index.ts';
import { seededRandom } from '../../kernel/index.ts';
import { AppendCall } from './append-call.ts';
import { VERSION } from './installation.ts';
import { postgresFixtures } from './postgres-host.fixture.ts';
import { connectPostgresHost } from './postgres-host.ts';

const fixtures = await postgresFixtures(inject('postgresUrl'), 'host_concurrency');
const hosts: EventHost[] = [];

/** Handles with pools of their own, as two edges have them. */
async function connect(options: { callTimeoutMs?: number } = {}): Promise<EventHost> {
  const host = await connectPostgresHost({ url: fixtures.url, expectedIncarnation: undefined, ...options });
  hosts.push(host);
  return host;
}

beforeEach(async () => {
  await (await fixtures.make({})).close();
});

afterAll(async () => {
  await Promise.all(hosts.map((host) => host.close()));
  await fixtures.end();
});

function group(shardlet: number, events: readonly number[]): AppendGroup {
  const frames = concatFrames(events.map((n) => sampleFrame(n)));
  return {
    shardlet,
    epoch: 1,
    edgeTs: Date.now() * 1_000,
    tokenTs: 0,
    dedup: SPEC.dedup,
    frames,
    count: events.length,
  };
}

/** A transaction that another process began and does not end yet. */
async function inTransaction(body: (client: pg.Client) => Promise<void>): Promise<void> {
  const client = new pg.Client({ connectionString: fixtures.url });
  await client.connect();
  try {
    await client.query('BEGIN');
    await body(client);
  } finally {
    await client.end();
  }
}

async function appendWith(client: pg.Client, groups: readonly AppendGroup[]): Promise<void> {
  const args = new AppendCall(groups).args(IDS_PER_SET_MAX, true);
  const places = args.map((_, i) => `$${i + 1}`).join(', ');
  await client.query(`SELECT foreshard.v${VERSION}_append(${places})`, args);
}

async function settlesWithin(promise: Promise<unknown>, ms: number): Promise<boolean> {
  return Promise.race([
    promise.then(() => true),
    new Promise<boolean>((done) => setTimeout(() => done(false), ms)),
  ]);
}

test('the frontier waits for an append that is still in its transaction, and then shows it', async () => {
  const host = await connect();
  await host.createOpen(1, 1, SPEC, []);
  const { since } = await host.frontier(0, 0);
  await inTransaction(async (client) => {
    await appendWith(client, [group(1, [1])]);
    const frontier = host.frontier(Number.MAX_SAFE_INTEGER, since);
    expect(await settlesWithin(frontier, 300)).toBe(false);
    await client.query('COMMIT');
    expect((await frontier).changed).toMatchObject([{ shardlet: 1, lastSeq: 1 }]);
  });
});

test('a promise waits for an append that is still in its transaction; one that is used again does not', async () => {
  const AGE_MICROS = 3_600_000_000;
  const host = await connect();
  await host.createOpen(1, 1, SPEC, []);
  const first = await host.promise(0, AGE_MICROS);
  await inTransaction(async (client) => {
    await appendWith(client, [group(1, [1])]);
    const again = await host.promise(first.since, AGE_MICROS);
    expect(again.hostLast).toBe(first.hostLast);
    expect(again.restMicros).toBeGreaterThan(0);
    const renewed = host.promise(again.since, 0);
    expect(await settlesWithin(renewed, 300)).toBe(false);
    await client.query('COMMIT');
    const { hostLast, changed } = await renewed;
    expect(hostLast).toBeGreaterThan(first.hostLast);
    expect(changed).toContainEqual(info(1, 1));
  });
});

test('of all who find the promise too old, in any process, one makes the next', async () => {
  const handles = await Promise.all([connect(), connect(), connect()]);
  const countOf = async () => (await handles[0]!.identify()).progress.count;
  await handles[0]!.createOpen(1, 1, SPEC, []);
  const asking = () =>
    Promise.all(Array.from({ length: 12 }, (_, i) => handles[i % 3]!.promise(0, 60_000_000)));
  const before = await countOf();
  let answers: Awaited<ReturnType<typeof asking>> = [];
  await inTransaction(async (client) => {
    // all of them find it too old before the first can make another
    await appendWith(client, [group(1, [1])]);
    const all = asking();
    expect(await settlesWithin(Promise.race([all]), 300)).toBe(false);
    await client.query('COMMIT');
    answers = await all;
  });
  // the append, and one promise
  expect(await countOf()).toBe(before + 2);
  expect(new Set(answers.map(({ hostLast }) => hostLast)).size).toBe(1);
  await asking();
  expect(await countOf()).toBe(before + 2);
});

test('a promise does not read the list of what changed while appends wait for it', async () => {
  const host = await connect();
  await host.createOpen(1, 1, SPEC, []);
  await inTransaction(async (client) => {
    // who reads replicas has to wait for this
    await client.query('LOCK TABLE foreshard.replica IN ACCESS EXCLUSIVE MODE');
    const before = (await host.identify()).progress.count;
    const promise = host.promise(0, 0);
    expect(await settlesWithin(promise, 300)).toBe(false);
    // it was made, and holds nothing up any more
    expect((await host.identify()).progress.count).toBe(before + 1);
    const [{ free }] = (await client.query('SELECT pg_try_advisory_xact_lock_shared(1718579813, 1) AS free'))
      .rows;
    expect(free).toBe(true);
    await client.query('COMMIT');
    await promise;
  });
});

test('news neither waits for an append in its transaction nor passes over it', async () => {
  const host = await connect();
  await host.createOpen(1, 1, SPEC, []);
  await host.createOpen(2, 1, SPEC, []);
  let { since } = await host.news(0);
  const seen: [number, number][] = [];
  const listen = async () => {
    const answer = await host.news(since);
    since = answer.since;
    for (const { shardlet, lastSeq } of answer.changed) seen.push([shardlet, lastSeq]);
  };
  await inTransaction(async (client) => {
    await appendWith(client, [group(1, [1])]);
    // a later one ends before it
    await host.append([group(2, [2])]);
    await listen();
    await listen();
    expect(seen).toContainEqual([2, 1]);
    expect(seen).not.toContainEqual([1, 1]);
    await client.query('COMMIT');
    await listen();
    expect(seen).toContainEqual([1, 1]);
  });
});

test('news tells what functions of another release have changed, whatever number they draw', async () => {
  const host = await connect();
  await host.createOpen(1, 1, SPEC, []);
  await host.createOpen(2, 1, SPEC, []);
  let { since } = await host.news(0);
  ({ since } = await host.news(since));
  await inTransaction(async (client) => {
    await client.query('UPDATE foreshard.replica SET epoch = 7, change = 0 WHERE shardlet = 2');
    await client.query('UPDATE foreshard.progress SET n = n + 1 WHERE slot = 0');
    await client.query('COMMIT');
  });
  expect((await host.news(since)).changed).toMatchObject([{ shardlet: 2, epoch: 7 }]);
});

test('a seal waits for the append in flight, so that its lastSeq is final', async () => {
  const host = await connect();
  await host.createOpen(1, 1, SPEC, []);
  await inTransaction(async (client) => {
    await appendWith(client, [group(1, [1, 2])]);
    const seal = host.seal(1, 1);
    expect(await settlesWithin(seal, 300)).toBe(false);
    await client.query('COMMIT');
    expect(await seal).toEqual({ kind: 'done', lastSeq: 2 });
  });
});

test('under load no frontier, no promise and no news misses a change or is followed by a record below its promise', async () => {
  const SHARDLETS = 12;
  const REPEATED = 1_000_000_000;
  const appenders = await Promise.all([connect(), connect()]);
  const reader = await connect();
  for (let shardlet = 1; shardlet <= SHARDLETS; shardlet++) await reader.createOpen(shardlet, 1, SPEC, []);

  let running = true;
  let nextEvent = 0;
  const random = seededRandom(1);
  const load = Array.from({ length: 6 }, async (_, i) => {
    while (running) {
      const chosen = new Set(Array.from({ length: 5 }, () => 1 + Math.floor(random.next() * SHARDLETS)));
      // now and then with an event that is known already, which is another way through the host
      const again = random.next() < 0.3 ? [REPEATED] : [];
      const groups = [...chosen].map((shardlet) => group(shardlet, [nextEvent++, ...again, nextEvent++]));
      const replies = await appenders[i % 2]!.append(groups);
      expect(replies.every((reply) => reply.kind === 'appended')).toBe(true);
    }
  });
  const answers: FrontierReply[] = [];
  const known = new Map<number, number>();
  let [newsSince, frontierSince] = [0, 0];
  const asks = {
    news: () => reader.news(newsSince),
    // some are new, some are used again
    promise: () => reader.promise(newsSince, 5_000),
    frontier: () => reader.frontier(Number.MAX_SAFE_INTEGER, frontierSince),
  };
  const poll = async (ask: keyof typeof asks) => {
    const answer = await asks[ask]();
    if (ask === 'frontier') frontierSince = answer.since;
    else newsSince = answer.since;
    for (const { shardlet, lastSeq } of answer.changed) known.set(shardlet, lastSeq);
    answers.push({ ...answer, changed: [...known].map(([shardlet, lastSeq]) => info(shardlet, lastSeq)) });
  };
  const order = ['news', 'frontier', 'promise', 'promise'] as const;
  for (let i = 0; i < 120; i++) await poll(order[i % 4]!);
  running = false;
  await Promise.all(load);
  await poll('news');

  for (let shardlet = 1; shardlet <= SHARDLETS; shardlet++) {
    const reply = await reader.read(shardlet, 1, 0, ALL);
    const records = reply.kind === 'records' ? reply.records : [];
    expect(records.length).toBeGreaterThan(0);
    expect(known.get(shardlet)).toBe(records.length);
    for (const answer of answers) {
      const seen = answer.changed.find((each) => each.shardlet === shardlet)?.lastSeq ?? 0;
      const next = records[seen];
      if (next !== undefined) expect(next.ts).toBeGreaterThan(answer.hostLast);
    }
  }
});

function info(shardlet: number, lastSeq: number) {
  return { shardlet, epoch: 1, mode: 'open', firstSeq: 1, lastSeq } as const;
}

test('the same events from several edges at once, in any order of groups, are stored once', async () => {
  const edges = await Promise.all([connect(), connect(), connect()]);
  for (const shardlet of [1, 2, 3, 4]) await edges[0]!.createOpen(shardlet, 1, SPEC, []);
  for (let round = 0; round < 25; round++) {
    const events = [1, 2, 3].map((k) => round * 10 + k);
    const groups = [1, 2, 3, 4].map((shardlet) => group(shardlet, events));
    const replies = await Promise.all([
      edges[0]!.append(groups),
      edges[1]!.append(groups.toReversed()),
      edges[2]!.append([groups[2]!, groups[0]!, groups[3]!, groups[1]!]),
    ]);
    const stored = replies
      .flat()
      .reduce((sum, reply) => sum + (reply.kind === 'appended' ? reply.stored : 0), 0);
    expect(stored).toBe(4 * events.length);
  }
});

test('children are created once and know their parent, whoever asks and however often', async () => {
  const edges = await Promise.all([connect(), connect()]);
  await edges[0]!.createOpen(1, 1, SPEC, []);
  await edges[0]!.append([group(1, [1])]);
  await edges[0]!.seal(1, 1);
  const parents = [{ shardlet: 1, epoch: 1 }];
  const replies = await Promise.all(
    Array.from({ length: 8 }, (_, i) => edges[i % 2]!.createOpen(2 + (i % 3), 2, SPEC, parents)),
  );
  expect(new Set(replies.map((reply) => reply.kind))).toEqual(new Set(['created']));
  await Promise.all([edges[0]!.drop(1, 1), edges[1]!.drop(2, 2), edges[1]!.drop(3, 2)]);
  const [reply] = await edges[0]!.append([{ ...group(4, [1]), epoch: 2 }]);
  expect(reply).toMatchObject({ stored: 0, duplicates: [{ shardlet: 1, seq: 1 }] });
});

test('a call that waits too long ends as a timeout, and what it asked for was not done', async () => {
  const host = await connect({ callTimeoutMs: 400 });
  await host.createOpen(1, 1, SPEC, []);
  await inTransaction(async (client) => {
    await client.query('SELECT FROM foreshard.replica WHERE shardlet = 1 FOR UPDATE');
    await expect(host.append([group(1, [1])])).rejects.toMatchObject({
      name: 'HostUnreachable',
      reason: 'timeout',
    });
  });
  const [reply] = await host.append([group(1, [1])]);
  expect(reply).toMatchObject({ kind: 'appended', firstSeq: 1, stored: 1 });
});
