/**
 * Recommendations and decisions on PostgreSQL. One worker records at a time, under a lock; what people decide is
 * compared and set on the row, so that of an approval, a rejection and a new plan only one comes first.
 */
import {
  type Approval,
  type DecisionRecord,
  ENDED_STATES,
  type FirstApproval,
  OWN_CLUSTER,
  type PlanRecord,
  type Realised,
  type RecommendationLog,
  type RecommendationRecord,
  type RecommendationState,
  type Recording,
} from '../../advising/index.ts';
import { type Prisma, type PrismaClient, reaching } from './client.ts';
import type { PlanDecision as DecisionRow } from './generated/client.ts';
import { named } from './order-effects.ts';
import { byStep, NOT_DECIDED, ofCluster, recordFrom } from './recommendation-rows.ts';
import { plansUnderWay, recordPlan } from './recording-plans.ts';

export class PrismaRecommendationLog implements RecommendationLog {
  private readonly prisma: PrismaClient;
  private readonly databaseUrl: string;

  constructor(prisma: PrismaClient, databaseUrl: string) {
    this.prisma = prisma;
    this.databaseUrl = databaseUrl;
  }

  async record(plan: PlanRecord, recording: Recording): Promise<void> {
    await this.reaching(() => this.prisma.$transaction((tx) => recordPlan(tx, plan, recording)));
  }

  async partsOf(plan: number): Promise<RecommendationRecord[]> {
    const query = { where: { planId: plan }, orderBy: { id: 'asc' } } as const;
    const rows = await this.reaching(() => this.prisma.recommendation.findMany(query));
    return rows.map(recordFrom).sort(byStep);
  }

  async kept(cluster: string): Promise<RecommendationRecord[]> {
    const where = { cluster, state: 'open', planId: { not: null } };
    return this.reaching(async () => {
      const open = await this.prisma.recommendation.findMany({ where });
      const underWay = await plansUnderWay(this.prisma, open);
      return open.filter(({ planId }) => planId !== null && underWay.has(planId)).map(recordFrom);
    });
  }

  reschedule(id: number, notBeforeMs: number | null, note: string): Promise<boolean> {
    const change = note === '' ? { notBeforeMs } : { notBeforeMs, note };
    return this.change({ id, state: 'approved' }, change);
  }

  async find(id: number): Promise<RecommendationRecord | undefined> {
    const row = await this.reaching(() => this.prisma.recommendation.findUnique({ where: { id } }));
    return row === null ? undefined : recordFrom(row);
  }

  async list({
    states,
    cluster,
    limit,
  }: {
    readonly states?: readonly RecommendationState[];
    readonly cluster: string | readonly string[];
    readonly limit: number;
  }): Promise<RecommendationRecord[]> {
    const where = {
      ...(states === undefined ? {} : { state: { in: [...states] } }),
      ...ofCluster(cluster),
    };
    const query = { where, orderBy: { id: 'desc' }, take: limit } as const;
    return (await this.reaching(() => this.prisma.recommendation.findMany(query))).map(recordFrom);
  }

  approve(
    id: number,
    { revision, topologyVersion, actor, note, atMs, notBeforeMs }: Approval,
  ): Promise<boolean> {
    const where = { id, state: 'open', revision, topologyVersion };
    return this.change(where, { state: 'approved', decidedBy: actor, decidedMs: atMs, note, notBeforeMs });
  }

  approveFirst(id: number, revision: number, { by, atMs }: FirstApproval): Promise<boolean> {
    const unseen = { OR: [{ firstBy: null }, { firstRevision: { not: revision } }] };
    const where = { id, state: 'open', revision, ...unseen };
    return this.change(where, { firstBy: by, firstApprovalMs: BigInt(atMs), firstRevision: revision });
  }

  reject(id: number, actor: string, note: string, atMs: number): Promise<boolean> {
    const where = { id, state: { in: ['open', 'approved'] } };
    return this.change(where, { state: 'rejected', decidedBy: actor, decidedMs: atMs, note, endedMs: atMs });
  }

  start(id: number, moves: readonly number[], result = ''): Promise<boolean> {
    return this.change({ id, state: 'approved' }, { state: 'running', moves: JSON.stringify(moves), result });
  }

  async report(id: number, result: string): Promise<void> {
    await this.change({ id, state: 'running' }, { result });
  }

  async end(id: number, state: 'done' | 'failed', result: string, atMs: number): Promise<void> {
    const where = { id, state: { in: ['approved', 'running'] } };
    await this.change(where, { state, result, endedMs: atMs });
  }

  async abandon(cluster: string, actor: string, why: string, atMs: number): Promise<void> {
    const decided = { decidedBy: actor, decidedMs: atMs, note: why };
    const undecided = { cluster, state: { in: ['open', 'approved'] } };
    await this.change(undecided, { state: 'rejected', ...decided, endedMs: atMs });
    await this.change({ cluster, state: 'running' }, { state: 'failed', result: why, endedMs: atMs });
  }

  async expire(cluster: string, nowMs: number): Promise<void> {
    const where = { cluster, state: 'open', expiresMs: { lte: nowMs } };
    await this.change(where, { state: 'expired', result: NOT_DECIDED, endedMs: nowMs });
  }

  async realise(id: number, realised: Realised): Promise<void> {
    await this.change({ id, state: 'done' }, { realised: JSON.stringify(realised) });
  }

  async decisions(limit: number, cluster: string = OWN_CLUSTER): Promise<DecisionRecord[]> {
    const query = { where: { cluster }, orderBy: { id: 'desc' }, take: limit } as const;
    return (await this.reaching(() => this.prisma.planDecision.findMany(query))).map(decisionFrom);
  }

  async forget(beforeMs: number): Promise<void> {
    await this.reaching(() => this.prisma.planDecision.deleteMany({ where: { lastMs: { lt: beforeMs } } }));
    const where = { state: { in: [...ENDED_STATES] }, lastMs: { lt: beforeMs } };
    await this.reaching(() => this.prisma.recommendation.deleteMany({ where }));
    await this.reaching(() => this.prisma.plan.deleteMany({ where: { lastMs: { lt: beforeMs } } }));
  }

  private async change(
    where: Prisma.RecommendationWhereInput,
    data: Prisma.RecommendationUpdateInput,
  ): Promise<boolean> {
    const { count } = await this.reaching(() =>
      named(this.prisma, (tx) => tx.recommendation.updateMany({ where, data })),
    );
    return count > 0;
  }

  private reaching<T>(query: () => Promise<T>): Promise<T> {
    return reaching(this.databaseUrl, query);
  }
}

function decisionFrom(row: DecisionRow): DecisionRecord {
  return {
    id: Number(row.id),
    atMs: Number(row.atMs),
    lastMs: Number(row.lastMs),
    times: row.times,
    topologyVersion: Number(row.topologyVersion),
    policyVersion: Number(row.policyVersion),
    actions: row.actions,
    nothingBecause: row.nothingBecause,
    document: JSON.parse(row.document) as PlanRecord,
  };
}
