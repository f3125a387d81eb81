/** One-time links on PostgreSQL, by the hash of their secret. */
import type { LinkKind, LinkStore, OneTimeLink, RoleGrant } from '../../access/index.ts';
import { type Prisma, type PrismaClient, reaching } from './client.ts';
import type { OneTimeLink as Row } from './generated/client.ts';
import { named, namedTransaction } from './order-effects.ts';

const FIRST: LinkKind = 'first-administrator';
const INVITATION: LinkKind = 'invitation';

export class PrismaLinkStore implements LinkStore {
  private readonly prisma: PrismaClient;
  private readonly databaseUrl: string;

  constructor(prisma: PrismaClient, databaseUrl: string) {
    this.prisma = prisma;
    this.databaseUrl = databaseUrl;
  }

  async create({ hash, kind, email, roles = [], createdBy, expiresAt }: Parameters<LinkStore['create']>[0]) {
    const address = email?.toLowerCase() ?? null;
    const data = {
      ...{ hash: Buffer.from(hash, 'hex'), kind, email: address, createdBy, expiresAt },
      roles: roles as unknown as Prisma.InputJsonValue,
    };
    // the newest link of a kind for a person is the one that holds
    const older = { kind, usedAt: null, ...(kind === FIRST ? {} : { email: address }) };
    const row = await this.reaching(() =>
      namedTransaction(this.prisma, async (tx) => {
        await tx.oneTimeLink.deleteMany({ where: older });
        return tx.oneTimeLink.create({ data });
      }),
    );
    return linkFrom(row);
  }

  async byHash(hash: string): Promise<OneTimeLink | undefined> {
    const where = { ...usable(), hash: Buffer.from(hash, 'hex') };
    const row = await this.reaching(() => this.prisma.oneTimeLink.findFirst({ where }));
    return row === null ? undefined : linkFrom(row);
  }

  async use(id: string): Promise<boolean> {
    const { count } = await this.reaching(() =>
      named(this.prisma, (tx) =>
        tx.oneTimeLink.updateMany({ where: { ...usable(), id }, data: { usedAt: new Date() } }),
      ),
    );
    return count === 1;
  }

  async open(): Promise<OneTimeLink[]> {
    const where = { ...usable(), kind: INVITATION };
    const rows = await this.reaching(() =>
      this.prisma.oneTimeLink.findMany({ where, orderBy: { id: 'desc' } }),
    );
    return rows.map(linkFrom);
  }

  async revoke(id: string): Promise<boolean> {
    const { count } = await this.reaching(() =>
      named(this.prisma, (tx) => tx.oneTimeLink.deleteMany({ where: { id, usedAt: null } })),
    );
    return count === 1;
  }

  private reaching<T>(query: () => Promise<T>): Promise<T> {
    return reaching(this.databaseUrl, query);
  }
}

function usable() {
  return { usedAt: null, expiresAt: { gt: new Date() } };
}

function linkFrom(row: Row): OneTimeLink {
  const { id, createdBy, createdAt, expiresAt } = row;
  return {
    ...{ id, createdBy, createdAt, expiresAt },
    kind: row.kind as LinkKind,
    email: row.email ?? undefined,
    roles: row.roles as unknown as RoleGrant[],
    usedAt: row.usedAt ?? undefined,
  };
}
