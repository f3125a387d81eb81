import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest';
import { describeCheckpointRecords } from '../../checkpointing/checkpoint-records.contract-suite.ts';
import { FIRST_RECOVERY_MODEL, groupCheckpointingSchema, learnRestore } from '../../checkpointing/index.ts';
import { EMPTY_GROUP } from '../../consuming/index.ts';
import { openPrisma, type PrismaClient } from './client.ts';
import { PrismaGroupStore } from './group-store.ts';
import { migratedDatabase } from './migrated-database.fixture.ts';
import { PrismaRecoveryRecords } from './recovery-records.ts';
import { PrismaStateCheckpoints } from './state-checkpoints.ts';

let prisma: PrismaClient;
let groups: PrismaGroupStore;
let records: PrismaStateCheckpoints;
let recoveries: PrismaRecoveryRecords;

beforeAll(async () => {
  const url = await migratedDatabase(inject('postgresUrl'), 'state');
  prisma = openPrisma(url);
  groups = new PrismaGroupStore(prisma, url);
  records = new PrismaStateCheckpoints(prisma, url);
  recoveries = new PrismaRecoveryRecords(prisma, url);
});
afterAll(() => prisma?.$disconnect());

describeCheckpointRecords('checkpoints in PostgreSQL', () => ({ groups, records }));

const create = (name: string) =>
  groups.create(
    { name, stream: 1, sessionMs: 1_000, checkpointing: groupCheckpointingSchema.parse({}) },
    EMPTY_GROUP,
  );

describe('what happens at the same time', () => {
  const position = {
    shardlet: 1,
    seq: 10,
    epoch: 3,
    assignment: 5,
    member: 'a',
    revoking: false,
    skipped: 0,
  };

  async function holding(group: string): Promise<void> {
    await create(group);
    const members = [{ id: 'a', subject: 's', seenAtMs: 1, commits: 0 }];
    const state = { version: 5, members, checkpoints: new Map([[1, position]]) };
    await groups.change(group, () => ({ state, result: undefined }));
  }

  async function announced(group: string, base: string | undefined): Promise<string> {
    const id = randomUUID();
    const { seq, epoch, assignment } = position;
    const place = { id, group, shardlet: 1, seq, epoch, assignment, member: 'a', base };
    const facts = { handlerVersion: '1', bytes: 1, keys: 1, digest: '', object: id, store: 'folder' };
    expect(await records.announce({ ...place, ...facts, reason: 'due' }, 's')).toEqual({ kind: 'announced' });
    return id;
  }

  async function saved(group: string, base?: string): Promise<string> {
    const id = await announced(group, base);
    expect((await records.validate(group, id)).kind).toBe('valid');
    return id;
  }

  const waits = () =>
    vi.waitFor(async () => {
      const waiting = await prisma.$queryRaw<unknown[]>`
        SELECT 1 AS one FROM pg_stat_activity
         WHERE datname = current_database() AND wait_event_type = 'Lock'`;
      expect(waiting).toHaveLength(1);
    });

  it('removes no checkpoint on which a delta becomes valid meanwhile', async () => {
    await holding('racing');
    const base = await saved('racing');
    let condemning: Promise<readonly { readonly id: string }[]> | undefined;
    await prisma.$transaction(async (tx) => {
      // as whoever makes a delta on it valid just now
      await tx.$queryRaw`SELECT 1 AS one FROM consumer_state_checkpoint WHERE id = ${base}::uuid FOR SHARE`;
      condemning = records.condemn('racing', [base]);
      await waits();
      await saved('racing', base);
    });
    expect(await condemning).toEqual([]);
    expect((await records.find('racing', base))!.state).toBe('valid');
  });

  it('makes no checkpoint valid while the shardlet is being given to another member', async () => {
    await holding('giving');
    const id = await announced('giving', undefined);
    let validating: Promise<object> | undefined;
    await prisma.$transaction(async (tx) => {
      // as an assignment does
      await tx.$queryRaw`SELECT 1 AS one FROM consumer_group WHERE name = 'giving' FOR UPDATE`;
      validating = records.validate('giving', id);
      await waits();
      await tx.$executeRaw`UPDATE consumer_checkpoint SET assignment = 9 WHERE "group" = 'giving'`;
    });
    expect(await validating).toEqual({ kind: 'fenced', assignment: 9 });
  });

  it('makes no delta valid whose base is going', async () => {
    await holding('going');
    const base = await saved('going');
    const delta = await announced('going', base);
    await prisma.$executeRaw`UPDATE consumer_state_checkpoint SET state = 'deleting' WHERE id = ${base}::uuid`;
    expect(await records.validate('going', delta)).toEqual({ kind: 'gone' });
  });
});

