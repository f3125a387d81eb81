/** What a reader sees of a cache, on a memory host. */
import { beforeEach, expect, it } from 'vitest';
import { framePosition, type ReadOptions, type ReadReply } from '../hosts/index.ts';
import { CachedReads } from './cached-reads.ts';
import { HostsWorld, SHARDLET } from './hosts-world.fixture.ts';

const ALL: ReadOptions = { maxRecords: 10_000, maxBytes: 1e9 };
const BYTES_MAX = 1_000_000;

let world: HostsWorld;
let reads: CachedReads;

beforeEach(() => {
  world = new HostsWorld();
  reads = new CachedReads({ ...world, host: world.host, bytesMax: BYTES_MAX });
  world.append(30);
  world.frontier(1);
});

async function read(from: number, options: Partial<ReadOptions> = {}): Promise<ReadReply> {
  const asked = { host: 1, shardlet: SHARDLET, from, minEpoch: 0, options: { ...ALL, ...options } };
  const reply = reads.readReplica(asked);
  await Promise.resolve();
  await Promise.resolve();
  for (const arrive of world.late.splice(0)) arrive();
  return reply;
}

const seqs = (reply: ReadReply): number[] =>
  reply.kind === 'records' ? reply.records.map((r) => r.seq) : [];
const counts = (): number[] => [reads.stats.hits, reads.stats.misses];

it('asks for each record once, and stops as a host does', async () => {
  await read(1, { maxRecords: 20 });
  expect(seqs(await read(5, { maxRecords: 3 }))).toEqual([5, 6, 7]);
  expect(seqs(await read(5, { maxBytes: 1 }))).toEqual([5]);
  const rest = await read(15);
  expect(seqs(rest)).toEqual([15, 16, 17, 18, 19, 20]);
  expect(rest).toMatchObject({ nextSeq: 21, lastSeq: 30, epoch: 1, mode: 'open', atEnd: false });
  expect(counts()).toEqual([3, 1]);
});

it('leaves it to the host to say that there is no more', async () => {
  await read(1);
  expect(await read(1)).toMatchObject({ nextSeq: 31, atEnd: false });
  expect(await read(31)).toMatchObject({ nextSeq: 31, atEnd: true });
  expect(counts()).toEqual([1, 2]);
});

it('finds the records of a key in what it has, and keeps no answer that leaves records out', async () => {
  const whole = await read(1, { maxRecords: 10 });
  if (whole.kind !== 'records') throw new Error('no records');
  const keyHash = framePosition(whole.records[2]!.frame).hi;
  expect(seqs(await read(1, { keyHash }))).toEqual([3, 10]);
  expect(await read(1, { keyHash, maxRecords: 5 })).toMatchObject({ nextSeq: 6 });
  const before = reads.stats.bytes;
  await read(20, { keyHash });
  expect(reads.stats.bytes).toBe(before);
  expect(counts()).toEqual([2, 2]);
});

it('asks the host for many readers once', async () => {
  const asked = { host: 1, shardlet: SHARDLET, from: 1, minEpoch: 0, options: ALL };
  const all = Promise.all(Array.from({ length: 10 }, () => reads.readReplica(asked)));
  for (let i = 0; i < 10; i++) await Promise.resolve();
  expect(world.late.length).toBe(1);
  world.late.pop()!();
  expect((await all).map((reply) => seqs(reply).length)).toEqual(Array(10).fill(30));
  expect(counts()).toEqual([9, 1]);
});

it('does not give a reader an end that was reached before it asked', async () => {
  const asked = { host: 1, shardlet: SHARDLET, from: 31, minEpoch: 0, options: ALL };
  const first = reads.readReplica(asked);
  for (let i = 0; i < 5; i++) await Promise.resolve();
  world.append(1);
  const second = reads.readReplica(asked);
  world.late.pop()!();
  expect(await first).toMatchObject({ atEnd: true, records: [] });
  for (let i = 0; i < 10; i++) await Promise.resolve();
  world.late.pop()!();
  expect(seqs(await second)).toEqual([31]);
});

it('asks a host that has not answered for two seconds', async () => {
  await read(1);
  world.nowMs += 2_001;
  await read(1);
  expect(counts()).toEqual([0, 2]);
});

it('is still of use after a move, and on the new host', async () => {
  await read(1);
  world.move();
  world.catchUp();
  world.frontier(2);
  const { topology } = { topology: world.map };
  const reply = await reads.read(topology.shardlet(SHARDLET)!, 1, 2, ALL);
  expect(seqs(reply).length).toBe(30);
  expect(reply).toMatchObject({ epoch: 2 });
  expect(counts()).toEqual([1, 1]);
});

it('keeps what was not lost', async () => {
  await read(1);
  world.lose(12, true);
  world.catchUp();
  world.append(5);
  world.frontier(1);
  expect(seqs(await read(1)).at(-1)).toBe(12);
  expect(counts()).toEqual([1, 1]);
  expect(reads.stats.voided).toBe(1);
});

