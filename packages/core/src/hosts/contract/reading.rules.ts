/** Reading: records from a place or a time, and the frontier that the merged log stands on. */
import { expect } from 'vitest';
import type { FrontierReply, ReplicaInfo } from '../event-host.ts';
import { FRONTIER_LAG_MICROS } from '../limits.ts';
import { framePosition } from '../record.ts';
import type { Rule } from './rule.ts';
import { sampleFrame } from './sample-events.ts';
import { ALL, expectationOf, LEAD, recordsOf, type Scene, SECOND, stale, T0, WINDOW } from './scene.ts';

/** Who asks for news again and again: what it knows by that. */
function hearing(s: Scene) {
  const known = new Map<number, ReplicaInfo>();
  let since = 0;
  return {
    async next(): Promise<FrontierReply> {
      const reply = await s.host.news(since);
      since = reply.since;
      for (const info of reply.changed) known.set(info.shardlet, info);
      return reply;
    },
    replicas: () =>
      [...known.values()]
        .sort((a, b) => a.shardlet - b.shardlet)
        .map(({ shardlet, epoch, mode, firstSeq, lastSeq }) => [shardlet, epoch, mode, firstSeq, lastSeq]),
  };
}

export function readingRules(rule: Rule): void {
  rule('read answers where it is and whether it reached the end', async (s) => {
    await s.createOpen(1, 10);
    expect(await s.host.read(1, 1, 0, ALL)).toEqual({
      kind: 'records',
      epoch: 10,
      mode: 'open',
      records: [],
      nextSeq: 1,
      lastSeq: 0,
      last: 0,
      atEnd: true,
    });
    await s.append(1, 10, [1, 2, 3]);
    const some = await s.host.read(1, 2, 10, { maxRecords: 1, maxBytes: 1_000_000 });
    expect(some).toMatchObject({ nextSeq: 3, lastSeq: 3, last: T0 + 2, atEnd: false });
    expect(some).toMatchObject({ records: [{ seq: 2, ts: T0 + 1, frame: sampleFrame(2) }] });
    const rest = await s.host.read(1, 3, 10, ALL);
    expect(rest).toMatchObject({ records: [{ seq: 3 }], nextSeq: 4, atEnd: true });
    expect(await s.host.read(1, 9, 10, ALL)).toMatchObject({ records: [], nextSeq: 9, atEnd: true });
  });

  rule('read stops after the record that reaches the byte limit, and gives at least one', async (s) => {
    await s.createOpen(1, 10);
    const frames = [1, 2, 3, 4].map((n) => sampleFrame(n, { payloadBytes: 68 }));
    await s.tryAppend(1, 10, frames);
    const count = async (maxBytes: number) => {
      const reply = await s.host.read(1, 1, 0, { maxRecords: 10, maxBytes });
      return reply.kind === 'records' ? [reply.records.length, reply.nextSeq, reply.atEnd] : [];
    };
    expect(await count(1)).toEqual([1, 2, false]);
    expect(await count(100)).toEqual([1, 2, false]);
    expect(await count(101)).toEqual([2, 3, false]);
    expect(await count(400)).toEqual([4, 5, true]);
  });

  rule('a key filter skips the others but counts them as read', async (s) => {
    await s.createOpen(1, 10);
    const frames = [1, 2, 3, 4, 5].map((n) => sampleFrame(n, { key: n % 2 === 0 ? 'even' : 'odd' }));
    await s.tryAppend(1, 10, frames);
    const keyHash = framePosition(frames[1]!).hi;
    const all = await s.host.read(1, 1, 0, { ...ALL, keyHash });
    expect(all).toMatchObject({ records: [{ seq: 2 }, { seq: 4 }], nextSeq: 6, atEnd: true });
    const three = await s.host.read(1, 1, 0, { maxRecords: 3, maxBytes: 1_000_000, keyHash });
    expect(three).toMatchObject({ records: [{ seq: 2 }], nextSeq: 4, atEnd: false });
    const small = await s.host.read(1, 1, 0, { maxRecords: 9, maxBytes: 1, keyHash });
    expect(small).toMatchObject({ records: [{ seq: 2 }], nextSeq: 3, atEnd: false });
    const none = await s.host.read(1, 5, 0, { ...ALL, keyHash });
    expect(none).toMatchObject({ records: [], nextSeq: 6, atEnd: true });
  });

  rule('open, sealed and ready replicas are read, shadows and older epochs are not', async (s) => {
    expect(await s.host.read(1, 1, 0, ALL)).toEqual(stale(0, 'absent'));
    await s.createOpen(1, 10);
    expect(await s.host.read(1, 1, 11, ALL)).toEqual(stale(10, 'open'));
    expect(await s.host.read(1, 1, 10, ALL)).toMatchObject({ kind: 'records', mode: 'open' });
    await s.seal(1, 10);
    expect(await s.host.read(1, 1, 10, ALL)).toMatchObject({ kind: 'records', mode: 'sealed' });
    await s.createShadow(2, 10);
    const records = recordsOf([1]);
    await s.host.ingest(2, 10, records);
    expect(await s.host.read(2, 1, 0, ALL)).toEqual(stale(10, 'shadow'));
    expect(await s.host.seek(2, 0)).toEqual(stale(10, 'shadow'));
    await s.host.ready(2, 10, expectationOf(records));
    expect(await s.host.read(2, 1, 0, ALL)).toMatchObject({ kind: 'records', mode: 'ready', records });
  });

  rule('seek finds the first record later than a time', async (s) => {
    expect(await s.host.seek(1, T0)).toEqual(stale(0, 'absent'));
    await s.createOpen(1, 10);
    expect(await s.host.seek(1, 0)).toEqual({ kind: 'seq', seq: 1 });
    await s.append(1, 10, [1, 2]);
    await s.later(SECOND);
    await s.append(1, 10, [3]);
    const found = async (ts: number) => {
      const reply = await s.host.seek(1, ts);
      return reply.kind === 'seq' ? reply.seq : reply;
    };
    expect(await found(0)).toBe(1);
    expect(await found(T0 - 1)).toBe(1);
    expect(await found(T0)).toBe(2);
    expect(await found(T0 + 1)).toBe(3);
    expect(await found(T0 + SECOND)).toBe(4);
  });

  rule('the bytes of records are those of their frames, whatever was trimmed or copied', async (s) => {
    const bytes = async (shardlet: number, from: number, to: number) => {
      const reply = await s.host.bytesIn(shardlet, from, to);
      return reply.kind === 'bytes' ? reply.bytes : reply;
    };
    expect(await bytes(1, 1, 1)).toEqual(stale(0, 'absent'));
    await s.createOpen(1, 10);
    expect(await bytes(1, 1, 9)).toBe(0);
    const sizes = [500, 20, 7, 3_000, 1];
    const frames = sizes.map((payloadBytes, n) => sampleFrame(n, { payloadBytes }));
    await s.tryAppend(1, 10, frames.slice(0, 3));
    await s.tryAppend(1, 10, frames.slice(3));
    const sum = (from: number, to: number) => frames.slice(from - 1, to).reduce((n, f) => n + f.length, 0);
    for (const [from, to] of [
      [1, 5],
      [1, 1],
      [2, 3],
      [3, 4],
      [4, 4],
      [5, 99],
    ] as const)
      expect(await bytes(1, from, to)).toBe(sum(from, to));
    expect(await bytes(1, 3, 2)).toBe(0);
    expect(await bytes(1, 6, 9)).toBe(0);
    expect(await s.host.describe(1)).toMatchObject({ bytes: sum(1, 5) });
    await s.later(WINDOW + LEAD + SECOND);
    await s.host.trim(1, 10, 3);
    expect(await bytes(1, 2, 4)).toEqual({ kind: 'gone', firstSeq: 3 });
    expect(await bytes(1, 3, 4)).toBe(sum(3, 4));
    const records = await s.records(1, 3);
    await s.createShadow(2, 20);
    await s.host.trim(2, 20, 3);
    await s.host.ingest(2, 20, records);
    expect(await bytes(2, 3, 4)).toEqual(stale(20, 'shadow'));
    await s.host.ready(2, 20, expectationOf(records));
    expect(await bytes(2, 3, 4)).toBe(sum(3, 4));
    expect(await bytes(2, 4, 5)).toBe(sum(4, 5));
  });

  rule('the frontier promises up to the clock minus a lag, and never less than before', async (s) => {
    expect(await s.host.frontier(0, 0)).toEqual({ hostLast: 0, changed: [], since: expect.any(Number) });
    expect((await s.host.frontier(T0 - SECOND, 0)).hostLast).toBe(T0 - SECOND);
    expect((await s.host.frontier(T0 + SECOND, 0)).hostLast).toBe(T0 - FRONTIER_LAG_MICROS);
    await s.at(T0 - 5 * SECOND);
    expect((await s.host.frontier(T0, 0)).hostLast).toBe(T0 - FRONTIER_LAG_MICROS);
  });

  rule('no record gets a timestamp at or below a promise, on any shardlet', async (s) => {
    await s.createOpen(1, 10);
    await s.createOpen(2, 10);
    const { hostLast } = await s.host.frontier(T0, 0);
    for (const shardlet of [1, 2]) {
      const { firstTs } = await s.append(shardlet, 10, [shardlet], { edgeTs: T0 - SECOND });
      expect(firstTs).toBe(hostLast + 1);
    }
    expect(await s.host.describe(1)).toMatchObject({ last: hostLast + 1 });
    await s.later(SECOND);
    const later = (await s.host.frontier(s.now, 0)).hostLast;
    expect(await s.host.describe(1)).toMatchObject({ last: later });
    expect(await s.host.read(1, 1, 0, ALL)).toMatchObject({ last: later });
  });

  rule('the frontier tells what changed since, and nothing else', async (s) => {
    await s.createOpen(2, 10);
    await s.createOpen(1, 10);
    const first = await s.host.frontier(0, 0);
    expect(first.changed.map(({ shardlet, mode }) => [shardlet, mode])).toEqual([
      [1, 'open'],
      [2, 'open'],
    ]);
    expect((await s.host.frontier(0, first.since)).changed).toEqual([]);
    await s.append(2, 10, [1, 2]);
    const second = await s.host.frontier(0, first.since);
    expect(second.changed).toEqual([{ shardlet: 2, epoch: 10, mode: 'open', firstSeq: 1, lastSeq: 2 }]);
    await s.append(2, 10, [1, 3]);
    const partly = await s.host.frontier(0, second.since);
    expect(partly.changed).toMatchObject([{ shardlet: 2, lastSeq: 3 }]);
    await s.append(2, 10, [1]);
    await s.host.drop(3, 9);
    await s.seal(1, 10);
    const third = await s.host.frontier(0, partly.since);
    expect(third.changed.map(({ shardlet, mode }) => [shardlet, mode])).toEqual([
      [1, 'sealed'],
      [3, 'dropped'],
    ]);
    expect((await s.host.frontier(0, 0)).changed).toHaveLength(3);
  });

  rule('news tells what changed, and what was promised, and promises nothing', async (s) => {
    expect(await s.host.news(0)).toEqual({ hostLast: 0, changed: [], since: expect.any(Number) });
    await s.createOpen(2, 10);
    await s.createOpen(1, 10);
    const heard = hearing(s);
    expect((await heard.next()).hostLast).toBe(0);
    expect(heard.replicas()).toEqual([
      [1, 10, 'open', 1, 0],
      [2, 10, 'open', 1, 0],
    ]);
    const { hostLast } = await s.host.frontier(T0, 0);
    await s.later(SECOND);
    expect((await heard.next()).hostLast).toBe(hostLast);
    await s.append(2, 10, [1, 2]);
    await heard.next();
    expect(heard.replicas()[1]).toEqual([2, 10, 'open', 1, 2]);
    await s.append(2, 10, [1, 3]);
    await s.host.drop(3, 9);
    await s.seal(1, 10);
    await heard.next();
    expect(heard.replicas()).toEqual([
      [1, 10, 'sealed', 1, 0],
      [2, 10, 'open', 1, 3],
      [3, 9, 'dropped', 1, 0],
    ]);
    // everything again, for who knows nothing; and no promise was made
    const again = await s.host.news(0);
    expect([again.changed.length, again.hostLast]).toEqual([3, hostLast]);
  });

  rule('news and frontiers have a place of their own each, and miss nothing beside each other', async (s) => {
    await s.createOpen(1, 10);
    const heard = hearing(s);
    let { since } = await s.host.frontier(0, 0);
    for (const event of [1, 2, 3]) {
      await s.append(1, 10, [event]);
      await heard.next();
      expect(heard.replicas()).toEqual([[1, 10, 'open', 1, event]]);
      const frontier = await s.host.frontier(0, since);
      since = frontier.since;
      expect(frontier.changed).toMatchObject([{ shardlet: 1, lastSeq: event }]);
    }
  });

  rule('a promise is young enough, is kept, and goes on from the place of news', async (s) => {
    const AGE = 50_000;
    await s.createOpen(1, 10);
    await s.createOpen(2, 10);
    const { since } = await s.host.news(0);
    const first = await s.host.promise(since, AGE);
    expect(first.hostLast).toBe(s.now - FRONTIER_LAG_MICROS);
    expect(first.restMicros).toBeLessThanOrEqual(AGE);
    await s.append(1, 10, [1]);
    await s.later(AGE - 1);
    const again = await s.host.promise(first.since, AGE);
    expect(again.hostLast).toBeGreaterThanOrEqual(first.hostLast);
    expect(again.restMicros).toBeLessThanOrEqual(1);
    expect(again.changed).toContainEqual({ shardlet: 1, epoch: 10, mode: 'open', firstSeq: 1, lastSeq: 1 });
    const { firstTs } = await s.append(2, 10, [2], { edgeTs: T0 - SECOND });
    expect(firstTs).toBe(again.hostLast + 1);
    await s.later(1);
    const renewed = await s.host.promise(again.since, AGE);
    expect(renewed.hostLast).toBe(s.now - FRONTIER_LAG_MICROS);
    expect((await s.host.news(renewed.since)).hostLast).toBe(renewed.hostLast);
    expect((await s.host.frontier(0, 0)).hostLast).toBe(renewed.hostLast);
    // what is young enough is no change of the host
    const { count } = (await s.host.identify()).progress;
    await s.host.promise(renewed.since, AGE);
    expect((await s.host.identify()).progress.count).toBe(count);
  });

  rule('news names little again while nothing happens', async (s) => {
    for (let shardlet = 1; shardlet <= 5; shardlet++) await s.createOpen(shardlet, 10);
    const heard = hearing(s);
    for (let i = 0; i < 3; i++) await heard.next();
    await expect.poll(async () => (await heard.next()).changed).toEqual([]);
  });

  rule('whatever moves a replica is told: raise, shadow, ingest, truncate, ready, open, trim', async (s) => {
    let { since } = await s.host.frontier(0, 0);
    const changed = async () => {
      const reply = await s.host.frontier(0, since);
      since = reply.since;
      return reply.changed.map((each) => [each.epoch, each.mode, each.firstSeq, each.lastSeq]);
    };
    await s.createShadow(1, 10);
    expect(await changed()).toEqual([[10, 'shadow', 1, 0]]);
    await s.host.ingest(1, 10, recordsOf([1, 2, 3], T0 - 1_000 * SECOND));
    expect(await changed()).toEqual([[10, 'shadow', 1, 3]]);
    await s.host.truncate(1, 10, 2);
    expect(await changed()).toEqual([[10, 'shadow', 1, 2]]);
    await s.host.ready(1, 10, expectationOf(recordsOf([1, 2], T0 - 1_000 * SECOND)));
    expect(await changed()).toEqual([[10, 'ready', 1, 2]]);
    await s.host.open(1, 10);
    expect(await changed()).toEqual([[10, 'open', 1, 2]]);
    await s.host.raise(1, 11);
    expect(await changed()).toEqual([[11, 'open', 1, 2]]);
    await s.host.trim(1, 11, 2);
    expect(await changed()).toEqual([[11, 'open', 2, 2]]);
    await s.host.trim(1, 11, 2);
    await s.host.raise(1, 11);
    expect(await changed()).toEqual([]);
  });
}
