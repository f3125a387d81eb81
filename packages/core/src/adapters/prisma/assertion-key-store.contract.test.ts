import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { PrismaAssertionKeys } from './assertion-key-store.ts';
import { openPrisma, type PrismaClient } from './client.ts';
import { migratedDatabase } from './migrated-database.fixture.ts';

const MINUTE_MS = 60_000;

let prisma: PrismaClient;
let keys: PrismaAssertionKeys;

beforeAll(async () => {
  const url = await migratedDatabase(inject('postgresUrl'), 'assertions');
  prisma = openPrisma(url);
  keys = new PrismaAssertionKeys(prisma, url);
});
afterAll(() => prisma.$disconnect());

it('lists the keys that can still have signed something, and forgets the others', async () => {
  const publicKey = { kty: 'OKP', crv: 'Ed25519', x: 'AAAA' };
  const valid = { id: 'valid', publicKey, expiresAt: new Date(Date.now() + MINUTE_MS) };
  await keys.publish(valid);
  await keys.publish({ id: 'expired', publicKey, expiresAt: new Date(Date.now() - 1) });
  expect(await keys.list()).toEqual([valid]);
  expect(await keys.prune()).toBe(1);
  expect(await keys.prune()).toBe(0);
  expect(await keys.list()).toEqual([valid]);
  // again: nothing becomes of it
  await keys.publish(valid);
  expect(await keys.list()).toEqual([valid]);
});
