/**
 * What small random stores never reach: id sets of many buckets and logs of many entries. The content is
 * still checked against the reference in memory.
 */
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { concatFrames, sampleFrame } from '../../hosts/contract/sample-events.ts';
import { SECOND, SPEC, T0, WINDOW } from '../../hosts/contract/scene.ts';
import {
  type AppendReply,
  type EventHost,
  framePosition,
  type KnownId,
  type StoredRecord,
} from '../../hosts/index.ts';
import { ManualClock, seededRandom } from '../../kernel/index.ts';
import { MemoryHost } from '../memory/index.ts';
import { connectTo, redisFixture, startTestServer, type TestServer } from './redis-server.fixture.ts';

let server: TestServer;
let host: EventHost;
let setClock: (micros: number) => Promise<void>;
let closeHost: () => Promise<void>;
beforeAll(async () => {
  server = await startTestServer();
});
beforeEach(async () => {
  const fixture = await redisFixture(server, {});
  host = fixture.host;
  setClock = fixture.setClock;
  closeHost = fixture.close;
  await setClock(T0);
});
afterEach(() => closeHost());
afterAll(() => server.stop());

async function append(
  target: EventHost,
  shardlet: number,
  epoch: number,
  events: readonly number[],
  edgeTs = T0,
) {
  const frames = concatFrames(events.map((n) => sampleFrame(n)));
  const group = { shardlet, epoch, edgeTs, tokenTs: 0, dedup: SPEC.dedup, frames, count: events.length };
  const [reply] = await target.append([group]);
  expect(reply!.kind).toBe('appended');
  return reply as Extract<AppendReply, { kind: 'appended' }>;
}

function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i + 1);
}

async function usedBytes(): Promise<number> {
  return (await host.usage()).usedBytes;
}

function randomIds(count: number): KnownId[] {
  const random = seededRandom(7);
  const field = () => Uint8Array.from({ length: 7 }, () => Math.floor(random.next() * 256));
  return Array.from({ length: count }, (_, i) => ({ field: field(), seq: i + 1 }));
}

test('an id costs 24 bytes at most', async () => {
  const count = 100_000;
  const ids = randomIds(count);
  const set = { name: '1.1.1', origin: 1, count, timeLeftMicros: WINDOW };
  await host.createShadow(2, 10, SPEC);
  const before = await usedBytes();
  for (let at = 0; at < count; at += 5_000)
    await host.ingestIds(2, 10, set, ids.slice(at, at + 5_000), at + 5_000 === count);
  const bytesPerId = ((await usedBytes()) - before) / count;
  expect(bytesPerId).toBeLessThanOrEqual(24);
});

test('a set of many buckets forgets no id while it grows, is closed, inherited, copied and freed', async () => {
  const events = upTo(4_000);
  await host.createOpen(1, 10, SPEC, []);
  for (let at = 0; at < events.length; at += 250)
    expect((await append(host, 1, 10, events.slice(at, at + 250))).stored).toBe(250);
  const retried = await append(host, 1, 10, events);
  expect(retried.duplicates.map(({ seq }) => seq)).toEqual(events);

  await host.seal(1, 10);
  await host.createOpen(2, 11, SPEC, [{ shardlet: 1, epoch: 10 }]);
  const child = await append(host, 2, 11, [...events, 9_999]);
  expect(child).toMatchObject({ stored: 1, firstSeq: 1 });
  expect(child.duplicates.map(({ shardlet, seq }) => [shardlet, seq])).toEqual(events.map((n) => [1, n]));

  const copied: KnownId[] = [];
  for (let next: number | undefined = 0; next !== undefined; ) {
    const chunk: Awaited<ReturnType<EventHost['readIds']>> = await host.readIds(2, '1.10.1', next);
    copied.push(...chunk.ids);
    next = chunk.next;
  }
  expect(copied.map(({ seq }) => seq).sort((a, b) => a - b)).toEqual(events);

  await setClock(T0 + WINDOW);
  expect(await host.forgetIds(1_500)).toBe(1_500);
  expect(await host.forgetIds(10_000)).toBe(2_500);
  expect(await host.forgetIds(10_000)).toBe(0);
  expect(await server.raw.keys('fs:s:*')).toEqual([]);
  expect((await append(host, 2, 11, events.slice(0, 10))).stored).toBe(10);
});

test('the ids of a dropped replica are freed with it, in portions when there are many', async () => {
  await host.createShadow(2, 10, SPEC);
  const count = 60_000;
  const ids = randomIds(count);
  const set = { name: '1.1.1', origin: 1, count, timeLeftMicros: WINDOW };
  await host.ingestIds(2, 10, set, [], false);
  for (let at = 0; at < count; at += 5_000)
    await host.ingestIds(2, 10, set, ids.slice(at, at + 5_000), at + 5_000 === count);
  await host.drop(2, 10);
  for (let rounds = 0; rounds < 10 && (await host.forgetIds(20_000)) > 0; rounds++);
  expect(await server.raw.keys('fs:b*')).toEqual([]);
  expect(await server.raw.keys('fs:s*')).toEqual([]);
});

/** Groups of 1..4 events in random order of time, the same on both hosts. */
async function fillBoth(memory: MemoryHost, clock: ManualClock, groups: number): Promise<void> {
  const random = seededRandom(3);
  let n = 0;
  for (let i = 0; i < groups; i++) {
    const events = upTo(1 + Math.floor(random.next() * 4)).map(() => ++n);
    clock.advance(Math.floor(random.next() * 1_000));
    await setClock(clock.nowMicros());
    for (const each of [host, memory]) await append(each, 1, 10, events, clock.nowMicros());
  }
}

