/** Orders of hosts on PostgreSQL. */
import type { HostOrder, HostOrders, HostProvider } from '../../advising/index.ts';
import { type PrismaClient, reaching } from './client.ts';
import type { HostOrder as Row } from './generated/client.ts';
import { named } from './order-effects.ts';

export class PrismaHostOrders implements HostOrders {
  private readonly prisma: PrismaClient;
  private readonly databaseUrl: string;

  constructor(prisma: PrismaClient, databaseUrl: string) {
    this.prisma = prisma;
    this.databaseUrl = databaseUrl;
  }

  async add(order: HostOrder): Promise<void> {
    await this.reaching(() =>
      named(this.prisma, (tx) => tx.hostOrder.createMany({ data: [order], skipDuplicates: true })),
    );
  }

  async find(recommendation: number): Promise<HostOrder | undefined> {
    const row = await this.reaching(() => this.prisma.hostOrder.findUnique({ where: { recommendation } }));
    return row === null ? undefined : orderFrom(row);
  }

  async asked(provider: HostProvider): Promise<HostOrder[]> {
    const query = { where: { provider, state: 'asked' }, orderBy: { recommendation: 'asc' } } as const;
    return (await this.reaching(() => this.prisma.hostOrder.findMany(query))).map(orderFrom);
  }

  async report(recommendation: number, state: HostOrder['state'], detail: string): Promise<void> {
    const data = { state, detail };
    await this.reaching(() => this.prisma.hostOrder.updateMany({ where: { recommendation }, data }));
  }

  private reaching<T>(query: () => Promise<T>): Promise<T> {
    return reaching(this.databaseUrl, query);
  }
}

function orderFrom(row: Row): HostOrder {
  return {
    ...row,
    recommendation: Number(row.recommendation),
    provider: row.provider as HostProvider,
    kind: row.kind as HostOrder['kind'],
    afterHost: Number(row.afterHost),
    host: row.host === null ? null : Number(row.host),
    state: row.state as HostOrder['state'],
    createdMs: Number(row.createdMs),
  };
}
