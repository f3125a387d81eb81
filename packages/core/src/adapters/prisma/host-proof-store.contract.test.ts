import { afterAll, beforeAll, inject } from 'vitest';
import { describeHostProofStore } from '../../hosts/proof-store.contract-suite.ts';
import { openPrisma, type PrismaClient } from './client.ts';
import { PrismaHostProofs } from './host-proof-store.ts';
import { migratedDatabase } from './migrated-database.fixture.ts';

let url: string;
let prisma: PrismaClient;

beforeAll(async () => {
  url = await migratedDatabase(inject('postgresUrl'), 'proofs');
  prisma = openPrisma(url);
});
afterAll(() => prisma.$disconnect());

describeHostProofStore('on PostgreSQL', async () => {
  await prisma.hostProof.deleteMany();
  await prisma.hostClaim.deleteMany();
  return new PrismaHostProofs(prisma, url);
});