async function bothHosts(groups: number): Promise<{ memory: MemoryHost; clock: ManualClock }> {
  const clock = new ManualClock(T0);
  const memory = new MemoryHost(clock);
  for (const each of [host, memory]) await each.createOpen(1, 10, SPEC, []);
  await fillBoth(memory, clock, groups);
  return { memory, clock };
}

test('a log of many entries is read, sought, digested and trimmed like the reference', async () => {
  const { memory, clock } = await bothHosts(150);
  const both = async (ask: (each: EventHost) => Promise<unknown>) => {
    expect(inWords(await ask(host))).toBe(inWords(await ask(memory)));
  };
  const end = clock.nowMicros() + 10;
  const keyHash = framePosition(sampleFrame(3)).hi;
  const lookEverywhere = async () => {
    for (const from of [1, 2, 40, 77, 150, 300, 900])
      for (const maxRecords of [1, 7, 100, 1_000])
        for (const maxBytes of [1, 500, 1_000_000]) {
          await both((each) => each.read(1, from, 0, { maxRecords, maxBytes }));
          await both((each) => each.read(1, from, 0, { maxRecords, maxBytes, keyHash }));
        }
    for (let ts = T0 - 1; ts < end; ts += 997) await both((each) => each.seek(1, ts));
    for (const [from, to] of [
      [1, 999],
      [17, 130],
      [99, 99],
    ] as const)
      await both((each) => each.digest(1, 10, from, to));
    await both((each) => each.describe(1));
  };
  await lookEverywhere();
  clock.advance(WINDOW * 2);
  await setClock(clock.nowMicros());
  for (const upToSeq of [5, 42, 43, 160]) {
    await both((each) => each.trim(1, 10, upToSeq));
    await lookEverywhere();
  }
});

/** Quick to compare, which matters for thousands of records. */
function inWords(reply: unknown): string {
  return JSON.stringify(reply, (_, value) =>
    value instanceof Uint8Array ? Buffer.from(value).toString('latin1') : value,
  );
}

async function recordsOf(target: EventHost): Promise<readonly StoredRecord[]> {
  const reply = await target.read(1, 1, 0, { maxRecords: 10_000, maxBytes: 10_000_000 });
  return reply.kind === 'records' ? reply.records : [];
}

test('a shadow is cut at any place and filled again', async () => {
  const { memory } = await bothHosts(150);
  const records = await recordsOf(memory);
  const random = seededRandom(11);
  await host.createShadow(2, 20, SPEC);
  await memory.createShadow(2, 20, SPEC);
  for (let round = 0; round < 40; round++) {
    const keep = Math.floor(random.next() * records.length);
    const portion = 1 + Math.floor(random.next() * records.length);
    for (const each of [host, memory]) {
      await each.ingest(2, 20, records.slice(0, portion));
      await each.ingest(2, 20, records.slice(Math.max(0, portion - 30), portion + 60));
      await each.truncate(2, 20, keep);
    }
    expect(await host.describe(2)).toEqual(await memory.describe(2));
    expect(await host.digest(2, 20, 1, 9_999)).toEqual(await memory.digest(2, 20, 1, 9_999));
  }
  expect(await host.ingest(2, 20, records)).toEqual({ kind: 'ingested', lastSeq: records.length });
});

test('a large append in one group and its retry', async () => {
  await host.createOpen(1, 10, SPEC, []);
  const events = upTo(5_000);
  expect(await append(host, 1, 10, events)).toMatchObject({ stored: 5_000, firstTs: T0 });
  await setClock(T0 + SECOND);
  const again = await append(host, 1, 10, [...events, 5_001]);
  expect(again).toMatchObject({ stored: 1, firstSeq: 5_001 });
  expect(again.duplicates).toHaveLength(5_000);
  const buckets = await server.raw.keysBuffer('fs:b*');
  const encodings = await Promise.all(buckets.map((bucket) => server.raw.object('ENCODING', bucket)));
  expect(new Set(encodings)).toEqual(new Set(['listpack']));
});

test('a store opened anew holds the same', async () => {
  const { memory } = await bothHosts(20);
  const again = await connectTo(server);
  expect(await recordsOf(again)).toEqual(await recordsOf(memory));
  await again.close();
});

test('a copy that is told how much comes makes room once: no id is moved from one bucket to another', async () => {
  const records = upTo(3_000).map((n) => ({ seq: n, ts: T0 - 3_000 + n, frame: sampleFrame(n) }));
  const moves = async () => {
    const stats = await server.raw.info('commandstats');
    return Number(/cmdstat_hgetall:calls=(\d+)/.exec(stats)?.[1] ?? 0);
  };
  const copy = async (shardlet: number, toCome: (left: number) => number) => {
    await host.createShadow(shardlet, 1, SPEC);
    const before = await moves();
    for (let at = 0; at < records.length; at += 500)
      await host.ingest(shardlet, 1, records.slice(at, at + 500), toCome(records.length - at - 500));
    return (await moves()) - before;
  };
  expect(await copy(1, (left) => left)).toBe(0);
  expect(await copy(2, () => 0)).toBeGreaterThan(50);
});
