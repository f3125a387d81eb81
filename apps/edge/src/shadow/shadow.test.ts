/** Shadow writes and reads between two hosts in memory: best effort, bounded, and never in anybody's way. */
import { MemoryHost } from '@foreshard/core/adapters/memory';
import { type EventHost, FRAME_HEADER_BYTES, writeFrame } from '@foreshard/core/hosts';
import { ManualClock } from '@foreshard/core/kernel';
import { identify, WHOLE } from '@foreshard/core/keyspace';
import { changeSchema, EMPTY_TOPOLOGY, type Shardlet, TopologyMap } from '@foreshard/core/topology';
import { beforeEach, expect, test } from 'vitest';
import { type ShadowObserver, shadowed } from './index.ts';

const DEDUP = { windowMicros: 900e6, leadMicros: 60e6 };
const SPEC = { stream: 1, range: WHOLE, dedup: DEDUP };
const EPOCH = 5;
const NEXT = 9;

let map: TopologyMap;
let hosts: Map<number, MemoryHost>;
let edge: { get(id: number): Promise<EventHost> };
let outcomes: string[];
let nowMs: number;

beforeEach(async () => {
  const clock = new ManualClock(1_790_000_000_000_000);
  hosts = new Map([
    [1, new MemoryHost(clock)],
    [2, new MemoryHost(clock)],
  ]);
  await hosts.get(1)!.createOpen(7, EPOCH, SPEC, []);
  map = new TopologyMap({ ...EMPTY_TOPOLOGY, streams: [stream()], shardlets: [shardlet({ kind: 'open' })] });
  outcomes = [];
  nowMs = 0;
  const observer: ShadowObserver = {
    writes: (outcome, records) => outcomes.push(`${outcome} ${records}`),
    reads: (outcome) => outcomes.push(outcome),
    differs: (move, detail) => outcomes.push(`move ${move}: ${detail}`),
  };
  edge = shadowed({ get: async (id: number) => hosts.get(id)! }, map, observer, {
    nowMs: () => nowMs,
    random: () => 0,
  });
});

function stream() {
  return {
    id: 1,
    name: 's',
    shardCount: 1,
    splitKeys: false,
    retentionMs: null,
    retentionBytes: null,
    dedupWindowMs: 900_000,
  };
}

function shardlet(state: Shardlet['state']): Shardlet {
  return { id: 7, stream: 1, shard: 0, range: WHOLE, owner: 1, epoch: EPOCH, state, parents: [], lost: [] };
}

async function startMove(): Promise<void> {
  const state = { kind: 'moving', dest: 2, nextEpoch: NEXT } as const;
  const change = changeSchema.parse({ version: map.version + 1, at: 0, decision: 'test', actor: 'test' });
  map.apply({ ...change, shardlets: [shardlet(state)] });
  await hosts.get(2)!.createShadow(7, NEXT, SPEC);
}

async function append(...ids: string[]): Promise<void> {
  const frames = Buffer.concat(ids.map(frame));
  const group = { shardlet: 7, epoch: EPOCH, edgeTs: 0, tokenTs: 0, dedup: DEDUP, frames, count: ids.length };
  expect(await (await edge.get(1)).append([group])).toMatchObject([{ kind: 'appended' }]);
  await settled();
}

function frame(id: string): Uint8Array {
  const identity = new Uint32Array(4);
  identify(1, 'test', id, identity);
  const bytes = new Uint8Array(FRAME_HEADER_BYTES + 2);
  writeFrame(bytes, 0, 1, identity, new Uint8Array([1, 2]), 0, 2);
  return bytes;
}

async function settled(): Promise<void> {
  for (let i = 0; i < 50; i++) await Promise.resolve();
}

const copied = async () => {
  const found = await hosts.get(2)!.describe(7);
  return 'lastSeq' in found ? found.lastSeq : found.mode;
};

test('nothing is sent while nothing moves', async () => {
  await append('a');
  expect(await copied()).toBe('absent');
  expect(outcomes).toEqual([]);
});

test('what is acknowledged while its shardlet moves is copied with its place, duplicates left out', async () => {
  await startMove();
  await append('a', 'b');
  await append('b', 'c');
  expect(await copied()).toBe(3);
  const [from, to] = [await hosts.get(1)!.digest(7, EPOCH, 1, 3), await hosts.get(2)!.digest(7, NEXT, 1, 3)];
  expect(to).toEqual(from);
  expect(outcomes).toEqual(['written 2', 'written 1']);
});

test('a copy that lacks what came before is left to the worker for a while', async () => {
  await append('a');
  await startMove();
  await append('b');
  await append('c');
  expect(outcomes).toEqual(['skipped 1', 'skipped 1']);
  const reply = await hosts.get(1)!.read(7, 1, 0, { maxRecords: 10, maxBytes: 1e6 });
  await hosts.get(2)!.ingest(7, NEXT, reply.kind === 'records' ? reply.records : []);
  nowMs += 1_000;
  await append('d');
  expect(await copied()).toBe(4);
});

test('a destination that does not answer costs nobody anything', async () => {
  await startMove();
  hosts.delete(2);
  await append('a');
  expect(outcomes).toEqual(['skipped 1']);
});

const readPage = async () => {
  await (await edge.get(1)).read(7, 1, 0, { maxRecords: 10, maxBytes: 1e6 });
  await settled();
};

test('reads are compared with the copy, as far as it goes', async () => {
  await append('a');
  await startMove();
  await append('b');
  await readPage();
  expect(outcomes.at(-1)).toBe('equal');
});

test('a read that differs from the copy is reported with the number of the move', async () => {
  await startMove();
  await append('a', 'b');
  const copy = hosts.get(2)!;
  await copy.truncate(7, NEXT, 1);
  await copy.ingest(7, NEXT, [{ seq: 2, ts: 5, frame: frame('x') }]);
  await readPage();
  expect(outcomes.slice(-2)).toEqual([
    'different',
    `move ${NEXT}: a read of seq 1 to 2 differs from the copy`,
  ]);
});
