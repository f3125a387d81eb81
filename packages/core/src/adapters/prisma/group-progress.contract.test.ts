import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { EMPTY_GROUP } from '../../consuming/index.ts';
import { openPrisma, type PrismaClient } from './client.ts';
import { PrismaGroupProgress } from './group-progress.ts';
import { PrismaGroupStore } from './group-store.ts';
import { migratedDatabase } from './migrated-database.fixture.ts';

let prisma: PrismaClient;
let groups: PrismaGroupStore;
let progress: PrismaGroupProgress;

beforeAll(async () => {
  const url = await migratedDatabase(inject('postgresUrl'), 'progress');
  prisma = openPrisma(url);
  groups = new PrismaGroupStore(prisma, url);
  progress = new PrismaGroupProgress(prisma, url);
});
afterAll(() => prisma.$disconnect());

it('notes once in an interval how far every group is, and forgets what is long past', async () => {
  const checkpoint = { epoch: 1, assignment: 1, member: undefined, revoking: false };
  const checkpoints = new Map([
    [1, { ...checkpoint, shardlet: 1, seq: 40, skipped: 5 }],
    [2, { ...checkpoint, shardlet: 2, seq: 10, skipped: 0 }],
  ]);
  await groups.create({ name: 'g', stream: 1, sessionMs: 1_000 }, { ...EMPTY_GROUP, checkpoints });
  await groups.create({ name: 'idle', stream: 1, sessionMs: 1_000 }, EMPTY_GROUP);
  await prisma.consumerProgress.createMany({
    data: [{ group: 'g', atMs: 15_000, processed: 1 }],
  });
  await Promise.all([progress.sample(), progress.sample()]);
  const samples = await progress.recent('g');
  // two intervals, where the second began between the calls
  expect(samples.length).toBeLessThanOrEqual(2);
  expect(samples[0]).toEqual({ atMs: expect.any(Number), members: 0, processed: 45 });
  expect(samples[0]!.atMs % 15_000).toBe(0);
  expect((await progress.recent('idle'))[0]!.processed).toBe(0);
  expect(await prisma.consumerProgress.count({ where: { atMs: 15_000 } })).toBe(0);
});

it('tells the first sample of the last minutes of each group that has one', async () => {
  const now = Date.now();
  const names = ['first-a', 'first-b', 'first-old'];
  for (const name of names) await groups.create({ name, stream: 1, sessionMs: 1_000 }, EMPTY_GROUP);
  const at = (group: string, agoMs: number, processed: number) => ({ group, atMs: now - agoMs, processed });
  await prisma.consumerProgress.createMany({
    data: [
      ...[at('first-a', 400_000, 1), at('first-a', 100_000, 3), at('first-a', 200_000, 2)],
      ...[at('first-b', 50_000, 7), at('first-old', 400_000, 1)],
    ],
  });
  expect(await progress.firsts([...names, 'nowhere'])).toEqual(
    new Map([
      ['first-a', { atMs: now - 200_000, processed: 2 }],
      ['first-b', { atMs: now - 50_000, processed: 7 }],
    ]),
  );
});

it('a group goes with what is noted of it, and with the group that reads what is re-driven', async () => {
  const push = { url: 'https://example.com/', secret: `whsec_${'A'.repeat(44)}` };
  const group = { name: 'pushed', stream: 1, sessionMs: 1_000, push, attempts: 4 };
  await groups.create(group, EMPTY_GROUP);
  expect((await groups.find('pushed'))!.group).toEqual(group);
  const redrive = { name: 'pushed.redrive', stream: 2, sessionMs: 1_000, redriveOf: 'pushed' };
  expect(await groups.create(redrive, EMPTY_GROUP)).toBe('created');
  expect((await groups.find('pushed.redrive'))!.group).toEqual(redrive);
  await progress.sample();
  expect(await groups.remove('pushed')).toBe(true);
  expect(await groups.find('pushed.redrive')).toBeUndefined();
  expect(await progress.recent('pushed')).toEqual([]);
});

it('groups that read what is re-driven are not counted among those there may be', async () => {
  await groups.create({ name: 'counted', stream: 1, sessionMs: 1_000 }, EMPTY_GROUP);
  const there = await prisma.consumerGroup.count({ where: { redriveOf: null } });
  const rows = Array.from({ length: 1_000 - there }, (_, i) => ({
    ...{ name: `many-${i}`, stream: 1, sessionMs: 1_000 },
  }));
  await prisma.consumerGroup.createMany({ data: rows });
  const one = { stream: 1, sessionMs: 1_000 };
  expect(await groups.create({ ...one, name: 'more' }, EMPTY_GROUP)).toBe('full');
  expect(await groups.create({ ...one, name: 'counted.redrive', redriveOf: 'counted' }, EMPTY_GROUP)).toBe(
    'created',
  );
});
