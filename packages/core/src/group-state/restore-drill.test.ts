/** Drills over checkpoints that are whole, damaged or gone, and hosts that trimmed what a replay needs. */
import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { beforeEach, expect, it } from 'vitest';
import { MemoryGroupStore, MemoryHost, MemoryStateCheckpoints } from '../adapters/memory/index.ts';
import { FIRST_RECOVERY_MODEL, groupCheckpointingSchema, learnReplay } from '../checkpointing/index.ts';
import { type Checkpoint, readsFromHosts } from '../consuming/index.ts';
import { writeFrame } from '../hosts/index.ts';
import { ManualClock } from '../kernel/index.ts';
import { hashKey, type Range, WHOLE } from '../keyspace/index.ts';
import { EMPTY_TOPOLOGY, type Shardlet, type ShardletState, TopologyMap } from '../topology/index.ts';
import { CheckpointIntake } from './intake.ts';
import type { StateParts } from './parts.ts';
import { failuresOf, RestoreDrill } from './restore-drill.ts';
import { CheckpointUpkeep } from './upkeep.ts';

const NOW = Date.parse('2026-11-23T04:00:00Z');
const DEDUP = { windowMicros: 180_000_000, leadMicros: 60_000_000 };
const EVENTS = 20;
const CLAIM = { member: 'a', subject: 's', assignment: 5 };
const MIDDLE = { hi: 2 ** 31, lo: 0 };
const LEFT: Range = { from: WHOLE.from, to: MIDDLE };
const RIGHT: Range = { from: MIDDLE, to: WHOLE.to };
const KEYS = Array.from({ length: 40 }, (_, i) => `key-${i}`);

let clock: ManualClock;
let host: MemoryHost;
let groups: MemoryGroupStore;
let records: MemoryStateCheckpoints;
let contents: Map<string, Uint8Array>;
/** how long a content takes to be read */
let readMs: number;
let parts: StateParts;
let intake: CheckpointIntake;
let ids = 0;

beforeEach(async () => {
  clock = new ManualClock(NOW * 1_000);
  host = new MemoryHost(clock);
  await host.createOpen(1, 1, { stream: 1, range: WHOLE, dedup: DEDUP }, []);
  groups = new MemoryGroupStore(clock);
  records = new MemoryStateCheckpoints(clock, groups);
  contents = new Map();
  readMs = 0;
  const checkpointing = groupCheckpointingSchema.parse({});
  await groups.create(
    { name: 'g', stream: 1, sessionMs: 1_000, checkpointing },
    { version: 0, members: [], checkpoints: new Map() },
  );
  const store: StateParts['stores']['current'] = {
    ...{ kind: 'folder', bytesMax: 1e6 },
    put: async (name, content) => void contents.set(name, content),
    get: async (name) => {
      clock.advance(readMs * 1_000);
      return contents.get(name);
    },
    delete: async (names) => names.forEach((name) => void contents.delete(name)),
    async *list() {},
  };
  const opened = async () => host;
  parts = {
    ...{ groups, records, host: opened, reads: readsFromHosts(opened), map: mapOf(root()) },
    recoveries: {
      note: async () => {},
      after: async () => [],
      model: async () => ({ model: learned, fittedAtMs: NOW }),
      saveModel: async () => {},
      ...{ latest: async () => [], forget: async () => {} },
    },
    stores: { current: store, named: (kind) => (kind === 'folder' ? store : undefined) },
    ...{ bytesMax: 1e6, refresh: async () => {}, newId: () => `id-${++ids}` },
    nowMs: () => clock.nowMicros() / 1_000,
    digestOf: (content) => `sha-256:${createHash('sha256').update(content).digest('hex')}`,
  };
  intake = new CheckpointIntake(parts);
  await committed({ 1: EVENTS });
  await append(EVENTS);
});

/** 1,000 events a second, so often that the guess of before hardly counts. */
let learned = FIRST_RECOVERY_MODEL;
for (let i = 0; i < 50; i++) learned = learnReplay(learned, { events: 1e6, ms: 1e6 });

const shardletAs = (id: number, range: Range, state: ShardletState, parents: number[] = []): Shardlet => ({
  ...{ id, stream: 1, shard: 0, range, owner: 1, epoch: 1, state, parents, lost: [] },
});
const root = (lost: Shardlet['lost'] = []): Shardlet => ({
  ...shardletAs(1, WHOLE, { kind: 'open' }),
  lost,
});

