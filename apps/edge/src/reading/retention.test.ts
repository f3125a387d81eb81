/** What readers are told of records that retention took, that were lost or that were damaged, on a memory host. */
import { setTimeout as sleep } from 'node:timers/promises';
import { MemoryHost } from '@foreshard/core/adapters/memory';
import { CachedReads } from '@foreshard/core/caching';
import { Frontiers } from '@foreshard/core/heads';
import { type EventHost, HostUnreachable, writeFrame } from '@foreshard/core/hosts';
import { ManualClock, MICROS_PER_MS, MICROS_PER_SECOND } from '@foreshard/core/kernel';
import { slices, WHOLE } from '@foreshard/core/keyspace';
import { type Change, EMPTY_TOPOLOGY, NO_FACTS, TopologyMap } from '@foreshard/core/topology';
import { beforeEach, describe, expect, it } from 'vitest';
import type { EdgeMap } from '../map/edge-map.ts';
import type { LogCursor } from './log/cursor.ts';
import { LogService } from './log/log-service.ts';
import { ShardletEvents } from './shardlet-events.ts';

const DEDUP = { windowMicros: 10 * MICROS_PER_SECOND, leadMicros: MICROS_PER_SECOND };
const STREAM = {
  id: 1,
  name: 'main',
  shardCount: 1,
  splitKeys: false,
  dedupWindowMs: 180_000,
  retentionMs: null,
  retentionBytes: null,
};
const HOST = {
  id: 1,
  name: 'h1',
  engine: 'redis',
  url: 'redis://h1',
  incarnation: 'memory',
  generation: 0,
  durability: 'always',
  state: 'active',
  ...NO_FACTS,
} as const;

let clock: ManualClock;
let host: MemoryHost;
/** of shardlet 2 */
let secondHost: MemoryHost;
let served: EventHost;
let byShardlet: ShardletEvents;
let frontiers: Frontiers;
let topology: TopologyMap;
let log: LogService;
/** one that knows only what a cursor tells it */
let anotherEdge: () => void;

beforeEach(async () => {
  clock = new ManualClock(1_000 * MICROS_PER_SECOND);
  host = new MemoryHost(clock);
  served = host;
  secondHost = new MemoryHost(clock);
  const shardlets = slices(WHOLE, 2).map((range, shard) => ({
    ...{ id: shard + 1, stream: 1, shard, range, owner: shard + 1, epoch: 1 },
    ...{ state: { kind: 'open' } as const, parents: [], lost: [] },
  }));
  for (const { id, range } of shardlets)
    await hostOf(id).createOpen(id, 1, { stream: 1, range, dedup: DEDUP }, []);
  topology = new TopologyMap({
    ...EMPTY_TOPOLOGY,
    streams: [STREAM],
    hosts: [HOST, { ...HOST, id: 2, name: 'h2' }],
    shardlets,
  });
  const map = {
    topology,
    refresh: async () => {},
    onChange: topology.onChange.bind(topology),
  } as unknown as EdgeMap;
  const hosts = { get: async (id: number) => (id === 1 ? served : secondHost) };
  anotherEdge = () => {
    // when the clock of the hosts goes on, so does that of the edge
    const nowMs = () => performance.now() + clock.nowMicros() / MICROS_PER_MS;
    frontiers = new Frontiers({ hosts, map, nowMs });
    const reads = new CachedReads({ map: topology, host: hosts.get, frontiers, bytesMax: 10_000_000 });
    byShardlet = new ShardletEvents(map, hosts, reads);
    log = new LogService({ map, hosts, frontiers, reads, clock, closing: new AbortController().signal });
  };
  anotherEdge();
});

function hostOf(shardlet: number): MemoryHost {
  return shardlet === 1 ? host : secondHost;
}

async function append(from: number, count: number, shardlet = 1): Promise<void> {
  const keys = (shardlet - 1) * 2 ** 31;
  const frames = Buffer.concat(Array.from({ length: count }, (_, i) => frame(keys + from + i)));
  const edgeTs = clock.nowMicros();
  await hostOf(shardlet).append([{ shardlet, epoch: 1, edgeTs, tokenTs: 0, dedup: DEDUP, frames, count }]);
  clock.advance(MICROS_PER_SECOND);
}

