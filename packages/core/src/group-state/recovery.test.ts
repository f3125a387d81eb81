/** Plans and replays over hosts that lost or trimmed what they had. */
import { beforeEach, describe, expect, it } from 'vitest';
import { MemoryGroupStore, MemoryHost, MemoryStateCheckpoints } from '../adapters/memory/index.ts';
import { groupCheckpointingSchema } from '../checkpointing/index.ts';
import { type Checkpoint, readsFromHosts } from '../consuming/index.ts';
import { framePosition, writeFrame } from '../hosts/index.ts';
import { ManualClock } from '../kernel/index.ts';
import { WHOLE } from '../keyspace/index.ts';
import { EMPTY_TOPOLOGY, type Shardlet, TopologyMap } from '../topology/index.ts';
import { CheckpointIntake } from './intake.ts';
import { isFenced, type StateParts } from './parts.ts';
import { StateRecovery } from './recovery.ts';
import { CheckpointUpkeep, ORPHANED_AFTER_MS } from './upkeep.ts';

const NOW = Date.parse('2026-11-23T04:00:00Z');
const DEDUP = { windowMicros: 180_000_000, leadMicros: 60_000_000 };
const EVENTS = 20;
const CLAIM = { member: 'a', subject: 's', shardlet: 1, assignment: 5 };
const ASKED = { ...CLAIM, fromLog: false, allowLost: false, without: [] };

let clock: ManualClock;
let host: MemoryHost;
let map: TopologyMap;
let groups: MemoryGroupStore;
let records: MemoryStateCheckpoints;
let contents: Map<string, Uint8Array>;
let parts: StateParts;
let recovery: StateRecovery;
let intake: CheckpointIntake;
let ids = 0;

beforeEach(async () => {
  clock = new ManualClock(NOW * 1_000);
  host = new MemoryHost(clock);
  await host.createOpen(1, 1, { stream: 1, range: WHOLE, dedup: DEDUP }, []);
  map = mapWith([]);
  groups = new MemoryGroupStore(clock);
  records = new MemoryStateCheckpoints(clock, groups);
  contents = new Map();
  const checkpointing = groupCheckpointingSchema.parse({});
  await groups.create(
    { name: 'g', stream: 1, sessionMs: 1_000, checkpointing },
    { version: 0, members: [], checkpoints: new Map() },
  );
  await committed(EVENTS, 1);
  await append(EVENTS);
  const store: StateParts['stores']['current'] = {
    ...{ kind: 'folder', bytesMax: 1e6 },
    put: async (name, content) => void contents.set(name, content),
    get: async (name) => contents.get(name),
    delete: async (names) => names.forEach((name) => void contents.delete(name)),
    async *list() {
      yield [...contents.keys()];
    },
  };
  const opened = async () => host;
  parts = {
    ...{ groups, records, map, host: opened, reads: readsFromHosts(opened) },
    recoveries: {
      note: async () => {},
      after: async () => [],
      latest: async () => [],
      forget: async () => {},
      model: async () => undefined,
      saveModel: async () => {},
    },
    stores: { current: store, named: (kind) => (kind === 'folder' ? store : undefined) },
    ...{
      bytesMax: 1e6,
      refresh: async () => {},
      newId: () => `id-${++ids}`,
      nowMs: () => clock.nowMicros() / 1_000,
    },
    digestOf: (content) => `sha-256:${Buffer.from(content).toString('hex').padStart(64, '0')}`,
  };
  recovery = new StateRecovery(parts);
  intake = new CheckpointIntake(parts);
});

function mapWith(lost: Shardlet['lost'], epoch = 1): TopologyMap {
  const stream = { id: 1, name: 's', shardCount: 1, splitKeys: false };
  const settings = { retentionMs: null, retentionBytes: null, dedupWindowMs: 900_000 };
  const only: Shardlet = {
    ...{ id: 1, stream: 1, shard: 0, range: WHOLE, owner: 1, epoch, state: { kind: 'open' } },
    ...{ parents: [], lost },
  };
  return new TopologyMap({ ...EMPTY_TOPOLOGY, streams: [{ ...stream, ...settings }], shardlets: [only] });
}