it('trusts nothing of before a loss that the map does not know yet', async () => {
  await read(1);
  world.lose(12, true);
  world.append(20);
  world.move();
  world.frontier(2);
  const asked = { host: 2, shardlet: SHARDLET, from: 1, minEpoch: 0, options: ALL };
  void reads.readReplica(asked);
  for (let i = 0; i < 5; i++) await Promise.resolve();
  expect(world.late.length).toBe(1);
});

it.each(['hostWentBack', 'readAnew'] as const)(
  'forgets what it has of a host that went back (%s)',
  async (what) => {
    await read(1);
    world.tell(what, 1);
    expect(reads.stats).toMatchObject({ bytes: 0, segments: 0, voided: 1 });
    await read(1);
    world.tell('hostWentBack', 2);
    expect(reads.stats.segments).toBe(1);
  },
);

it('forgets what nobody can reach any more', async () => {
  await read(1);
  expect(reads.stats.bytes).toBeGreaterThan(0);
  const shardlet = world.map.shardlet(SHARDLET)!;
  const ended = { successors: [], finalSeq: 30, finalTs: 30 };
  world.decide({ state: { kind: 'gone', ...ended } });
  world.catchUp();
  expect(shardlet.state.kind).toBe('open');
  expect([reads.stats.bytes, reads.stats.segments]).toEqual([0, 0]);
});

it('is not fooled by a map of another store', async () => {
  await read(1);
  world.map.replace({ ...world.map.toTopology(), version: 0 });
  await read(1);
  expect(counts()).toEqual([0, 2]);
});

it('holds nothing where it may hold nothing', async () => {
  reads = new CachedReads({ ...world, host: world.host, bytesMax: 0 });
  await read(1);
  await read(1);
  expect([reads.stats.bytes, ...counts()]).toEqual([0, 0, 2]);
});

it('stays within its budget, whatever is read', async () => {
  reads = new CachedReads({ ...world, host: world.host, bytesMax: 100_000 });
  world.append(10_000);
  world.frontier(1);
  for (let from = 1; from < 9_000; from += 700) {
    await read(from, { maxRecords: 700 });
    expect(reads.stats.bytes).toBeLessThanOrEqual(100_000);
  }
  expect(reads.stats.bytes).toBeGreaterThan(50_000);
  expect(reads.stats.evictions).toBeGreaterThan(0);
});

it('refuses a record that was damaged', async () => {
  world.damage = 3;
  await expect(read(1)).rejects.toThrow('the record 3 of shardlet 7 on host 1 is damaged');
  expect(reads.stats.bytes).toBe(0);
});

it('keeps no answer to a question of before its host went back', async () => {
  const under = reads.readReplica({ host: 1, shardlet: SHARDLET, from: 1, minEpoch: 0, options: ALL });
  await Promise.resolve();
  await Promise.resolve();
  world.frontiers.wentBack(1);
  for (const arrive of world.late.splice(0)) arrive();
  await under;
  world.frontier(1);
  await read(1);
  expect(counts()).toEqual([0, 2]);
});

const AHEAD = { host: 1, shardlet: SHARDLET, from: 1, minEpoch: 0 };

async function ahead(from = 1) {
  const fetched = reads.fetchAhead({ ...AHEAD, from });
  await Promise.resolve();
  await Promise.resolve();
  for (const arrive of world.late.splice(0)) arrive();
  return fetched;
}

it('fetches ahead what is missing of a segment, once, and counts no miss', async () => {
  await read(1, { maxRecords: 10 });
  expect(await ahead()).toMatchObject({ from: 11, nextSeq: 31 });
  expect(await ahead()).toBeUndefined();
  expect(counts()).toEqual([0, 1]);
  expect(seqs(await read(1)).length).toBe(30);
  expect(counts()).toEqual([1, 1]);
});

it('says how a read was served: from memory, after a fetch under way, or by a host', async () => {
  const whole = await read(1, { maxRecords: 3 });
  if (whole.kind !== 'records') throw new Error('no records');
  const keyHash = framePosition(whole.records[2]!.frame).hi;
  const served: string[] = [];
  const keyed = { ...AHEAD, options: { ...ALL, keyHash }, served: (how: string) => served.push(how) };
  const fetched = reads.fetchAhead({ ...AHEAD, from: 1 });
  const waiting = reads.readReplica({ ...keyed, from: 5 });
  for (let i = 0; i < 10; i++) await Promise.resolve();
  for (const arrive of world.late.splice(0)) arrive();
  await Promise.all([fetched, waiting]);
  await reads.readReplica({ ...keyed, from: 5 });
  world.append(5);
  world.frontier(1);
  const asked = reads.readReplica({ ...keyed, from: 31 });
  for (let i = 0; i < 10; i++) await Promise.resolve();
  for (const arrive of world.late.splice(0)) arrive();
  await asked;
  expect(served).toEqual(['wait', 'hit', 'miss']);
});
