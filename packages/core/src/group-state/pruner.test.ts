import { beforeEach, expect, it } from 'vitest';
import { MemoryGroupStore, MemoryStateCheckpoints } from '../adapters/memory/index.ts';
import {
  type CheckpointRecords,
  type CheckpointStore,
  groupCheckpointingSchema,
} from '../checkpointing/index.ts';
import type { Checkpoint } from '../consuming/index.ts';
import { ManualClock } from '../kernel/index.ts';
import { slices, WHOLE } from '../keyspace/index.ts';
import type { Shardlet } from '../topology/index.ts';
import { CheckpointPruner, PRUNED_AT_ONCE } from './pruner.ts';

const HOUR_MICROS = 3_600_000_000;

let clock: ManualClock;
let groups: MemoryGroupStore;
let records: MemoryStateCheckpoints;
let shardlets: Map<number, Shardlet>;
let pruner: CheckpointPruner;
let calls: string[];
let deleted: string[];
let ids = 0;

beforeEach(async () => {
  clock = new ManualClock(1_000 * HOUR_MICROS);
  groups = new MemoryGroupStore(clock);
  records = new MemoryStateCheckpoints(clock, groups);
  [shardlets, calls, deleted] = [new Map(), [], []];
  const store = {
    kind: 'folder',
    async delete(names: readonly string[]) {
      calls.push('delete');
      deleted.push(...names);
    },
  } as unknown as CheckpointStore;
  pruner = new CheckpointPruner({
    ...{ groups, records: counted(records), nowMs: () => clock.nowMicros() / 1_000 },
    stores: { current: store, named: (kind) => (kind === 'folder' ? store : undefined) },
    map: { shardlet: (id: number) => shardlets.get(id), shardlets: () => shardlets.values() } as never,
  });
  const checkpointing = groupCheckpointingSchema.parse({ keep_count: 1, keep_hours: 1 });
  await groups.create(
    { name: 'g', stream: 1, sessionMs: 1_000, checkpointing },
    { version: 0, members: [], checkpoints: new Map() },
  );
});

/** Each call is at least one statement. */
function counted(all: MemoryStateCheckpoints): CheckpointRecords {
  return new Proxy(all, {
    get(target, name) {
      const found = Reflect.get(target, name);
      if (typeof found !== 'function') return found;
      return (...args: unknown[]) => {
        calls.push(String(name));
        return found.apply(target, args);
      };
    },
  });
}

function open(id: number, more: Partial<Shardlet> = {}): void {
  shardlets.set(id, {
    ...{ id, stream: 1, shard: 0, range: WHOLE, owner: 1, epoch: 1, state: { kind: 'open' } },
    ...{ parents: [], lost: [], ...more },
  });
}

async function commit(): Promise<void> {
  const members = [{ id: 'a', subject: 's', seenAtMs: 1, commits: 0 }];
  const all = [...shardlets.keys()].map((shardlet): Checkpoint => {
    return { shardlet, seq: 1_000, epoch: 9, assignment: 5, member: 'a', revoking: false, skipped: 0 };
  });
  const checkpoints = new Map(all.map((one) => [one.shardlet, one]));
  await groups.change('g', () => ({ state: { version: 5, members, checkpoints }, result: undefined }));
}

async function checkpoint(shardlet: number, seq: number, base?: string): Promise<string> {
  const id = `c${++ids}`;
  const place = { id, group: 'g', shardlet, seq, epoch: 1, assignment: 5, member: 'a', base };
  const facts = { handlerVersion: '1', bytes: 10, keys: 1, digest: '', object: id, store: 'folder' };
  expect(await records.announce({ ...place, ...facts, reason: 'due' }, 's')).toEqual({ kind: 'announced' });
  expect((await records.validate('g', id)).kind).toBe('valid');
  return id;
}

const left = async () => (await records.valid('g')).map(({ id }) => id).sort();
const countOf = (name: string) => calls.filter((one) => one === name).length;

it('prunes a thousand shardlets in few questions, none of which is about all', async () => {
  for (let id = 1; id <= 1_000; id++) open(id);
  await commit();
  const [going, staying]: string[][] = [[], []];
  for (const id of shardlets.keys()) going!.push(await checkpoint(id, 10));
  for (const id of shardlets.keys()) staying!.push(await checkpoint(id, 20));
  clock.advance(2 * HOUR_MICROS);
  calls = [];
  expect(await pruner.prune('g', { dryRun: true })).toEqual({ checkpoints: 1_000, bytes: 10_000 });
  expect([countOf('shardlets'), countOf('outlines'), calls.length]).toEqual([1, 8, 9]);
  calls = [];
  expect(await pruner.prune('g', { dryRun: false })).toEqual({ checkpoints: 1_000, bytes: 10_000 });
  expect([countOf('condemn'), countOf('delete'), countOf('remove')]).toEqual([4, 4, 4]);
  expect(calls).toHaveLength(9 + 12);
  expect(await left()).toEqual(staying!.sort());
  expect(deleted.sort()).toEqual(going!.sort());
  calls = [];
  expect(await pruner.prune('g', { dryRun: false })).toEqual({ checkpoints: 0, bytes: 0 });
  expect(calls).toHaveLength(9);
});

