import { createDatabase } from '@foreshard/local';
import { afterAll, beforeAll, inject } from 'vitest';
import { describeHostProofStore } from '../../hosts/proof-store.contract-suite.ts';
import { openPrisma, type PrismaClient } from './client.ts';
import { PrismaHostProofs } from './host-proof-store.ts';
import { applyMigrations } from './migrator.ts';

const MIGRATIONS = new URL('../../../../../prisma/migrations', import.meta.url).pathname;

let url: string;
let prisma: PrismaClient;

beforeAll(async () => {
  url = await createDatabase(inject('postgresUrl'), `proofs_${process.pid}`);
  await applyMigrations(url, MIGRATIONS);
  prisma = openPrisma(url);
});
afterAll(() => prisma.$disconnect());

describeHostProofStore('on PostgreSQL', async () => {
  await prisma.hostProof.deleteMany();
  await prisma.hostClaim.deleteMany();
  return new PrismaHostProofs(prisma, url);
});
