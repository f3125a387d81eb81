/** The identity of the cluster on PostgreSQL: one row, which the migration has made. */
import type { ClusterIdentity, ClusterIdentityStore } from '../../topology/index.ts';
import { type PrismaClient, reaching } from './client.ts';

export class PrismaClusterIdentity implements ClusterIdentityStore {
  private readonly prisma: PrismaClient;
  private readonly databaseUrl: string;

  constructor(prisma: PrismaClient, databaseUrl: string) {
    this.prisma = prisma;
    this.databaseUrl = databaseUrl;
  }

  async read(): Promise<ClusterIdentity> {
    const [row] = await reaching(
      this.databaseUrl,
      () => this.prisma.$queryRaw<ClusterIdentity[]>`SELECT id, name FROM cluster_identity`,
    );
    if (row === undefined) throw new Error('cluster_identity has no row: its migration was undone');
    return row;
  }

  async rename(name: string): Promise<void> {
    await reaching(
      this.databaseUrl,
      () => this.prisma.$executeRaw`UPDATE cluster_identity SET name = ${name} WHERE name <> ${name}`,
    );
  }
}
