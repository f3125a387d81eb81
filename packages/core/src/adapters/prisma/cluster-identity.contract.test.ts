import { createDatabase } from '@foreshard/local';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { openPrisma, type PrismaClient } from './client.ts';
import { PrismaClusterIdentity } from './cluster-identity.ts';
import { applyMigrations } from './migrator.ts';

const MIGRATIONS = new URL('../../../../../prisma/migrations', import.meta.url).pathname;

const opened: PrismaClient[] = [];
let own: PrismaClusterIdentity;
let other: PrismaClusterIdentity;

async function newCluster(name: string): Promise<PrismaClusterIdentity> {
  const url = await createDatabase(inject('postgresUrl'), `${name}_${process.pid}`);
  await applyMigrations(url, MIGRATIONS);
  const prisma = openPrisma(url);
  opened.push(prisma);
  return new PrismaClusterIdentity(prisma, url);
}

beforeAll(async () => {
  [own, other] = await Promise.all([newCluster('identity_own'), newCluster('identity_other')]);
});
afterAll(() => Promise.all(opened.map((prisma) => prisma.$disconnect())));

it('is made once for each control plane, with a name that tells two apart', async () => {
  const [mine, theirs] = await Promise.all([own.read(), other.read()]);
  expect(await own.read()).toEqual(mine);
  expect(mine.id).not.toBe(theirs.id);
  expect(mine.name).toBe(`cluster-${mine.id.slice(0, 6)}`);
});

it('keeps its id when it is given a name', async () => {
  const { id } = await own.read();
  await own.rename('orders');
  expect(await own.read()).toEqual({ id, name: 'orders' });
});