async function committed(seq: number, epoch: number): Promise<void> {
  const c: Checkpoint = { ...CLAIM, seq, epoch, revoking: false, skipped: 0 };
  const members = [{ id: 'a', subject: 's', seenAtMs: NOW, commits: 0 }];
  const state = { version: 5, members, checkpoints: new Map([[1, c]]) };
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

async function checkpoint(seq: number, epoch = 1, base?: string): Promise<string> {
  const content = Buffer.from(String(seq));
  const offer = { ...CLAIM, seq, epoch, handlerVersion: '1', keys: 1, reason: 'due' as const, base };
  const facts = { bytes: content.length, digest: parts.digestOf(content) };
  const reply = await intake.announce('g', { ...offer, ...facts });
  if (reply.kind !== 'announced') throw new Error(reply.kind);
  expect(await intake.upload('g', 's', reply.id, content)).toMatchObject({ kind: 'valid' });
  return reply.id;
}

async function planned(more: object = {}) {
  const plan = await new StateRecovery({ ...parts, map }).plan('g', { ...ASKED, ...more });
  if (isFenced(plan)) throw new Error('fenced');
  const steps = plan.steps.map((step) =>
    step.kind === 'restore' ? step.checkpoint.seq : [step.after, step.through],
  );
  return { steps, lost: plan.lost };
}

/** As the machine of retention trims. */
async function trim(upTo: number): Promise<void> {
  clock.advance(3_600_000_000);
  expect(await host.trim(1, 1, upTo)).toMatchObject({ firstSeq: upTo });
}

it('restores the newest checkpoint that holds nothing a host has lost since', async () => {
  await checkpoint(5);
  await checkpoint(15);
  expect((await planned()).steps).toEqual([15, [15, 20]]);
  expect((await planned({ fromLog: true })).steps).toEqual([[0, 20]]);
  // the host came back without what was after 10
  map = mapWith([{ epoch: 3, seq: 10 }], 3);
  const plan = await new StateRecovery({ ...parts, map }).plan('g', ASKED);
  expect(plan).toEqual({ kind: 'fenced', assignment: 5 });
  await committed(10, 3);
  expect((await planned()).steps).toEqual([5, [5, 10]]);
  await committed(20, 3);
  await checkpoint(18, 3);
  expect((await planned()).steps).toEqual([18, [18, 20]]);
});

it('offers no checkpoint that is known to be damaged while a sound one does', async () => {
  await checkpoint(5);
  const damaged = await checkpoint(15);
  await records.verified(damaged, 'gone');
  expect((await planned()).steps).toEqual([5, [5, 20]]);
  // a delta on it neither
  await records.verified(damaged, undefined);
  await checkpoint(16, 1, damaged);
  expect((await planned()).steps).toEqual([15, 16, [16, 20]]);
  await records.verified(damaged, 'gone');
  expect((await planned()).steps).toEqual([5, [5, 20]]);
});

it('learns from a member that could not restore one, until it is looked at', async () => {
  const older = await checkpoint(5);
  const doubted = await checkpoint(15);
  for (const id of [older, doubted]) await records.verified(id, undefined);
  expect((await planned({ without: [doubted] })).steps).toEqual([5, [5, 20]]);
  const found = (await records.find('g', doubted))!;
  expect(found.verifyError).toBe('The member "a" could not restore it, for shardlet 1.');
  // the next one is not offered it
  expect((await planned()).steps).toEqual([5, [5, 20]]);
  expect((await records.leastVerified('g'))!.id).toBe(doubted);
  await records.verified(doubted, undefined);
  expect((await planned()).steps).toEqual([15, [15, 20]]);
  const fenced = await recovery.plan('g', { ...ASKED, assignment: 4, without: [older] });
  expect(fenced).toEqual({ kind: 'fenced', assignment: 5 });
  expect((await records.find('g', older))!.verifyError).toBeUndefined();
});

it('offers a damaged one where the sound ones are too old: it may be whole again', async () => {
  const old = await checkpoint(3);
  const damaged = await checkpoint(8);
  await records.verified(damaged, 'its store is away');
  await trim(6);
  expect(await planned()).toEqual({ steps: [8, [8, 20]], lost: [] });
  // it was not
  await expect(planned({ without: [damaged] })).rejects.toMatchObject({ code: 'state_lost' });
  const lost = [{ shardlet: 1, after: 3, through: 5 }];
  const without = [damaged];
  expect(await planned({ without, allowLost: true })).toEqual({ steps: [3, [5, 20]], lost });
  // one that saves no more is not offered
  await records.verified(old, 'gone');
  await records.verified(damaged, undefined);
  expect(await planned()).toEqual({ steps: [8, [8, 20]], lost: [] });
});

it('takes no delta on what was lost', async () => {
  const base = await checkpoint(15);
  await checkpoint(16, 1, base);
  intake = new CheckpointIntake({ ...parts, map: mapWith([{ epoch: 3, seq: 10 }], 3) });
  await expect(checkpoint(17, 1, base)).rejects.toMatchObject({ code: 'conflict', pointer: '/base' });
});

it('is refused where retention took what it needs, or goes on without it', async () => {
  await trim(6);
  await expect(planned()).rejects.toMatchObject({ code: 'state_lost' });
  const lost = [{ shardlet: 1, after: 0, through: 5 }];
  expect(await planned({ allowLost: true })).toEqual({ steps: [[5, 20]], lost });
  await checkpoint(5);
  expect(await planned()).toEqual({ steps: [5, [5, 20]], lost: [] });
  const replay = { ...CLAIM, of: 1, through: 20, limit: 100 };
  await expect(recovery.replay('g', { ...replay, after: 4 })).rejects.toMatchObject({ code: 'state_lost' });
  expect(await recovery.replay('g', { ...replay, after: 5 })).toMatchObject({ through: 20, done: true });
});

it('replays the keys of the range only, page by page, and nothing that is not committed', async () => {
  await committed(18, 1);
  const part = { from: { hi: 4, lo: 0 }, to: { hi: 12, lo: 0 } };
  const seen: number[] = [];
  for (let after = 0, done = false; !done; ) {
    const page = await recovery.replay('g', { ...CLAIM, of: 1, after, through: 99, range: part, limit: 5 });
    if (isFenced(page)) throw new Error('fenced');
    seen.push(...page.records.map(({ frame }) => framePosition(frame).hi));
    ({ through: after, done } = page);
  }
  expect(seen).toEqual([4, 5, 6, 7, 8, 9, 10, 11]);
  const beyond = await recovery.replay('g', { ...CLAIM, of: 1, after: 17, through: 99, limit: 5 });
  expect(beyond).toMatchObject({ through: 18, done: true, records: [{ seq: 18 }] });
  const wrong = recovery.replay('g', { ...CLAIM, of: 2, after: 0, through: 9, limit: 5 });
  await expect(wrong).rejects.toMatchObject({ code: 'invalid_parameter', pointer: '/of' });
  const other = { ...CLAIM, assignment: 4, of: 1, after: 0, through: 9, limit: 5 };
  expect(await recovery.replay('g', other)).toEqual({ kind: 'fenced', assignment: 5 });
});

it('sweeps what nobody ends, and contents without a row, but no younger upload', async () => {
  const upkeep = new CheckpointUpkeep(parts);
  const kept = await checkpoint(5);
  const offer = { ...CLAIM, seq: 6, epoch: 1, handlerVersion: '1', keys: 1, reason: 'due' as const };
  await intake.announce('g', { ...offer, bytes: 1, digest: 'sha-256:1' });
  await parts.stores.current.put('g/1/orphan', Buffer.from('x'));
  expect(await upkeep.sweep()).toEqual({ rows: 0, objects: 1 });
  clock.advance((ORPHANED_AFTER_MS + 1_000) * 1_000);
  expect(await upkeep.sweep()).toEqual({ rows: 1, objects: 0 });
  expect((await records.list('g', { limit: 10 })).map(({ id }) => id)).toEqual([kept]);
  expect(contents.size).toBe(1);
});

it('prunes what nobody needs, and keeps one for a loss that is not reported yet', async () => {
  await groups.alter('g', groupCheckpointingSchema.parse({ keep_count: 1, keep_hours: 1 }));
  const upkeep = new CheckpointUpkeep(parts);
  for (const seq of [3, 5, 7]) await checkpoint(seq);
  clock.advance(2 * 3_600_000_000);
  await checkpoint(9);
  await checkpoint(11);
  clock.advance(1_800_000_000);
  expect(await upkeep.prune('g', { dryRun: true })).toMatchObject({ checkpoints: 2 });
  await upkeep.prune('g', { dryRun: false });
  const left = async () =>
    (await records.list('g', { limit: 10 })).map(({ seq }) => seq).sort((a, b) => a - b);
  // 7: the newest that is older than an hour; 9: younger than keep_hours
  expect(await left()).toEqual([7, 9, 11]);
  clock.advance(2 * 3_600_000_000);
  await upkeep.prune('g', { dryRun: false });
  expect(await left()).toEqual([11]);
  expect(contents.size).toBe(1);
  expect((await upkeep.floors(1)).get(1)).toEqual([{ group: 'g', seq: 11, holds: false }]);
});

it('counts on no checkpoint that cannot be restored: it holds the older one and the events after it', async () => {
  await groups.alter(
    'g',
    groupCheckpointingSchema.parse({ keep_count: 1, keep_hours: 1, hold_retention: true }),
  );
  const upkeep = new CheckpointUpkeep(parts);
  await checkpoint(5);
  const damaged = await checkpoint(11);
  const { object } = (await records.find('g', damaged))!;
  const content = contents.get(object)!;
  contents.set(object, Buffer.from('x'));
  expect((await upkeep.verify('g', damaged)).error).toContain(', not sha-256:');
  clock.advance(2 * 3_600_000_000);
  const floor = async () => (await upkeep.floors(1)).get(1);
  expect(await floor()).toEqual([{ group: 'g', seq: 5, holds: true }]);
  expect(await upkeep.prune('g', { dryRun: true })).toMatchObject({ checkpoints: 1 });
  // its store had been away, and is back
  contents.set(object, content);
  expect((await upkeep.verify('g', damaged)).error).toBeUndefined();
  expect(await floor()).toEqual([{ group: 'g', seq: 11, holds: true }]);
  contents.delete(object);
  expect((await upkeep.verify('g', damaged)).error).toContain('is not in the store');
  await upkeep.prune('g', { dryRun: false });
  expect((await records.list('g', { limit: 10 })).map(({ seq }) => seq)).toEqual([5]);
});

describe('a stream that is deleted meanwhile', () => {
  const deleted = () => new TopologyMap({ ...EMPTY_TOPOLOGY });
  const REPLAY = { ...CLAIM, of: 1, after: 0, through: EVENTS, limit: 5 };
  /** The map is another one from the first read of a host on. */
  function deletedAtRead(): StateRecovery {
    let now = map;
    const forget = async <T>(answer: T): Promise<T> => {
      now = deleted();
      return answer;
    };
    return new StateRecovery({
      ...parts,
      get map() {
        return now;
      },
      refresh: async () => {},
      host: async () => forget(host),
      // of a host that has carried the deletion out
      reads: { read: async () => forget({ kind: 'absent' as const }) },
    } as never);
  }
  const refusal = { code: 'unknown_stream', message: expect.stringContaining('was deleted') };

  it('ends a plan and a replay that are under way', async () => {
    const before = await groups.find('g');
    await expect(deletedAtRead().replay('g', REPLAY)).rejects.toMatchObject(refusal);
    // the host has nothing of the shardlet any more
    host = new MemoryHost(clock);
    await expect(deletedAtRead().plan('g', ASKED)).rejects.toMatchObject(refusal);
    expect(await groups.find('g')).toEqual(before);
  });

  it('refuses both afterwards', async () => {
    const after = new StateRecovery({ ...parts, map: deleted() });
    await expect(after.plan('g', ASKED)).rejects.toMatchObject(refusal);
    await expect(after.replay('g', REPLAY)).rejects.toMatchObject(refusal);
    const measured = { restoreMs: 1, bytes: 0, replayedEvents: 1, replayMs: 1, fromLog: true, lostEvents: 0 };
    const report = { shardlet: 1, atMs: NOW, ...measured } as never;
    await expect(after.recovered('g', CLAIM, report)).rejects.toMatchObject(refusal);
  });
});
