import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { openPrisma, type PrismaClient } from './client.ts';
import { migratedDatabase } from './migrated-database.fixture.ts';
import { PrismaQuotaStore } from './quota-store.ts';

let prisma: PrismaClient;
let quotas: PrismaQuotaStore;

beforeAll(async () => {
  const url = await migratedDatabase(inject('postgresUrl'), 'quotas');
  prisma = openPrisma(url);
  quotas = new PrismaQuotaStore(prisma, url);
});
afterAll(() => prisma.$disconnect());

it('keeps one quota of each token and stream, and forgets it', async () => {
  const stream = { scope: 'stream', subject: 'main' } as const;
  await quotas.set({ ...stream, eventsPerSecond: 100, bytesPerSecond: undefined });
  await quotas.set({ ...stream, eventsPerSecond: undefined, bytesPerSecond: 5_000_000_000 });
  await quotas.set({ scope: 'token', subject: 'main', eventsPerSecond: 7, bytesPerSecond: undefined });
  expect(await quotas.list()).toEqual([
    { ...stream, eventsPerSecond: undefined, bytesPerSecond: 5_000_000_000 },
    { scope: 'token', subject: 'main', eventsPerSecond: 7, bytesPerSecond: undefined },
  ]);
  expect(await quotas.remove('stream', 'main')).toBe(true);
  expect(await quotas.remove('stream', 'main')).toBe(false);
  expect((await quotas.list()).map(({ scope }) => scope)).toEqual(['token']);
});
