/** People on PostgreSQL. Changes go one after the other, so that two of them cannot take away the last administrator. */
import {
  allows,
  grantsOf,
  type NewPerson,
  type Person,
  type PersonChange,
  type PersonSecrets,
  type PersonStore,
  type RoleGrant,
} from '../../access/index.ts';
import { Prisma, type PrismaClient, reaching } from './client.ts';
import type { Person as Row } from './generated/client.ts';
import { named, namedTransaction } from './order-effects.ts';

/** Of changes to people, in the space of PostgreSQL's advisory locks. */
const CHANGES_LOCK = 7_204_118;
const TAKEN = 'P2002';

type Transaction = Prisma.TransactionClient;

export class PrismaPersonStore implements PersonStore {
  private readonly prisma: PrismaClient;
  private readonly databaseUrl: string;

  constructor(prisma: PrismaClient, databaseUrl: string) {
    this.prisma = prisma;
    this.databaseUrl = databaseUrl;
  }

  async list(): Promise<Person[]> {
    const rows = await this.reaching(() => this.prisma.person.findMany({ orderBy: { email: 'asc' } }));
    return rows.map(personFrom);
  }

  async byId(id: string): Promise<Person | undefined> {
    const row = await this.reaching(() => this.prisma.person.findUnique({ where: { id } }));
    return row === null ? undefined : personFrom(row);
  }

  async byEmail(email: string): Promise<(Person & PersonSecrets) | undefined> {
    const where = { email: email.toLowerCase() };
    const row = await this.reaching(() => this.prisma.person.findUnique({ where }));
    if (row === null) return undefined;
    return { ...personFrom(row), passwordHash: row.passwordHash ?? undefined, failures: row.failures };
  }

  async byOidc(oidcIssuer: string, oidcSubject: string): Promise<Person | undefined> {
    const where = { oidcIssuer_oidcSubject: { oidcIssuer, oidcSubject } };
    const row = await this.reaching(() => this.prisma.person.findUnique({ where }));
    return row === null ? undefined : personFrom(row);
  }

  async create({ email, name, roles, passwordHash, oidc }: NewPerson): Promise<Person | undefined> {
    const data = {
      ...{ email: email.toLowerCase(), name, roles: jsonOf(roles) },
      ...{ passwordHash: passwordHash ?? null },
      ...{ oidcIssuer: oidc?.issuer ?? null, oidcSubject: oidc?.subject ?? null },
    };
    try {
      return personFrom(await this.reaching(() => named(this.prisma, (tx) => tx.person.create({ data }))));
    } catch (error) {
      if (error instanceof Prisma.PrismaClientKnownRequestError && error.code === TAKEN) return undefined;
      throw error;
    }
  }

  change(id: string, change: PersonChange): Promise<Person | 'last-administrator' | undefined> {
    return this.alone(async (transaction) => {
      const row = await transaction.person.findUnique({ where: { id } });
      if (row === null) return undefined;
      const data = dataOf(change, row);
      if (isAdministrator(row) && !isAdministrator({ ...row, ...data, roles: data.roles ?? row.roles }))
        if (await isLast(transaction, id)) return 'last-administrator';
      return personFrom(await transaction.person.update({ where: { id }, data }));
    });
  }

  remove(id: string): Promise<'removed' | 'last-administrator' | undefined> {
    return this.alone(async (transaction) => {
      const row = await transaction.person.findUnique({ where: { id } });
      if (row === null) return undefined;
      if (isAdministrator(row) && (await isLast(transaction, id))) return 'last-administrator';
      const own = { ownerId: id, revokedAt: null };
      await transaction.apiToken.updateMany({ where: own, data: { revokedAt: new Date() } });
      await transaction.oneTimeLink.deleteMany({ where: { email: row.email, usedAt: null } });
      await transaction.person.delete({ where: { id } });
      return 'removed';
    });
  }

  async failed(id: string, failuresMax: number, lockMs: number): Promise<Date | undefined> {
    // one statement, so that wrong passwords that arrive together are all counted
    const rows = await this.reaching(
      () => this.prisma.$queryRaw<{ locked_until: Date | null }[]>`
        UPDATE person
           SET failures = CASE WHEN failures + 1 >= ${failuresMax} THEN 0 ELSE failures + 1 END,
               locked_until = CASE WHEN failures + 1 >= ${failuresMax}
                 THEN now() + ${lockMs} * interval '1 millisecond' ELSE locked_until END
         WHERE id = ${id}::uuid
        RETURNING locked_until`,
    );
    const until = rows[0]?.locked_until ?? undefined;
    return until !== undefined && until.getTime() > Date.now() ? until : undefined;
  }

  async signedIn(id: string): Promise<void> {
    const data = { failures: 0, lockedUntil: null, lastSignInAt: new Date() };
    await this.reaching(() => this.prisma.person.updateMany({ where: { id }, data }));
  }

  private alone<T>(work: (transaction: Transaction) => Promise<T>): Promise<T> {
    return this.reaching(() =>
      namedTransaction(
        this.prisma,
        async (transaction) => {
          await transaction.$executeRaw`SELECT pg_advisory_xact_lock(${CHANGES_LOCK})`;
          return work(transaction);
        },
        { hasChanged: (result) => result !== undefined && result !== 'last-administrator' },
      ),
    );
  }

  private reaching<T>(query: () => Promise<T>): Promise<T> {
    return reaching(this.databaseUrl, query);
  }
}

function dataOf({ name, roles, state, passwordHash }: PersonChange, { disabledAt }: Row) {
  return {
    ...(name === undefined ? {} : { name }),
    ...(roles === undefined ? {} : { roles: jsonOf(roles) }),
    ...(state === undefined ? {} : { disabledAt: state === 'active' ? null : (disabledAt ?? new Date()) }),
    // whoever was sent a new password may use it at once
    ...(passwordHash === undefined ? {} : { passwordHash, failures: 0, lockedUntil: null }),
  };
}

/** The way back in: somebody who manages people, and needs no identity provider for that. */
function isAdministrator(row: Pick<Row, 'disabledAt' | 'passwordHash'> & { roles: unknown }): boolean {
  if (row.disabledAt !== null || row.passwordHash === null) return false;
  return allows(grantsOf(row.roles as RoleGrant[]), 'users:manage');
}

async function isLast(transaction: Transaction, id: string): Promise<boolean> {
  const others = await transaction.person.findMany({ where: { id: { not: id }, disabledAt: null } });
  return !others.some(isAdministrator);
}

function jsonOf(roles: readonly RoleGrant[]): Prisma.InputJsonValue {
  return roles as unknown as Prisma.InputJsonValue;
}

export function personFrom(row: Row): Person {
  const { id, email, name, createdAt } = row;
  return {
    ...{ id, email, name, createdAt },
    roles: row.roles as unknown as RoleGrant[],
    state: row.disabledAt === null ? 'active' : 'disabled',
    signIn: row.oidcIssuer === null ? 'password' : 'oidc',
    lastSignInAt: row.lastSignInAt ?? undefined,
    lockedUntil: row.lockedUntil ?? undefined,
  };
}
