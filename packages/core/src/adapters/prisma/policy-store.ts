/** Policies on PostgreSQL. Versions are only ever appended, under a lock of their own. */
import {
  DEFAULT_POLICY_VERSION,
  type PolicyChange,
  type PolicyStore,
  type PolicyVersion,
} from '../../advising/index.ts';
import { policySchema } from '../../planning/index.ts';
import { type PrismaClient, reaching } from './client.ts';
import type { PolicyVersion as Row } from './generated/client.ts';
import { namedTransaction } from './order-effects.ts';

/** key space of the advisory lock */
const POLICY_LOCK = 0x706f;

export class PrismaPolicyStore implements PolicyStore {
  private readonly prisma: PrismaClient;
  private readonly databaseUrl: string;

  constructor(prisma: PrismaClient, databaseUrl: string) {
    this.prisma = prisma;
    this.databaseUrl = databaseUrl;
  }

  async at(ms: number): Promise<PolicyVersion> {
    const row = await this.reaching(() =>
      this.prisma.policyVersion.findFirst({
        where: { effectiveMs: { lte: ms } },
        orderBy: { version: 'desc' },
      }),
    );
    return row === null ? DEFAULT_POLICY_VERSION : versionFrom(row);
  }

  async versions(limit: number): Promise<PolicyVersion[]> {
    const query = { orderBy: { version: 'desc' }, take: limit } as const;
    return (await this.reaching(() => this.prisma.policyVersion.findMany(query))).map(versionFrom);
  }

  add({ from, policy, ...change }: PolicyChange): Promise<PolicyVersion | undefined> {
    return this.reaching(() =>
      namedTransaction(this.prisma, async (tx) => {
        await tx.$executeRaw`SELECT pg_advisory_xact_lock(${POLICY_LOCK}::int, 0::int)`;
        const newest = await tx.policyVersion.findFirst({ orderBy: { version: 'desc' } });
        if (Number(newest?.version ?? 0) !== from) return undefined;
        const data = { version: from + 1, policy: JSON.stringify(policy), ...change };
        return versionFrom(await tx.policyVersion.create({ data }));
      }),
    );
  }

  private reaching<T>(query: () => Promise<T>): Promise<T> {
    return reaching(this.databaseUrl, query);
  }
}

/** Settings that were added since have their defaults. */
function versionFrom({ version, policy, createdMs, effectiveMs, ...row }: Row): PolicyVersion {
  return {
    ...row,
    version: Number(version),
    policy: policySchema.parse(JSON.parse(policy)),
    createdMs: Number(createdMs),
    effectiveMs: Number(effectiveMs),
  };
}
