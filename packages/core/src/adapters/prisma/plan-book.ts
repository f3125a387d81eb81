/** Plans on PostgreSQL. A plan is a row; its parts are recommendations that name it. */
import type {
  PlanBook,
  PlanRow,
  PlanSummary,
  RecommendationRecord,
  UndoneRecord,
} from '../../advising/index.ts';
import { type PrismaClient, reaching } from './client.ts';
import type { Plan } from './generated/client.ts';
import { named } from './order-effects.ts';
import { byStep, ofCluster, PENDING, recordFrom } from './recommendation-rows.ts';

export class PrismaPlanBook implements PlanBook {
  private readonly prisma: PrismaClient;
  private readonly databaseUrl: string;

  constructor(prisma: PrismaClient, databaseUrl: string) {
    this.prisma = prisma;
    this.databaseUrl = databaseUrl;
  }

  list({ cluster, ended, before, limit }: Parameters<PlanBook['list']>[0]): Promise<PlanRow[]> {
    return this.reaching(async () => {
      const those = ofCluster(cluster);
      const id = {
        ...(ended ? {} : { in: await this.pending(those) }),
        ...(before === undefined ? {} : { lt: BigInt(before) }),
      };
      const where = { ...those, id };
      const plans = await this.prisma.plan.findMany({ where, orderBy: { id: 'desc' }, take: limit });
      return this.withParts(plans);
    });
  }

  find(id: number): Promise<PlanRow | undefined> {
    return this.reaching(async () => {
      const row = await this.prisma.plan.findUnique({ where: { id } });
      return row === null ? undefined : (await this.withParts([row]))[0];
    });
  }

  undo(id: number, { atMs, by, note, moves }: UndoneRecord): Promise<boolean> {
    const data = { undoneMs: atMs, undoneBy: by, undoNote: note, undoMoves: JSON.stringify(moves) };
    return this.reaching(async () => {
      const { count } = await named(this.prisma, (tx) =>
        tx.plan.updateMany({ where: { id, undoneMs: null }, data }),
      );
      return count > 0;
    });
  }

  async noteUndoMoves(id: number, moves: readonly number[]): Promise<void> {
    const data = { undoMoves: JSON.stringify(moves) };
    await this.reaching(() => named(this.prisma, (tx) => tx.plan.updateMany({ where: { id }, data })));
  }

  private async pending(those: ReturnType<typeof ofCluster>): Promise<bigint[]> {
    const rows = await this.prisma.recommendation.findMany({
      where: { ...those, state: { in: [...PENDING] }, planId: { not: null } },
      distinct: ['planId'],
      select: { planId: true },
    });
    return rows.flatMap(({ planId }) => planId ?? []);
  }

  private async withParts(plans: readonly Plan[]): Promise<PlanRow[]> {
    const ids = plans.map(({ id }) => id);
    const rows = await this.prisma.recommendation.findMany({
      where: { planId: { in: ids } },
      orderBy: { id: 'asc' },
    });
    const parts = Map.groupBy(rows.map(recordFrom), ({ plan }) => plan);
    return plans.map((row) => planFrom(row, (parts.get(Number(row.id)) ?? []).sort(byStep)));
  }

  private reaching<T>(query: () => Promise<T>): Promise<T> {
    return reaching(this.databaseUrl, query);
  }
}

function planFrom(row: Plan, parts: readonly RecommendationRecord[]): PlanRow {
  return {
    id: Number(row.id),
    cluster: row.cluster,
    revision: row.revision,
    topologyVersion: Number(row.topologyVersion),
    policyVersion: Number(row.policyVersion),
    firstMs: Number(row.firstMs),
    lastMs: Number(row.lastMs),
    summary: JSON.parse(row.summary) as PlanSummary,
    undone:
      row.undoneMs === null
        ? null
        : {
            atMs: Number(row.undoneMs),
            by: row.undoneBy ?? '',
            note: row.undoNote,
            moves: JSON.parse(row.undoMoves) as number[],
          },
    parts,
  };
}
