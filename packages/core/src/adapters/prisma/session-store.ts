/** Sessions on PostgreSQL, by the hash of their cookie. The clock of the caller decides when they end. */
import type { Session, SessionStore } from '../../access/index.ts';
import { type Prisma, type PrismaClient, reaching } from './client.ts';
import type { Person as PersonRow, Session as Row } from './generated/client.ts';
import { named } from './order-effects.ts';
import { personFrom } from './person-store.ts';

const SEEN_EVERY_MS = 60_000;
const TEXT_MAX = 300;

export class PrismaSessionStore implements SessionStore {
  private readonly prisma: PrismaClient;
  private readonly databaseUrl: string;

  constructor(prisma: PrismaClient, databaseUrl: string) {
    this.prisma = prisma;
    this.databaseUrl = databaseUrl;
  }

  async create({ hash, personId, expiresAt, address, userAgent }: Parameters<SessionStore['create']>[0]) {
    const row = await this.reaching(() =>
      this.prisma.session.create({
        data: {
          ...{ hash: Buffer.from(hash, 'hex'), personId, expiresAt },
          ...{ address: address.slice(0, TEXT_MAX), userAgent: userAgent.slice(0, TEXT_MAX) },
        },
        include: { person: true },
      }),
    );
    return sessionFrom(row);
  }

  async byHash(hash: string, idleMs: number): Promise<Session | undefined> {
    const where = { ...living(idleMs), hash: Buffer.from(hash, 'hex') };
    const row = await this.reaching(() =>
      this.prisma.session.findFirst({ where, include: { person: true } }),
    );
    return row === null ? undefined : sessionFrom(row);
  }

  async seen(id: string): Promise<void> {
    const nowMs = Date.now();
    const where = { id, lastSeenAt: { lt: new Date(nowMs - SEEN_EVERY_MS) } };
    await this.reaching(() =>
      this.prisma.session.updateMany({ where, data: { lastSeenAt: new Date(nowMs) } }),
    );
  }

  async list(idleMs: number, personId?: string): Promise<Session[]> {
    const where = { ...living(idleMs), ...(personId === undefined ? {} : { personId }) };
    const rows = await this.reaching(() =>
      this.prisma.session.findMany({ where, include: { person: true }, orderBy: { id: 'desc' } }),
    );
    return rows.map(sessionFrom);
  }

  async end(id: string): Promise<boolean> {
    return (await this.endWhere({ id })) > 0;
  }

  endAll({ personId, exceptId }: Parameters<SessionStore['endAll']>[0]): Promise<number> {
    return this.endWhere({
      ...(personId === undefined ? {} : { personId }),
      ...(exceptId === undefined ? {} : { id: { not: exceptId } }),
    });
  }

  private async endWhere(where: Prisma.SessionWhereInput): Promise<number> {
    const { count } = await this.reaching(() =>
      named(this.prisma, (tx) =>
        tx.session.updateMany({ where: { ...where, endedAt: null }, data: { endedAt: new Date() } }),
      ),
    );
    return count;
  }

  private reaching<T>(query: () => Promise<T>): Promise<T> {
    return reaching(this.databaseUrl, query);
  }
}

function living(idleMs: number) {
  const nowMs = Date.now();
  return {
    endedAt: null,
    expiresAt: { gt: new Date(nowMs) },
    lastSeenAt: { gt: new Date(nowMs - idleMs) },
    person: { disabledAt: null },
  };
}

function sessionFrom(row: Row & { readonly person: PersonRow }): Session {
  const { id, createdAt, lastSeenAt, expiresAt, address, userAgent } = row;
  return { id, createdAt, lastSeenAt, expiresAt, address, userAgent, person: personFrom(row.person) };
}