function mapOf(...shardlets: Shardlet[]): TopologyMap {
  const stream = { id: 1, name: 's', shardCount: 1, splitKeys: false };
  const settings = { retentionMs: null, retentionBytes: null, dedupWindowMs: 900_000 };
  const streams = [1, 2].map((id) => ({ ...stream, ...settings, id, name: `s${id}` }));
  return new TopologyMap({ ...EMPTY_TOPOLOGY, streams, shardlets });
}

async function committed(seqs: Record<number, number>): Promise<void> {
  const members = [{ id: 'a', subject: 's', seenAtMs: NOW, commits: 0 }];
  const positions = Object.entries(seqs).map(([id, seq]): [number, Checkpoint] => [
    Number(id),
    { ...{ member: 'a', assignment: 5, shardlet: Number(id), seq, epoch: 1 }, revoking: false, skipped: 0 },
  ]);
  const state = { version: 5, members, checkpoints: new Map(positions) };
  await groups.change('g', () => ({ state, result: undefined }));
}

async function append(count: number): Promise<void> {
  const frames = Array.from({ length: count }, (_, i) => {
    const payload = new TextEncoder().encode(`{"id":"${i}"}`);
    const bytes = new Uint8Array(32 + payload.length);
    writeFrame(bytes, 0, i, Uint32Array.from([i, i, i, i]), payload, 0, payload.length);
    return bytes;
  });
  const group = { shardlet: 1, epoch: 1, edgeTs: clock.nowMicros(), tokenTs: 0, dedup: DEDUP };
  await host.append([{ ...group, frames: Buffer.concat(frames), count }]);
}

interface Taken {
  readonly keys?: readonly string[];
  readonly deleted?: readonly string[];
  readonly base?: string;
  readonly whole?: number;
  readonly content?: Uint8Array;
  readonly of?: number;
}

