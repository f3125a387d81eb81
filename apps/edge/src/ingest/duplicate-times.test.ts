import { MemoryHost } from '@foreshard/core/adapters/memory';
import { FRAME_HEADER_BYTES, HostUnreachable, type ReadOptions, writeFrame } from '@foreshard/core/hosts';
import { ManualClock } from '@foreshard/core/kernel';
import { identify, WHOLE } from '@foreshard/core/keyspace';
import type { Shardlet, TopologyMap } from '@foreshard/core/topology';
import { beforeEach, expect, test } from 'vitest';
import { DuplicateTimes } from './duplicate-times.ts';
import { Intake } from './intake.ts';
import { STREAM } from './sample-stream.fixture.ts';

const NOW = 1_760_000_000_000_000;
const DEDUP = { windowMicros: 180_000_000, leadMicros: 60_000_000 };
const [SHARDLET, EPOCH, KEY_HASH] = [5, 9, 77];
const PAYLOAD = Buffer.from('{}');

/** Counts its reads, and can be made to fail or to hang. */
class CountingHost extends MemoryHost {
  readonly reads: number[] = [];
  before: () => Promise<void> = async () => {};

  override async read(shardlet: number, from: number, minEpoch: number, options: ReadOptions) {
    this.reads.push(from);
    await this.before();
    return super.read(shardlet, from, minEpoch, options);
  }
}

let clock: ManualClock;
let hosts: Map<number, CountingHost>;
let owner: number;
let state: Shardlet['state'];
let nowMs: number;
let faults: unknown[];
let onRefresh: () => void;
let times: DuplicateTimes;

beforeEach(async () => {
  clock = new ManualClock(NOW);
  hosts = new Map([1, 2].map((id) => [id, new CountingHost(clock)]));
  [owner, state, nowMs, faults, onRefresh] = [1, { kind: 'open' }, 0, [], () => {}];
  const topology = {
    shardlet: (id: number) => (id === SHARDLET ? ({ id, owner, state } as Shardlet) : undefined),
  } as TopologyMap;
  times = new DuplicateTimes({
    map: { topology, refresh: async () => onRefresh() },
    hosts: { get: async (id) => hosts.get(id)! },
    nowMs: () => nowMs,
    fault: (error) => faults.push(error),
    patienceMs: 50,
  });
  await hosts.get(1)!.createOpen(SHARDLET, EPOCH, { stream: 1, range: WHOLE, dedup: DEDUP }, []);
});

function identityOf(name: string): Uint32Array {
  const words = new Uint32Array(4);
  identify(KEY_HASH, 'test', name, words);
  return words;
}

/** Stores the events 1..count on host 1; each has the seq of its name. */
async function store(count: number): Promise<number> {
  const frames = Array.from({ length: count }, (_, i) => {
    const frame = new Uint8Array(FRAME_HEADER_BYTES + PAYLOAD.length);
    writeFrame(frame, 0, KEY_HASH, identityOf(String(i + 1)), PAYLOAD, 0, PAYLOAD.length);
    return frame;
  });
  const group = { shardlet: SHARDLET, epoch: EPOCH, edgeTs: NOW, tokenTs: 0, dedup: DEDUP, count };
  const [reply] = await hosts.get(1)!.append([{ ...group, frames: Buffer.concat(frames) }]);
  if (reply?.kind !== 'appended') throw new Error('not stored');
  return reply.firstTs - 1;
}

/** Duplicates without a time; each is of the event of its name, or of `name`. */
function duplicatesOf(seqs: readonly number[], name?: string, shardlet = SHARDLET): Intake {
  const bounds = { from: seqs.map(() => 0), to: seqs.map(() => 0) };
  const intake = new Intake(STREAM, Buffer.alloc(0), bounds, { tokenTs: 0, nowMicros: NOW });
  for (const [i, seq] of seqs.entries()) {
    intake.keyHash[i] = KEY_HASH;
    intake.setIdentity(i, identityOf(name ?? String(seq)));
    intake.duplicate(i, { shardlet, seq, ts: undefined });
  }
  return intake;
}

async function filled(intake: Intake): Promise<number[]> {
  await times.fill(intake);
  return [...intake.ts];
}

test('neighbours come with one read, over small gaps and in any order', async () => {
  const zero = await store(100);
  expect(await filled(duplicatesOf([20, 3, 4, 3]))).toEqual([zero + 20, zero + 3, zero + 4, zero + 3]);
  expect(hosts.get(1)!.reads).toEqual([3]);
});

test('what lies far apart is read by itself', async () => {
  const zero = await store(100);
  expect(await filled(duplicatesOf([3, 20, 90]))).toEqual([zero + 3, zero + 20, zero + 90]);
  expect(hosts.get(1)!.reads).toEqual([3, 20, 90]);
});

