/** Descriptions of external clusters on PostgreSQL: a document each, replaced only by who has seen the newest. */
import { type ClusterStore, type ExternalCluster, externalClusterSchema } from '../../external/index.ts';
import { type PrismaClient, reaching } from './client.ts';
import type { ExternalCluster as Row } from './generated/client.ts';
import { named } from './order-effects.ts';

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

  async nextNumber(): Promise<number> {
    const [next] = await this.reaching(
      () => this.prisma.$queryRaw<[{ number: bigint }]>`
        SELECT nextval(pg_get_serial_sequence('external_cluster', 'number')) AS number`,
    );
    return Number(next.number);
  }

  async add(cluster: ExternalCluster): Promise<boolean> {
    const { name, number, revision } = cluster;
    const data = [{ name, number, revision, document: documentOf(cluster) }];
    const { count } = await this.reaching(() =>
      named(this.prisma, (tx) => tx.externalCluster.createMany({ data, skipDuplicates: true })),
    );
    return count > 0;
  }

  async save(cluster: ExternalCluster, { revision }: ExternalCluster): Promise<boolean> {
    const { name } = cluster;
    const data = { document: documentOf(cluster), revision: { increment: 1 } };
    const { count } = await this.reaching(() =>
      named(this.prisma, (tx) => tx.externalCluster.updateMany({ where: { name, revision }, data })),
    );
    return count > 0;
  }

  async remove(name: string): Promise<boolean> {
    const { count } = await this.reaching(() =>
      named(this.prisma, (tx) => tx.externalCluster.deleteMany({ where: { name } })),
    );
    return count > 0;
  }

  private reaching<T>(query: () => Promise<T>): Promise<T> {
    return reaching(this.databaseUrl, query);
  }
}

function documentOf({ name: _, number: __, revision: ___, ...document }: ExternalCluster): string {
  return JSON.stringify(document);
}

function clusterFrom({ name, number, revision, document }: Row): ExternalCluster {
  return externalClusterSchema.parse({
    ...JSON.parse(document),
    name,
    number: Number(number),
    revision: Number(revision),
  });
}
