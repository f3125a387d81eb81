/** Hints on PostgreSQL. Removed ones stay: who added and removed them, when and why, is their audit. */
import type { Hint, HintQuery, HintStore } from '../../hints/index.ts';
import { type PrismaClient, reaching } from './client.ts';
import type { Hint as Row } from './generated/client.ts';
import { named } from './order-effects.ts';

export class PrismaHintStore implements HintStore {
  private readonly prisma: PrismaClient;
  private readonly databaseUrl: string;

  constructor(prisma: PrismaClient, databaseUrl: string) {
    this.prisma = prisma;
    this.databaseUrl = databaseUrl;
  }

  async add({ scope, repeat, ...hint }: Omit<Hint, 'removedMs' | 'removedBy'>): Promise<void> {
    const data = {
      ...hint,
      scope: JSON.stringify(scope),
      repeat: repeat === null ? null : JSON.stringify(repeat),
    };
    await this.reaching(() => named(this.prisma, (tx) => tx.hint.create({ data })));
  }

  async list({ stream, withRemoved = false }: HintQuery = {}): Promise<Hint[]> {
    const where = {
      ...(stream === undefined ? {} : { stream }),
      ...(withRemoved ? {} : { removedMs: null }),
    };
    const rows = await this.reaching(() =>
      this.prisma.hint.findMany({ where, orderBy: [{ fromMs: 'asc' }, { id: 'asc' }] }),
    );
    return rows.map(hintFrom);
  }

  async remove(id: string, actor: string, atMs: number): Promise<boolean> {
    const { count } = await this.reaching(() =>
      named(this.prisma, (tx) =>
        tx.hint.updateMany({
          where: { id, removedMs: null },
          data: { removedMs: atMs, removedBy: actor },
        }),
      ),
    );
    return count > 0;
  }

  async restore(id: string): Promise<boolean> {
    const { count } = await this.reaching(() =>
      named(this.prisma, (tx) =>
        tx.hint.updateMany({
          where: { id, removedMs: { not: null } },
          data: { removedMs: null, removedBy: null },
        }),
      ),
    );
    return count > 0;
  }

  private reaching<T>(query: () => Promise<T>): Promise<T> {
    return reaching(this.databaseUrl, query);
  }
}

function hintFrom(row: Row): Hint {
  return {
    ...row,
    fromMs: Number(row.fromMs),
    toMs: Number(row.toMs),
    scope: JSON.parse(row.scope) as Hint['scope'],
    repeat: row.repeat === null ? null : (JSON.parse(row.repeat) as Hint['repeat']),
    createdMs: Number(row.createdMs),
    removedMs: row.removedMs === null ? null : Number(row.removedMs),
  };
}