/** Of shardlet 1, unless `of` is another, as the client library writes it. */
async function checkpoint(seq: number, taken: Taken = {}) {
  const { keys = KEYS, deleted = [], base, whole, content, of = 1 } = taken;
  const kind = base === undefined ? 'full' : 'delta';
  const header = { v: 1, kind, shardlet: of, seq, epoch: 1, handlerVersion: 'v' };
  const lines = [header, ...keys.map((key) => [key, seq]), ...deleted.map((key) => [key])];
  const bytes = content ?? gzipSync(lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
  const offer = { ...CLAIM, shardlet: of, seq, epoch: 1, handlerVersion: 'v', reason: 'due' as const, base };
  const facts = { bytes: bytes.length, digest: parts.digestOf(bytes), keys: whole ?? keys.length };
  const reply = await intake.announce('g', { ...offer, ...facts });
  if (reply.kind !== 'announced') throw new Error(reply.kind);
  expect(await intake.upload('g', 's', reply.id, bytes)).toMatchObject({ kind: 'valid' });
  return reply.id;
}

const drill = (id = 1, map = parts.map) => new RestoreDrill({ ...parts, map }).run('g', id);
const objectOf = async (id: string) => (await records.find('g', id))!.object;
const rowOf = (id: string) => records.find('g', id);

async function trim(upTo: number): Promise<void> {
  clock.advance(3_600_000_000);
  expect(await host.trim(1, 1, upTo)).toMatchObject({ firstSeq: upTo });
}

it('restores the newest checkpoint with all it is based on, and says how long a member would take', async () => {
  const whole = await checkpoint(10);
  const delta = await checkpoint(14, { keys: ['new'], deleted: ['key-0', 'key-1'], base: whole, whole: 39 });
  readMs = 30;
  const found = await drill();
  expect(failuresOf(found)).toEqual([]);
  expect(found).toMatchObject({
    ...{ group: 'g', shardlet: 1, seq: EVENTS, unusable: [], lost: [], keys: 39, events: 6, restoreMs: 60 },
    steps: [
      { kind: 'restore', checkpoint: { id: whole }, entries: 40, unread: undefined, ms: 30 },
      { kind: 'restore', checkpoint: { id: delta }, entries: 3, ms: 30 },
      { kind: 'replay', shardlet: 1, after: 14, through: 20 },
    ],
  });
  const sizes = [...KEYS.slice(2).map((key) => `["${key}",10]`), '["new",14]'].map(({ length }) => length);
  expect(found.stateBytes).toBe(sizes.reduce((a, b) => a + b));
  const bytes = [whole, delta].map(async (id) => contents.get(await objectOf(id))!.length);
  expect(found.bytes).toBe((await Promise.all(bytes)).reduce((a, b) => a + b));
  expect(found.estimate.replayMs).toBeCloseTo(6, 0);
  expect((await rowOf(delta))!.verifiedAtMs).toBeDefined();
});

it('replays from the log where nothing was stored yet', async () => {
  const found = await drill();
  expect(found).toMatchObject({
    ...{ keys: 0, stateBytes: 0, bytes: 0, restoreMs: 0, events: EVENTS, unusable: [], lost: [] },
    steps: [{ kind: 'replay', shardlet: 1, after: 0, through: EVENTS }],
  });
});

it('goes on without a checkpoint that cannot be restored, as a member would, and says which and why', async () => {
  const older = await checkpoint(5);
  const newer = await checkpoint(15);
  contents.set(await objectOf(newer), Buffer.from('x'));
  const found = await drill();
  expect(found.unusable).toMatchObject([{ checkpoint: { id: newer } }]);
  expect(failuresOf(found)).toEqual([expect.stringContaining(`The content of ${newer} has sha-256:`)]);
  expect(found.steps).toMatchObject([{ checkpoint: { id: older } }, { after: 5, through: 20 }]);
  expect(found.events).toBe(15);
  expect((await rowOf(newer))!.verifyError).toContain('has sha-256:');
  expect((await rowOf(older))!.verifyError).toBeUndefined();
  contents.delete(await objectOf(older));
  const none = await drill();
  expect(failuresOf(none)).toEqual([
    expect.anything(),
    `The content of ${older} is not in the store "folder".`,
  ]);
  expect(none.steps).toEqual([{ kind: 'replay', shardlet: 1, after: 0, through: 20 }]);
});

it('gives up after as many checkpoints as a member would', async () => {
  for (let seq = 1; seq <= EVENTS; seq++) contents.delete(await objectOf(await checkpoint(seq)));
  contents.delete(await objectOf(await checkpoint(EVENTS)));
  expect((await drill()).unusable).toHaveLength(20);
});

it('finds what digests say nothing about', async () => {
  const wrong = await checkpoint(4, { content: gzipSync('{"v":1,"kind":"full","shardlet":9}\n') });
  const torn = await checkpoint(5, {
    content: gzipSync(KEYS.map((key) => `${JSON.stringify({ v: 1 })}\n["${key}",1]`).join('')),
  });
  const fewer = await checkpoint(6, { whole: 41 });
  const found = await drill();
  expect(found.unusable.map(({ checkpoint: { id } }) => id)).toEqual([fewer, torn, wrong]);
  expect(failuresOf(found)[0]).toBe(`${fewer} was stored with 41 keys, and restores 40.`);
  expect(failuresOf(found)[1]).toContain(`The content of ${torn} cannot be read: `);
  expect(failuresOf(found)[2]).toContain('its shardlet is 9, and not 1');
  expect((await rowOf(fewer))!.verifyError).toContain('41 keys');
  // whoever verifies it alone finds the same, or would call it whole again
  const upkeep = new CheckpointUpkeep(parts);
  for (const [i, id] of [fewer, torn, wrong].entries())
    expect((await upkeep.verify('g', id)).error).toBe(failuresOf(found)[i]);
});

it('compares the digest alone of what other programs store', async () => {
  const own = await checkpoint(10, { content: Buffer.from('a format of our own'), whole: 7 });
  const found = await drill();
  expect(failuresOf(found)).toEqual([]);
  expect(found).toMatchObject({
    ...{ keys: undefined, stateBytes: undefined, bytes: 19 },
    steps: [
      { kind: 'restore', checkpoint: { id: own }, unread: expect.stringContaining('client library') },
      { kind: 'replay', after: 10 },
    ],
  });
});

it('takes of a parent the keys of the child, and is refused of what nobody recovers any more', async () => {
  const parent = shardletAs(1, WHOLE, { kind: 'closed', finalSeq: EVENTS, finalTs: 0, successors: [2, 3] });
  await checkpoint(EVENTS);
  await host.createOpen(2, 2, { stream: 1, range: LEFT, dedup: DEDUP }, []);
  await committed({ 1: EVENTS, 2: 0 });
  const release = new Map((await groups.find('g'))!.state.checkpoints);
  release.set(1, { ...release.get(1)!, member: undefined });
  await groups.change('g', ({ state }) => ({ state: { ...state, checkpoints: release }, result: undefined }));
  const halves = [shardletAs(2, LEFT, { kind: 'open' }, [1]), shardletAs(3, RIGHT, { kind: 'open' }, [1])];
  const left = KEYS.filter((key) => hashKey(key) < 2 ** 31).length;
  const map = mapOf(parent, ...halves);
  const found = await drill(2, map);
  expect(found).toMatchObject({ keys: left, seq: 0, events: 0, steps: [{ kind: 'restore', entries: 40 }] });
  expect((await drill(3, map)).keys).toBe(40 - left);
  expect(await new RestoreDrill({ ...parts, map }).candidates('g')).toEqual([2, 3]);
  await expect(drill(1, map)).rejects.toMatchObject({ code: 'invalid_parameter', pointer: '/shardlet' });
});

it('says which events of the replay are past their retention', async () => {
  await trim(6);
  const found = await drill();
  expect(found.lost).toEqual([{ shardlet: 1, after: 0, through: 5 }]);
  expect(failuresOf(found)).toEqual([
    'The state of shardlet 1 needs the events 1 to 5 of shardlet 1, which are past their retention.',
  ]);
  expect(found).toMatchObject({ events: 15, steps: [{ kind: 'replay', after: 5, through: 20 }] });
  await checkpoint(5);
  expect(failuresOf(await drill())).toEqual([]);
});

it('looks at the first event itself: retention may take it meanwhile', async () => {
  await checkpoint(5);
  const reads: StateParts['reads'] = { read: async () => ({ kind: 'gone', firstSeq: 9 }) };
  const found = await new RestoreDrill({ ...parts, reads }).run('g', 1);
  expect(found.lost).toEqual([{ shardlet: 1, after: 5, through: 8 }]);
  expect(found).toMatchObject({ events: 12, steps: [{ kind: 'restore' }, { after: 8, through: 20 }] });
  let asked = 0;
  const stale: StateParts['reads'] = {
    read: async () => {
      asked++;
      return { kind: 'stale', epoch: 2, mode: 'sealed' } as never;
    },
  };
  const drilled = new RestoreDrill({ ...parts, reads: stale }).run('g', 1);
  await expect(drilled).rejects.toMatchObject({ code: 'overloaded' });
  expect(asked).toBe(3);
  // a copy that does not have the event yet
  const behind: StateParts['reads'] = {
    read: (shardlet, _, minEpoch, options) => parts.reads.read(shardlet, EVENTS + 1, minEpoch, options),
  };
  const end = (await behind.read(parts.map.shardlet(1)!, 0, 0, { maxRecords: 1, maxBytes: 1 })) as object;
  const reply = { ...end, nextSeq: 6 } as Awaited<ReturnType<typeof behind.read>>;
  const late = new RestoreDrill({ ...parts, reads: { read: async () => reply } }).run('g', 1);
  await expect(late).rejects.toMatchObject({ code: 'overloaded' });
});

it('goes on where the map was older than the hosts are', async () => {
  let isFresh = false;
  const reads: StateParts['reads'] = {
    read: async (...asked) =>
      isFresh ? parts.reads.read(...asked) : ({ kind: 'stale', epoch: 2, mode: 'sealed' } as never),
  };
  const refresh = async () => {
    isFresh = true;
  };
  expect((await new RestoreDrill({ ...parts, reads, refresh }).run('g', 1)).events).toBe(EVENTS);
});

it('replays nothing of what retention took whole', async () => {
  await checkpoint(5);
  const reads: StateParts['reads'] = { read: async () => ({ kind: 'gone', firstSeq: 31 }) };
  const found = await new RestoreDrill({ ...parts, reads }).run('g', 1);
  expect(found.lost).toEqual([{ shardlet: 1, after: 5, through: EVENTS }]);
  expect([found.events, found.steps.map(({ kind }) => kind)]).toEqual([0, ['restore']]);
});

/** Of shardlet 3, into which 1 and 2 were merged. */
async function merged(left: Taken, right: Taken) {
  await host.createOpen(2, 1, { stream: 1, range: RIGHT, dedup: DEDUP }, []);
  await committed({ 1: EVENTS, 2: 7 });
  parts = {
    ...parts,
    map: mapOf(shardletAs(1, LEFT, { kind: 'open' }), shardletAs(2, RIGHT, { kind: 'open' })),
  };
  intake = new CheckpointIntake(parts);
  const ids = [await checkpoint(EVENTS, left), await checkpoint(7, { ...right, of: 2 })];
  await groups.change('g', ({ state }) => {
    const released = [...state.checkpoints].map(([id, c]) => [id, { ...c, member: undefined }] as const);
    return { state: { ...state, checkpoints: new Map(released) }, result: undefined };
  });
  const closed = (finalSeq: number): ShardletState => ({
    kind: 'closed',
    finalSeq,
    finalTs: 0,
    successors: [3],
  });
  const parents = [shardletAs(1, LEFT, closed(EVENTS)), shardletAs(2, RIGHT, closed(7))];
  return { ids, found: await drill(3, mapOf(...parents, shardletAs(3, WHOLE, { kind: 'open' }, [1, 2]))) };
}
const [LEFT_KEYS, RIGHT_KEYS] = [
  KEYS.filter((key) => hashKey(key) < 2 ** 31),
  KEYS.filter((key) => hashKey(key) >= 2 ** 31),
];

it('restores both parents of a merge, each with what it should have', async () => {
  const { found } = await merged({ keys: LEFT_KEYS }, { keys: RIGHT_KEYS });
  expect(failuresOf(found)).toEqual([]);
  expect(found).toMatchObject({ keys: KEYS.length, steps: [{ kind: 'restore' }, { kind: 'restore' }] });
});

it('finds a parent of a merge that lacks keys, also when the other one is read after it', async () => {
  const {
    found,
    ids: [left],
  } = await merged({ keys: LEFT_KEYS, whole: 99 }, { keys: RIGHT_KEYS });
  expect(found.unusable.map(({ checkpoint: { id } }) => id)).toEqual([left]);
});

it('knows no number of keys where one parent of a merge was not unpacked', async () => {
  const { found } = await merged({ content: Buffer.from('our own'), whole: 3 }, { keys: RIGHT_KEYS });
  expect(failuresOf(found)).toEqual([]);
  expect([found.keys, found.stateBytes]).toEqual([undefined, undefined]);
});

it('comes to what is certain after a host lost its last writes', async () => {
  await checkpoint(5);
  await checkpoint(15);
  const asked: object[] = [];
  const reads: StateParts['reads'] = {
    read: async ({ id }, from, minEpoch, options) => {
      asked.push({ from, minEpoch, ...options });
      return host.read(id, from, 1, options);
    },
  };
  const map = mapOf(root([{ epoch: 3, seq: 10 }]));
  const found = await new RestoreDrill({ ...parts, reads, map }).run('g', 1);
  // a copy of before the loss does not show what is left
  expect(asked).toEqual([{ from: 6, minEpoch: 3, maxRecords: 1, maxBytes: 1 }]);
  expect(found).toMatchObject({ seq: 10, steps: [{ checkpoint: { seq: 5 } }, { after: 5, through: 10 }] });
});

it('is refused of a shardlet of another stream, or of a group without state', async () => {
  await expect(drill(9)).rejects.toMatchObject({ code: 'unknown_shardlet' });
  const elsewhere = { ...shardletAs(9, WHOLE, { kind: 'open' }), stream: 2 };
  const other = drill(9, mapOf(root(), elsewhere));
  await expect(other).rejects.toMatchObject({ code: 'unknown_shardlet' });
  await groups.create(
    { name: 'plain', stream: 1, sessionMs: 1_000 },
    { version: 0, members: [], checkpoints: new Map() },
  );
  const plain = new RestoreDrill(parts).run('plain', 1);
  await expect(plain).rejects.toMatchObject({ code: 'invalid_parameter', pointer: '/group' });
});