it('keeps settings of a group, and changes them where it keeps state', async () => {
  await create('settings');
  const changed = groupCheckpointingSchema.parse({ keep_count: 7, aim: 'cost' });
  expect(await groups.alter('settings', changed)).toBe(true);
  expect((await groups.find('settings'))!.group.checkpointing).toEqual(changed);
  await groups.create({ name: 'plain', stream: 1, sessionMs: 1_000 }, EMPTY_GROUP);
  expect(await groups.alter('plain', changed)).toBe(false);
  expect((await groups.find('plain'))!.group.checkpointing).toBeUndefined();
});

it('sums up what is due over the shardlets of each group', async () => {
  for (const name of ['over-a', 'over-b', 'over-none']) await create(name);
  const verdict = (takenAtMs: number | null, totalMs: number, backlogEvents: number, isDue: boolean) =>
    ({ takenAtMs, recovery: { totalMs }, backlogEvents, isDue }) as never;
  await recoveries.save('over-a', [
    { shardlet: 1, verdict: verdict(2_000, 120.5, 9, true) },
    { shardlet: 2, verdict: verdict(1_000, 80, 40.25, false) },
    { shardlet: 3, verdict: verdict(null, 10, 1, true) },
  ]);
  await recoveries.save('over-b', [{ shardlet: 4, verdict: verdict(null, 1, 2, false) }]);
  const over = await recoveries.over(['over-a', 'over-b', 'over-none']);
  expect([...over].toSorted(([a], [b]) => (a < b ? -1 : 1))).toEqual([
    [
      'over-a',
      {
        ...{ shardlets: 3, oldestCheckpointAt: 1_000, withoutCheckpoint: 1 },
        ...{ recoveryMs: 120.5, backlog: 40.25, due: 2 },
      },
    ],
    [
      'over-b',
      {
        ...{ shardlets: 1, oldestCheckpointAt: null, withoutCheckpoint: 1 },
        ...{ recoveryMs: 1, backlog: 2, due: 0 },
      },
    ],
  ]);
  await prisma.$executeRaw`UPDATE consumer_checkpoint_due SET at = at - interval '61 seconds'`;
  expect(await recoveries.over(['over-a'])).toEqual(new Map());
});

it('keeps recoveries, the model of them, and verdicts for a minute', async () => {
  await create('measured');
  const recovery = { shardlet: 3, restoreMs: 12, bytes: 5e9, replayedEvents: 40, replayMs: 7 };
  await recoveries.note('measured', { ...recovery, fromLog: false, lostEvents: 0 });
  const [first] = await recoveries.after('measured', 0, 10);
  expect(first).toMatchObject({ ...recovery, fromLog: false, lostEvents: 0, atMs: expect.any(Number) });
  expect(await recoveries.after('measured', first!.id, 10)).toEqual([]);
  expect(await recoveries.model('measured')).toBeUndefined();
  const model = learnRestore(FIRST_RECOVERY_MODEL, { bytes: 1e6, ms: 40 });
  await recoveries.saveModel('measured', model);
  expect((await recoveries.model('measured'))!.model).toEqual(model);
  const verdict = { isDue: true, reason: 'backlog-above-threshold', limitShare: 1.5 } as never;
  await recoveries.save(
    'measured',
    [3, 1].map((shardlet) => ({ shardlet, verdict })),
  );
  await recoveries.save('measured', [{ shardlet: 3, verdict }]);
  expect(await recoveries.recent('measured')).toEqual([{ shardlet: 3, verdict }]);
  await prisma.$executeRaw`UPDATE consumer_checkpoint_due SET at = at - interval '61 seconds'`;
  expect(await recoveries.recent('measured')).toEqual([]);
  await recoveries.save('nowhere', [{ shardlet: 3, verdict }]);
  for (const bytes of [1, 2, 3])
    await recoveries.note('measured', { ...recovery, bytes, fromLog: true, lostEvents: 2 });
  const latest = async (limit: number) =>
    (await recoveries.latest('measured', limit)).map(({ bytes }) => bytes);
  expect(await latest(3)).toEqual([3, 2, 1]);
  await recoveries.forget('measured', 4);
  expect(await latest(9)).toEqual([3, 2, 1, 5e9]);
  await recoveries.forget('measured', 2);
  expect(await latest(9)).toEqual([3, 2]);
  await groups.remove('measured');
  expect(await recoveries.after('measured', 0, 10)).toEqual([]);
});
