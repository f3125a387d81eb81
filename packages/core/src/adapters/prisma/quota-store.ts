/** Quotas of single tokens and streams. Edges read them every few seconds. */
import type { QuotaStore, StoredQuota } from '../../operations/handlers/index.ts';
import { type PrismaClient, reaching } from './client.ts';
import { named } from './order-effects.ts';

export class PrismaQuotaStore implements QuotaStore {
  private readonly prisma: PrismaClient;
  private readonly databaseUrl: string;

  constructor(prisma: PrismaClient, databaseUrl: string) {
    this.prisma = prisma;
    this.databaseUrl = databaseUrl;
  }

  async list(): Promise<StoredQuota[]> {
    const orderBy = [{ scope: 'asc' }, { subject: 'asc' }] as const;
    const rows = await reaching(this.databaseUrl, () =>
      this.prisma.quota.findMany({ orderBy: [...orderBy] }),
    );
    return rows.map(({ scope, subject, eventsPerSecond, bytesPerSecond }) => ({
      scope: scope as StoredQuota['scope'],
      subject,
      eventsPerSecond: eventsPerSecond ?? undefined,
      bytesPerSecond: bytesPerSecond === null ? undefined : Number(bytesPerSecond),
    }));
  }

  async set({ scope, subject, eventsPerSecond, bytesPerSecond }: StoredQuota): Promise<void> {
    const values = {
      eventsPerSecond: eventsPerSecond ?? null,
      bytesPerSecond: bytesPerSecond === undefined ? null : BigInt(bytesPerSecond),
    };
    await reaching(this.databaseUrl, () =>
      named(this.prisma, (tx) =>
        tx.quota.upsert({
          where: { scope_subject: { scope, subject } },
          create: { scope, subject, ...values },
          update: values,
        }),
      ),
    );
  }

  async remove(scope: StoredQuota['scope'], subject: string): Promise<boolean> {
    const { count } = await reaching(this.databaseUrl, () =>
      named(this.prisma, (tx) => tx.quota.deleteMany({ where: { scope, subject } })),
    );
    return count > 0;
  }
}