it('keeps what a child restores of its parent, wherever the two are decided', async () => {
  const ranges = slices(WHOLE, 300);
  open(1);
  await commit();
  const whole = await checkpoint(1, 50);
  const delta = await checkpoint(1, 60, whole);
  const old = await checkpoint(1, 40);
  shardlets.clear();
  open(1, { state: { kind: 'closed', successors: [], finalSeq: 60, finalTs: 0 } });
  for (const [i, range] of ranges.entries()) open(i + 2, { range, parents: [1] });
  await groups.change('g', ({ state }) => {
    const parent = { ...state.checkpoints.get(1)!, seq: 60 };
    return { state: { ...state, version: 6, checkpoints: new Map([[1, parent]]) }, result: undefined };
  });
  clock.advance(2 * HOUR_MICROS);
  // with few of them kept the parent is in use; its oldest is neither needed nor among the newest
  expect(await pruner.prune('g', { dryRun: false })).toEqual({ checkpoints: 1, bytes: 10 });
  expect(await left()).toEqual([whole, delta]);
  expect(deleted).toEqual([old]);
});

it('removes chains whole, and what is damaged when it was shown for long', async () => {
  open(1);
  await commit();
  const damaged = await checkpoint(1, 5);
  const whole = await checkpoint(1, 10);
  const delta = await checkpoint(1, 20, whole);
  const newest = await checkpoint(1, 30);
  await records.verified(damaged, 'gone');
  clock.advance(0.9 * HOUR_MICROS);
  expect(await pruner.prune('g', { dryRun: false })).toEqual({ checkpoints: 0, bytes: 0 });
  clock.advance(0.2 * HOUR_MICROS);
  await pruner.prune('g', { dryRun: false });
  expect(await left()).toEqual([newest]);
  expect(deleted.sort()).toEqual([damaged, whole, delta].sort());
});

it('ends at its bound, and between two steps when it is stopped', async () => {
  for (let id = 1; id <= 600; id++) open(id);
  await commit();
  // a part of them in the first step, and more than are left in the second
  const count = PRUNED_AT_ONCE + 2_000;
  for (let i = 0; i < count / 200; i++)
    for (const first of [1, 301]) for (let id = first; id < first + 100; id++) await checkpoint(id, i);
  for (const id of shardlets.keys()) await checkpoint(id, 200);
  clock.advance(2 * HOUR_MICROS);
  const stopped = await pruner.prune('g', { dryRun: false, signal: AbortSignal.abort() });
  expect(stopped).toEqual({ checkpoints: 0, bytes: 0 });
  expect((await pruner.prune('g', { dryRun: false })).checkpoints).toBe(PRUNED_AT_ONCE);
  expect((await pruner.prune('g', { dryRun: false })).checkpoints).toBe(count - PRUNED_AT_ONCE);
});

it('asks for no rows of ancestors that have none', async () => {
  for (let id = 1; id <= 2_000; id++) open(id, { parents: id === 1 ? [] : [id - 1] });
  await commit();
  await checkpoint(1, 10);
  await checkpoint(2_000, 10);
  for (let id = 1; id < 2_000; id++)
    open(id, {
      parents: id === 1 ? [] : [id - 1],
      state: { kind: 'gone', successors: [id + 1], finalSeq: 10 } as never,
    });
  calls = [];
  await pruner.prune('g', { dryRun: true });
  expect(countOf('outlines')).toBe(2);
});

it('removes deltas before what they are based on, also where they do not go at once', async () => {
  open(1);
  await commit();
  const wholes: string[] = [];
  for (let i = 0; i < 600; i++) wholes.push(await checkpoint(1, 10));
  for (const whole of wholes) await checkpoint(1, 11, whole);
  const newest = await checkpoint(1, 12);
  clock.advance(2 * HOUR_MICROS);
  expect((await pruner.prune('g', { dryRun: false })).checkpoints).toBe(1_200);
  expect(await left()).toEqual([newest]);
});

it('leaves rows whose store cannot be reached for another worker', async () => {
  open(1);
  await commit();
  const id = await checkpoint(1, 10);
  await checkpoint(1, 20);
  const [row] = await records.condemn('g', [id]);
  expect(await pruner.discard([{ ...row!, store: 's3' }])).toEqual([]);
  expect(await records.find('g', id)).toBeDefined();
  expect(await pruner.discard([row!])).toEqual([row]);
  expect(await records.find('g', id)).toBeUndefined();
});
