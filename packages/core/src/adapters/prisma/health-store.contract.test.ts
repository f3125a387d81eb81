/** What is shown as health now and over time, on a real PostgreSQL. */
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import type { HealthPicture } from '../../profiling/index.ts';
import { openPrisma, type PrismaClient } from './client.ts';
import { PrismaHealthStore } from './health-store.ts';
import { migratedDatabase } from './migrated-database.fixture.ts';

const HOUR_MS = 3_600_000;

let prisma: PrismaClient;
let health: PrismaHealthStore;

beforeAll(async () => {
  const url = await migratedDatabase(inject('postgresUrl'), 'health');
  prisma = openPrisma(url);
  health = new PrismaHealthStore(prisma, url);
});
afterAll(() => prisma.$disconnect());

function picture(atMs: number, scores: Readonly<Record<number, number>>): HealthPicture {
  const hosts = Object.entries(scores).map(([id, score]) => [Number(id), { score, parts: [] }] as const);
  return { atMs, shardlets: new Map(), hosts: new Map(hosts) };
}

const scores = async (resolution: 'minute' | 'hour') =>
  (await health.history({ kind: 'host', id: 1 }, resolution, 0, HOUR_MS)).map(({ atMs, score }) => [
    atMs,
    score,
  ]);

it('shows the newest of a minute, and the worst of an hour', async () => {
  for (const made of [picture(0, { 1: 90, 2: 90 }), picture(60_000, { 1: 0, 2: 90 })]) await health.add(made);
  await health.add(picture(61_000, { 1: 100 }));
  expect([...(await health.current())!.hosts]).toEqual([[1, { score: 100, parts: [] }]]);
  expect(await scores('minute')).toEqual([
    [0, 90],
    [60_000, 100],
  ]);
  expect(await scores('hour')).toEqual([[0, 0]]);
});