test('a reply that ends early is followed by the rest', async () => {
  const zero = await store(8);
  const host = hosts.get(1)!;
  const { read } = MemoryHost.prototype;
  host.read = async (shardlet, from, epoch, options) =>
    read.call(host, shardlet, from, epoch, { ...options, maxRecords: Math.min(3, options.maxRecords) });
  expect(await filled(duplicatesOf([1, 4, 8]))).toEqual([zero + 1, zero + 4, zero + 8]);
});

test('what was trimmed stays unknown, the rest is found', async () => {
  const zero = await store(10);
  clock.advance(DEDUP.windowMicros + DEDUP.leadMicros + 1_000_000);
  await hosts.get(1)!.trim(SHARDLET, EPOCH, 6);
  expect(await filled(duplicatesOf([2, 5, 6, 7]))).toEqual([Number.NaN, Number.NaN, zero + 6, zero + 7]);
});

test('a seq beyond the end ends the search', async () => {
  const zero = await store(3);
  expect(await filled(duplicatesOf([3, 9]))).toEqual([zero + 3, Number.NaN]);
  expect(await filled(duplicatesOf([50]))).toEqual([Number.NaN]);
});

test('another event at that place is not taken for it', async () => {
  await store(3);
  expect(await filled(duplicatesOf([2], 'other'))).toEqual([Number.NaN]);
});

test('a shardlet that has moved meanwhile is read at its new owner, once', async () => {
  const zero = await store(3);
  [hosts, owner] = [
    new Map([
      [1, hosts.get(2)!],
      [2, hosts.get(1)!],
    ]),
    1,
  ];
  onRefresh = () => {
    owner = 2;
  };
  expect(await filled(duplicatesOf([2]))).toEqual([zero + 2]);
  onRefresh = () => {};
  owner = 1;
  expect(await filled(duplicatesOf([2]))).toEqual([Number.NaN]);
});

test('nobody is asked for a shardlet that is gone or unknown', async () => {
  await store(3);
  state = { kind: 'gone', successors: [], finalSeq: 3, finalTs: 0 };
  expect(await filled(duplicatesOf([2]))).toEqual([Number.NaN]);
  expect(await filled(duplicatesOf([2], '2', 6))).toEqual([Number.NaN]);
  expect(hosts.get(1)!.reads).toEqual([]);
});

test('a host that is away is left alone for a second', async () => {
  const zero = await store(3);
  const host = hosts.get(1)!;
  host.before = () => Promise.reject(new HostUnreachable('connection', 'gone'));
  expect(await filled(duplicatesOf([2]))).toEqual([Number.NaN]);
  host.before = async () => {};
  nowMs = 999;
  expect(await filled(duplicatesOf([2]))).toEqual([Number.NaN]);
  nowMs = 1_000;
  expect(await filled(duplicatesOf([2]))).toEqual([zero + 2]);
  expect(faults).toEqual([]);
});

test('a host that hangs is not waited for, and its late answer changes nothing', async () => {
  await store(3);
  const host = hosts.get(1)!;
  const gate = Promise.withResolvers<void>();
  host.before = () => gate.promise;
  const intake = duplicatesOf([2]);
  expect(await filled(intake)).toEqual([Number.NaN]);
  gate.resolve();
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect([...intake.ts]).toEqual([Number.NaN]);
  expect(await filled(duplicatesOf([2]))).toEqual([Number.NaN]);
  expect(host.reads).toHaveLength(1);
});

test('a fault leaves the time unknown and is told', async () => {
  await store(3);
  hosts.get(1)!.before = () => Promise.reject(new Error('a bug'));
  expect(await filled(duplicatesOf([2]))).toEqual([Number.NaN]);
  expect(faults).toEqual([new Error('a bug')]);
});

test('only duplicates with a place and without a time are looked for', () => {
  const intake = duplicatesOf([2, 3]);
  expect(intake.hasTimesMissing).toBe(true);
  intake.found(1, 7);
  expect(intake.withoutTime()).toEqual([0]);
  const bounds = { from: [0, 0, 0], to: [0, 0, 0] };
  const others = new Intake(STREAM, Buffer.alloc(0), bounds, { tokenTs: 0, nowMicros: NOW });
  others.duplicate(0, { shardlet: 1, seq: undefined, ts: undefined });
  others.duplicate(1, { shardlet: 1, seq: 3, ts: 4 });
  others.stored(2, 5, 6);
  expect(others.hasTimesMissing).toBe(false);
  expect(others.withoutTime()).toEqual([]);
});
