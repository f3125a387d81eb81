/** What readers are told of records that retention took or that were damaged, on a memory host. */
import { MemoryHost } from '@foreshard/core/adapters/memory';
import { type EventHost, writeFrame } from '@foreshard/core/hosts';
import { ManualClock, MICROS_PER_SECOND } from '@foreshard/core/kernel';
import { WHOLE } from '@foreshard/core/keyspace';
import { EMPTY_TOPOLOGY, NO_FACTS, TopologyMap } from '@foreshard/core/topology';
import { beforeEach, describe, expect, it } from 'vitest';
import type { EdgeMap } from '../map/edge-map.ts';
import type { LogCursor } from './log/cursor.ts';
import { Frontiers } from './log/frontiers.ts';
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
  durability: 'always',
  state: 'active',
  ...NO_FACTS,
} as const;

let clock: ManualClock;
let host: MemoryHost;
let served: EventHost;
let shardlets: ShardletEvents;
let log: LogService;

beforeEach(async () => {
  clock = new ManualClock(1_000 * MICROS_PER_SECOND);
  host = new MemoryHost(clock);
  served = host;
  await host.createOpen(1, 1, { stream: 1, range: WHOLE, dedup: DEDUP }, []);
  const shardlet = {
    id: 1,
    stream: 1,
    shard: 0,
    range: WHOLE,
    owner: 1,
    epoch: 1,
    state: { kind: 'open' },
    parents: [],
    lost: [],
  } as const;
  const topology = new TopologyMap({
    ...EMPTY_TOPOLOGY,
    streams: [STREAM],
    hosts: [HOST],
    shardlets: [{ ...shardlet, parents: [], lost: [] }],
  });
  const map = {
    topology,
    refresh: async () => {},
    onChange: topology.onChange.bind(topology),
  } as unknown as EdgeMap;
  const hosts = { get: async () => served };
  const frontiers = new Frontiers(hosts, map);
  shardlets = new ShardletEvents(map, hosts);
  log = new LogService({ map, hosts, frontiers, closing: new AbortController().signal }, clock);
});

async function append(from: number, count: number): Promise<void> {
  const frames = Buffer.concat(Array.from({ length: count }, (_, i) => frame(from + i)));
  const edgeTs = clock.nowMicros();
  await host.append([{ shardlet: 1, epoch: 1, edgeTs, tokenTs: 0, dedup: DEDUP, frames, count }]);
  clock.advance(MICROS_PER_SECOND);
}

function frame(n: number): Uint8Array {
  const payload = new TextEncoder().encode(`{"id":"${n}"}`);
  const bytes = new Uint8Array(32 + payload.length);
  writeFrame(bytes, 0, n, Uint32Array.from([n, n, n, n]), payload, 0, payload.length);
  return bytes;
}

async function trimTo(seq: number): Promise<void> {
  clock.advance(60 * MICROS_PER_SECOND);
  expect(await host.trim(1, 1, seq)).toEqual({ kind: 'trimmed', firstSeq: seq });
}

function page(from: LogCursor | 'oldest', limit: number) {
  return log.page({ stream: { ...STREAM }, from, limit, waitMs: 0, skip: new Set() });
}

describe('past retention', () => {
  beforeEach(() => append(1, 100));

  it('a place in a shardlet that is gone is answered with the first one left', async () => {
    await trimTo(41);
    const answer = await shardlets.page({ shardlet: 1, from: { kind: 'seq', seq: 40 }, limit: 10 });
    expect(answer).toEqual({ kind: 'pastRetention', firstSeq: 41, successors: [] });
  });

  it('the oldest event, or a time, begins at what is left', async () => {
    await trimTo(41);
    const answer = await shardlets.page({ shardlet: 1, from: { kind: 'time', micros: 0 }, limit: 10 });
    expect(answer).toMatchObject({ kind: 'events', nextSeq: 51 });
  });

  it('the log begins at what is left without a remark', async () => {
    await trimTo(41);
    const { records, trimmed } = await page('oldest', 1_000);
    expect([records[0]?.seq, records.length, trimmed]).toEqual([41, 60, []]);
  });

  it('a reader that was overtaken is told what it has missed', async () => {
    const first = await page('oldest', 10);
    log.close(); // as another edge would: it goes on from the cursor alone
    await trimTo(41);
    const next = await page(first.cursor, 1_000);
    expect(next.records[0]?.seq).toBe(41);
    expect(next.trimmed).toEqual([{ shardlet: 1, firstSeq: 41 }]);
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
    await expect(shardlets.page({ shardlet: 1, from: { kind: 'seq', seq: 1 }, limit: 100 })).rejects.toThrow(
      message,
    );
  });
});

function flipped(frame: Uint8Array): Uint8Array {
  const copy = Uint8Array.from(frame);
  copy[35]! ^= 1;
  return copy;
}
