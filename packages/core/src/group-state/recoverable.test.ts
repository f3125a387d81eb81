import { beforeEach, expect, it } from 'vitest';
import { MemoryGroupStore, MemoryStateCheckpoints } from '../adapters/memory/index.ts';
import { type Announced, groupCheckpointingSchema, recoveryDemand } from '../checkpointing/index.ts';
import type { Checkpoint } from '../consuming/index.ts';
import { ManualClock } from '../kernel/index.ts';
import { WHOLE } from '../keyspace/index.ts';
import type { Shardlet } from '../topology/index.ts';
import { type RecoverableParts, recoverableGroup } from './recoverable.ts';

const STORE = {} as never;
let groups: MemoryGroupStore;
let records: MemoryStateCheckpoints;
let shardlets: Shardlet[];
let parts: RecoverableParts;
/** shardlets whose rows were all read */
let readWhole: (readonly number[])[];
let ids = 0;

const open: Shardlet = {
  ...{ id: 1, stream: 1, shard: 0, range: WHOLE, owner: 1, epoch: 1, state: { kind: 'open' } },
  ...{ parents: [], lost: [] },
};

beforeEach(async () => {
  const clock = new ManualClock(1_000_000);
  groups = new MemoryGroupStore(clock);
  records = new MemoryStateCheckpoints(clock, groups);
  shardlets = [open, { ...open, id: 2 }];
  readWhole = [];
  parts = {
    ...{ groups, map: { shardlet: (id) => shardlets.find((one) => one.id === id) } },
    records: {
      newest: (group) => records.newest(group),
      valid(group, some) {
        readWhole.push(some ?? []);
        return records.valid(group, some);
      },
    },
    stores: { named: (kind) => (kind === 'folder' ? STORE : undefined) },
  };
  await groups.create(
    { name: 'g', stream: 1, sessionMs: 1_000, checkpointing: groupCheckpointingSchema.parse({}) },
    { version: 0, members: [], checkpoints: new Map() },
  );
  await commit({ 1: 100, 2: 100 });
});

async function commit(positions: Record<number, number>): Promise<void> {
  const members = [{ id: 'a', subject: 's', seenAtMs: 1, commits: 0 }];
  const all = Object.entries(positions).map(([id, seq]): Checkpoint => {
    return { shardlet: Number(id), seq, epoch: 9, assignment: 5, member: 'a', revoking: false, skipped: 0 };
  });
  const checkpoints = new Map(all.map((one) => [one.shardlet, one]));
  await groups.change('g', () => ({ state: { version: 5, members, checkpoints }, result: undefined }));
}

async function checkpoint(seq: number, more: Partial<Announced> = {}): Promise<string> {
  const id = `c${++ids}`;
  const row = { id, group: 'g', shardlet: 1, seq, epoch: 1, assignment: 5, member: 'a', base: undefined };
  const facts = { handlerVersion: '1', bytes: 10, keys: 1, digest: '', object: id, store: 'folder' };
  await records.announce({ ...row, ...facts, reason: 'due', ...more }, 's');
  expect((await records.validate('g', id)).kind).toBe('valid');
  return id;
}

async function toReplay(seq = 100, shardlet = 1): Promise<number> {
  const found = (await recoverableGroup(parts, 'g'))!;
  return recoveryDemand(found.sources, found.sources.shardlet(shardlet)!, seq).events;
}

it('needs the newest rows alone where they are restored', async () => {
  await checkpoint(50);
  await checkpoint(70, { base: await checkpoint(60) });
  await checkpoint(90, { shardlet: 2 });
  expect(await toReplay()).toBe(30);
  expect(await toReplay(100, 2)).toBe(10);
  expect(readWhole).toEqual([]);
});

it('reads all rows of a shardlet whose newest one is damaged, or in a store that is away', async () => {
  await checkpoint(50);
  const base = await checkpoint(60);
  await checkpoint(70, { base });
  await checkpoint(90, { shardlet: 2 });
  await records.verified(base, 'gone');
  expect(await toReplay()).toBe(50);
  expect(await toReplay(100, 2)).toBe(10);
  expect(readWhole).toEqual([[1], [1]]);
  await checkpoint(95, { shardlet: 2, store: 's3' });
  expect(await toReplay(100, 2)).toBe(10);
  expect(readWhole.at(-1)).toEqual([1, 2]);
});

it('reads all rows where a host has lost what is in the newest, until there is a new one', async () => {
  await checkpoint(50);
  await checkpoint(90);
  shardlets = [{ ...open, lost: [{ epoch: 2, seq: 80 }] }];
  await commit({ 1: 80 });
  expect(await toReplay(80)).toBe(30);
  expect(readWhole).toEqual([[1]]);
  // the positions of a map that knows the loss, and a map that does not
  shardlets = [open];
  expect(await toReplay(80)).toBe(30);
  await commit({ 1: 100 });
  await checkpoint(95, { epoch: 2 });
  readWhole = [];
  expect(await toReplay(100)).toBe(5);
  expect(readWhole).toEqual([]);
});

it('knows of a parent that is finished and forgotten where it ends', async () => {
  await checkpoint(100);
  const ended: Shardlet = { ...open, state: { kind: 'closed', successors: [3], finalSeq: 100, finalTs: 0 } };
  shardlets = [ended, { ...open, id: 3, parents: [1] }];
  await commit({ 3: 7 });
  expect(await toReplay(7, 3)).toBe(7);
  expect(readWhole).toEqual([]);
});

it('never finds a row that is ahead of what is committed, whatever members do meanwhile', async () => {
  await checkpoint(50);
  const find = async (name: string) => {
    await commit({ 1: 120 });
    await checkpoint(120);
    return groups.find(name);
  };
  parts = { ...parts, groups: { find } };
  expect(await toReplay(120)).toBe(70);
});

it('leaves out what the map does not know, and a group that is gone', async () => {
  await checkpoint(50);
  shardlets = [];
  const { sources } = (await recoverableGroup(parts, 'g'))!;
  expect(sources.checkpoints(1)).toEqual([]);
  await groups.remove('g');
  expect(await recoverableGroup(parts, 'g')).toBeUndefined();
});
