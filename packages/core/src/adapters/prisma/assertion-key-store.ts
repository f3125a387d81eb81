/** Public keys with which edges judge what consoles assert. */
import type { AssertionKey, AssertionKeyStore } from '../../access/index.ts';
import { type PrismaClient, reaching } from './client.ts';

export class PrismaAssertionKeys implements AssertionKeyStore {
  private readonly prisma: PrismaClient;
  private readonly databaseUrl: string;

  constructor(prisma: PrismaClient, databaseUrl: string) {
    this.prisma = prisma;
    this.databaseUrl = databaseUrl;
  }

  async publish({ id, publicKey, expiresAt }: AssertionKey): Promise<void> {
    const data = { id, publicKey: { ...publicKey } as Record<string, string>, expiresAt };
    await reaching(this.databaseUrl, () =>
      this.prisma.assertionKey.upsert({ where: { id }, create: data, update: { expiresAt } }),
    );
  }

  async list(): Promise<AssertionKey[]> {
    const where = { expiresAt: { gt: new Date() } };
    const rows = await reaching(this.databaseUrl, () =>
      this.prisma.assertionKey.findMany({ where, orderBy: { id: 'asc' } }),
    );
    return rows.map(({ id, publicKey, expiresAt }) => {
      return { id, publicKey: publicKey as AssertionKey['publicKey'], expiresAt };
    });
  }

  async prune(): Promise<number> {
    const where = { expiresAt: { lte: new Date() } };
    const { count } = await reaching(this.databaseUrl, () => this.prisma.assertionKey.deleteMany({ where }));
    return count;
  }
}