function frame(n: number): Uint8Array {
  const payload = new TextEncoder().encode(`{"id":"${n}"}`);
  const bytes = new Uint8Array(32 + payload.length);
  writeFrame(bytes, 0, n, Uint32Array.from([n, n, n, n]), payload, 0, payload.length);
  return bytes;
}

async function trimTo(seq: number, shardlet = 1): Promise<void> {
  clock.advance(600 * MICROS_PER_SECOND);
  expect(await hostOf(shardlet).trim(shardlet, 1, seq)).toEqual({ kind: 'trimmed', firstSeq: seq });
}

const EVERYTHING = { stream: STREAM, limit: 1_000, waitMs: 0, skip: new Set<number>() };

function page(from: LogCursor | 'oldest' | 'now', limit: number) {
  return log.page({ ...EVERYTHING, from, limit });
}

describe('past retention', () => {
  beforeEach(() => append(1, 100));

  it('a place in a shardlet that is gone is answered with the first one left', async () => {
    await trimTo(41);
    const answer = await byShardlet.page({ shardlet: 1, from: { kind: 'seq', seq: 40 }, limit: 10 });
    expect(answer).toEqual({ kind: 'pastRetention', firstSeq: 41, successors: [] });
  });

  it('the oldest event, or a time, begins at what is left', async () => {
    await trimTo(41);
    const answer = await byShardlet.page({ shardlet: 1, from: { kind: 'time', micros: 0 }, limit: 10 });
    expect(answer).toMatchObject({ kind: 'events', nextSeq: 51 });
  });

  it('the log begins at what is left without a remark', async () => {
    await trimTo(41);
    const { records, trimmed } = await page('oldest', 1_000);
    expect([records[0]?.seq, records.length, trimmed]).toEqual([41, 60, []]);
  });

  it('a reader that was overtaken is told what it has missed', async () => {
    const first = await page('oldest', 10);
    anotherEdge();
    await trimTo(41);
    const next = await page(first.cursor, 1_000);
    expect(next.records[0]?.seq).toBe(41);
    expect(next.trimmed).toEqual([{ shardlet: 1, firstSeq: 41 }]);
  });
});

describe('past retention in a shardlet beside that of the cursor', () => {
  beforeEach(async () => {
    await append(1, 10);
    await append(1, 10, 2);
  });

  /** A page that ends in shardlet 1, and its reader gone. */
  async function readSome(): Promise<LogCursor> {
    const { cursor, records } = await page('oldest', 5);
    expect(records.map((r) => r.shardlet)).toEqual([1, 1, 1, 1, 1]);
    log.close();
    return cursor;
  }

  it.each([
    ['a part of it', 4],
    ['all of it', 11],
  ])('a reader is told, whether its edge has asked the host since or not: %s', async (_, firstSeq) => {
    const cursor = await readSome();
    await trimTo(firstSeq, 2);
    const unaware = await page(cursor, 1_000);
    log.close();
    await frontiers.ask(2, true);
    const aware = await page(cursor, 1_000);
    for (const { records, trimmed } of [unaware, aware]) {
      expect(records.length).toBe(5 + 11 - firstSeq);
      expect(trimmed).toEqual([{ shardlet: 2, firstSeq }]);
    }
  });

  it('a reader that misses nothing is told of nothing, nor is one that begins now', async () => {
    const cursor = await readSome();
    clock.advance(600 * MICROS_PER_SECOND);
    const { records, trimmed } = await page(cursor, 1_000);
    expect([records.length, trimmed]).toEqual([15, []]);
    anotherEdge();
    await trimTo(11);
    await trimTo(11, 2);
    expect(await page('now', 1_000)).toMatchObject({ records: [], trimmed: [] });
  });

  it.each([
    ['a part', 21, [21, 22, 23, 24, 25]],
    ['all', 31, []],
  ])('every follower of a shared tail is told once: %s of it', async (_, firstSeq, seqs) => {
    const { cursor } = await page('oldest', 1_000);
    const following = [await page(cursor, 1_000), await page(cursor, 1_000)].map((p) => p.cursor);
    await append(21, 20);
    await trimTo(firstSeq);
    const pages = await Promise.all(following.map((from) => page(from, 5)));
    for (const { records, trimmed, cursor: after } of pages) {
      expect(records.map((r) => r.seq)).toEqual(seqs);
      expect(trimmed).toEqual([{ shardlet: 1, firstSeq }]);
      const rest = await page(after, 1_000);
      expect([rest.records.length, rest.trimmed]).toEqual([seqs.length, []]);
    }
  });

  it('a follower that waits at the shared tail is told without waiting for an event', async () => {
    const { cursor } = await page('oldest', 1_000);
    const waiting = log.page({ ...EVERYTHING, from: cursor, waitMs: 10_000 });
    await append(21, 20);
    await trimTo(31);
    expect(await waiting).toMatchObject({ records: [], trimmed: [{ shardlet: 1, firstSeq: 31 }] });
  }, 5_000);

  it('a reader that went on without the host is told with what comes late', async () => {
    const cursor = await readSome();
    await append(11, 10);
    const ahead = await log.page({ ...EVERYTHING, from: cursor, skip: new Set([2]) });
    expect(ahead.records.map((r) => r.seq)).toEqual([
      6,
      7,
      8,
      9,
      10,
      ...Array.from({ length: 10 }, (_, i) => 11 + i),
    ]);
    anotherEdge();
    await trimTo(4, 2);
    const { records, late, trimmed } = await page(ahead.cursor, 1_000);
    expect(records.slice(0, late).flatMap((r) => (r.shardlet === 2 ? [r.seq] : []))).toEqual([
      4, 5, 6, 7, 8, 9, 10,
    ]);
    expect(trimmed).toEqual([{ shardlet: 2, firstSeq: 4 }]);
  });
});

