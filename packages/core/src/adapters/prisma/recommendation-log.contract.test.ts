import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { openPrisma, type PrismaClient } from './client.ts';
import { migratedDatabase } from './migrated-database.fixture.ts';
import { PrismaRecommendationLog } from './recommendation-log.ts';

const NOW = Date.parse('2026-11-23T12:00:00Z');

let prisma: PrismaClient;
let log: PrismaRecommendationLog;

beforeAll(async () => {
  const url = await migratedDatabase(inject('postgresUrl'), 'recommendations');
  prisma = openPrisma(url);
  log = new PrismaRecommendationLog(prisma, url);
});
afterAll(() => prisma.$disconnect());

async function add(): Promise<number> {
  const fields = { topologyVersion: 1, policyVersion: 1, firstMs: NOW, lastMs: NOW, expiresMs: NOW };
  const data = { key: 'move:1', essence: 'e', revision: 1, state: 'open', body: '{}', ...fields };
  return Number((await prisma.recommendation.create({ data })).id);
}

it('of two people who approve first at the same time one is the first', async () => {
  const id = await add();
  const both = await Promise.all([
    log.approveFirst(id, 1, { by: 'ann', atMs: NOW }),
    log.approveFirst(id, 1, { by: 'ben', atMs: NOW }),
  ]);
  expect(both.filter(Boolean)).toHaveLength(1);
  const by = both[0] ? 'ann' : 'ben';
  expect((await log.find(id))!.firstApproval).toEqual({ by, atMs: NOW });
  expect((await log.find(id))!.state).toBe('open');
});

it('a first approval holds for the revision that was seen', async () => {
  const id = await add();
  expect(await log.approveFirst(id, 2, { by: 'ann', atMs: NOW })).toBe(false);
  expect(await log.approveFirst(id, 1, { by: 'ann', atMs: NOW })).toBe(true);
  await prisma.recommendation.update({ where: { id }, data: { revision: 2 } });
  expect((await log.find(id))!.firstApproval).toBeNull();
  expect(await log.approveFirst(id, 2, { by: 'ben', atMs: NOW + 1 })).toBe(true);
  expect((await log.find(id))!.firstApproval).toEqual({ by: 'ben', atMs: NOW + 1 });
  await log.reject(id, 'ben', 'no', NOW);
  expect(await log.approveFirst(id, 2, { by: 'ann', atMs: NOW })).toBe(false);
});
