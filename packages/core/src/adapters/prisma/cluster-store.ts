/** Descriptions of external clusters on PostgreSQL: a document each, replaced only by who has seen the newest. */
import { type ClusterStore, type ExternalCluster, externalClusterSchema } from '../../external/index.ts';
import { type PrismaClient, reaching } from './client.ts';
import type { ExternalCluster as Row } from './generated/client.ts';

export class PrismaClusterStore implements ClusterStore {
  private readonly prisma: PrismaClient;
  private readonly databaseUrl: string;

  constructor(prisma: PrismaClient, databaseUrl: string) {
    this.prisma = prisma;
    this.databaseUrl = databaseUrl;
  }

  async list(): Promise<ExternalCluster[]> {
    const query = { orderBy: { name: 'asc' } } as const;
    return (await this.reaching(() => this.prisma.externalCluster.findMany(query))).map(clusterFrom);
  }

  async find(name: string): Promise<ExternalCluster | undefined> {
    const row = await this.reaching(() => this.prisma.externalCluster.findUnique({ where: { name } }));
    return row === null ? undefined : clusterFrom(row);
  }

  async add({
    name,
    ...cluster
  }: Omit<ExternalCluster, 'number' | 'revision'>): Promise<ExternalCluster | undefined> {
    const data = [{ name, document: JSON.stringify(cluster) }];
    const { count } = await this.reaching(() =>
      this.prisma.externalCluster.createMany({ data, skipDuplicates: true }),
    );
    return count === 0 ? undefined : this.find(name);
  }

  async save(cluster: ExternalCluster, { revision }: ExternalCluster): Promise<boolean> {
    const { name, number: _, revision: __, ...document } = cluster;
    const data = { document: JSON.stringify(document), revision: { increment: 1 } };
    const { count } = await this.reaching(() =>
      this.prisma.externalCluster.updateMany({ where: { name, revision }, data }),
    );
    return count > 0;
  }

  async remove(name: string): Promise<boolean> {
    const { count } = await this.reaching(() => this.prisma.externalCluster.deleteMany({ where: { name } }));
    return count > 0;
  }

  private reaching<T>(query: () => Promise<T>): Promise<T> {
    return reaching(this.databaseUrl, query);
  }
}

function clusterFrom({ name, number, revision, document }: Row): ExternalCluster {
  return externalClusterSchema.parse({
    ...JSON.parse(document),
    name,
    number: Number(number),
    revision: Number(revision),
  });
}