describe('a loss', () => {
  const LOST = [{ shardlet: 1, seq: 4, epoch: 2 }];

  /** The topology store has noted it, and the host has not answered since. */
  function lose(): void {
    const away = async () => Promise.reject(new HostUnreachable('connection', 'away'));
    served = Object.assign(Object.create(host), { promise: away, news: away, read: away, seek: away });
    const before = topology.shardlet(1)!;
    const shardlet = { ...before, epoch: 2, lost: [{ epoch: 2, seq: 4 }] };
    const nothing = { streams: [], streamsRemoved: [], hosts: [], hostsRemoved: [] };
    const change = { ...nothing, version: topology.version + 1, shardlets: [shardlet], shardletsRemoved: [] };
    topology.apply({ ...change, garbage: [], garbageRemoved: [] } as unknown as Change);
  }

  it('is told again to who asks again from the same cursor: the page may not have arrived', async () => {
    await append(1, 6);
    const { cursor } = await page('oldest', 1_000);
    lose();
    const pages = [await page(cursor, 1_000), await page(cursor, 1_000)];
    for (const { lost, records, cursor: after } of pages)
      expect([lost, records, after]).toEqual([LOST, [], cursor]);
    served = host;
    await host.raise(1, 2);
    clock.advance(5 * MICROS_PER_SECOND);
    const seqs: number[] = [];
    let last = await page(cursor, 1_000);
    expect(last.lost).toEqual(LOST);
    for (let i = 0; i < 50 && seqs.length < 2; i++) {
      await sleep(20);
      seqs.push(...last.records.map((r) => r.seq));
      last = await page(last.cursor, 1_000);
    }
    expect(seqs).toEqual([5, 6]);
    expect([last.records, last.lost]).toEqual([[], []]);
  });
});

describe('a damaged record', () => {
  beforeEach(async () => {
    await append(1, 10);
    served = Object.assign(Object.create(host) as EventHost, {
      read: async (...args: Parameters<EventHost['read']>) => {
        const reply = await host.read(...args);
        if (reply.kind !== 'records') return reply;
        return {
          ...reply,
          records: reply.records.map((r) => (r.seq === 7 ? { ...r, frame: flipped(r.frame) } : r)),
        };
      },
    });
  });

  it('is an error that names host, shardlet and seq', async () => {
    const message = /record 7 of shardlet 1 on host 1 is damaged/;
    await expect(page('oldest', 100)).rejects.toThrow(message);
    await expect(byShardlet.page({ shardlet: 1, from: { kind: 'seq', seq: 1 }, limit: 100 })).rejects.toThrow(
      message,
    );
  });
});

function flipped(frame: Uint8Array): Uint8Array {
  const copy = Uint8Array.from(frame);
  copy[35]! ^= 1;
  return copy;
}
