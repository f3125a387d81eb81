/** What runs of the planner leave behind: plans that follow it, and what is withdrawn, why, and by what it was replaced. */
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import type { PlanRecord, Recording } from '../../advising/index.ts';
import type { Recommendation } from '../../planning/index.ts';
import { openPrisma, type PrismaClient } from './client.ts';
import { migratedDatabase } from './migrated-database.fixture.ts';
import { PrismaPlanBook } from './plan-book.ts';
import { PrismaRecommendationLog } from './recommendation-log.ts';

const NOW = Date.parse('2026-11-23T12:00:00Z');
const EVERY = { ended: true, limit: 10 } as const;

let prisma: PrismaClient;
let log: PrismaRecommendationLog;
let book: PrismaPlanBook;

beforeAll(async () => {
  const url = await migratedDatabase(inject('postgresUrl'), 'recording');
  prisma = openPrisma(url);
  log = new PrismaRecommendationLog(prisma, url);
  book = new PrismaPlanBook(prisma, url);
});
afterAll(() => prisma.$disconnect());

function move(step: number, shardlet: string, change: Partial<Recommendation> = {}): Recommendation {
  return {
    ...{ step, action: 'move', phase: 'rebalance', shardlets: [shardlet], source: '1', destination: '2' },
    ...{ reason: 'hot', urgency: 'now', overloadAt: null, gain: null, etaSeconds: null, confidence: 1 },
    ...{ cost: { objective: 0, bytes: 1 }, alternatives: [], checks: [] },
    expiresAt: new Date(NOW + 3_600_000).toISOString(),
    ...change,
  };
}

function run(cluster: string, parts: Recommendation[], more: Partial<Recording> = {}): Promise<void> {
  const figures = { objective: 1, hottest: 1, mean: 1, hotHosts: 1, crossHostShare: null, shardlets: 1 };
  const plan: PlanRecord = {
    ...{
      revision: 'x',
      topologyVersion: 1,
      policy: { name: 'x', version: 1 },
      now: '',
      skipped: {},
      hosts: [],
    },
    ...{ recommendations: parts, before: figures, after: figures, nothingBecause: null },
    pressures: [{ host: '1', before: 2, after: 0.5 }],
  };
  return log.record(plan, { policyVersion: 1, nowMs: NOW, cluster, ...more });
}

const plansOf = (cluster: string) => book.list({ cluster, ...EVERY });

it('a plan follows the planner until it is decided, and says what was withdrawn, why, and what came instead', async () => {
  await run('a', [move(1, '10'), move(2, '11')]);
  const [first] = await plansOf('a');
  expect(first).toMatchObject({ revision: 1, summary: { focus: { host: '1', after: 0.5 } } });
  await run('a', [move(1, '10'), move(2, '11')]);
  expect((await plansOf('a')).map(({ id, revision }) => [id, revision])).toEqual([[first!.id, 1]]);
  const judge = { whyNotKept: () => undefined, whyWithdrawn: () => 'host-1 is cool' };
  await run('a', [move(1, '10'), move(2, '12')], { judge });
  const [changed] = await plansOf('a');
  expect([changed!.id, changed!.revision]).toEqual([first!.id, 2]);
  const states = changed!.parts.map(({ state, body }) => [body.shardlets[0], state]);
  expect(states).toEqual([
    ['10', 'open'],
    ['11', 'withdrawn'],
    ['12', 'open'],
  ]);
  const [, gone, successor] = changed!.parts;
  expect(gone).toMatchObject({ result: 'host-1 is cool', replacedBy: successor!.id });
});

it('from the approval of a part by a person the others are kept, and what is new makes a new plan', async () => {
  await run('b', [move(1, '10'), move(2, '11')]);
  const [plan] = await plansOf('b');
  const [first, second] = plan!.parts;
  const approval = { revision: 1, topologyVersion: 1, note: '', atMs: NOW, notBeforeMs: null };
  await log.approve(first!.id, { ...approval, actor: 'ann' });
  const judge = { whyNotKept: () => undefined, whyWithdrawn: () => 'never asked' };
  await run('b', [move(1, '20', { source: '3' })], { judge });
  const [added, kept] = await plansOf('b');
  expect(kept!.parts.map(({ state }) => state)).toEqual(['approved', 'open']);
  expect(added!.parts.map(({ body }) => body.shardlets[0])).toEqual(['20']);
  expect((await log.kept('b')).map(({ id }) => id)).toEqual([second!.id]);
  await run('b', [], { judge: { ...judge, whyNotKept: () => 'its destination is full' } });
  const after = (await book.find(plan!.id))!;
  expect(after.parts[1]).toMatchObject({ state: 'withdrawn', result: 'its destination is full' });
});

it('what the policy approves keeps nothing', async () => {
  await run('c', [move(1, '10'), move(2, '11')]);
  const [plan] = await plansOf('c');
  const approval = { revision: 1, topologyVersion: 1, note: '', atMs: NOW, notBeforeMs: null };
  await log.approve(plan!.parts[0]!.id, { ...approval, actor: 'policy p (version 1)' });
  expect(await log.kept('c')).toEqual([]);
});

it('what prepares for a peak is a plan of its own', async () => {
  const prepares = { peakAt: new Date(NOW).toISOString(), bestAt: new Date(NOW).toISOString() };
  await run('d', [move(1, '10'), move(2, '11', { prepares })]);
  expect((await plansOf('d')).map(({ parts }) => parts.length)).toEqual([1, 1]);
});

it('of two people who undo at the same time one is first', async () => {
  await run('e', [move(1, '10')]);
  const [plan] = await plansOf('e');
  const undone = { atMs: NOW, note: '', moves: [] };
  const both = await Promise.all(['ann', 'ben'].map((by) => book.undo(plan!.id, { ...undone, by })));
  expect(both.filter(Boolean)).toHaveLength(1);
});
