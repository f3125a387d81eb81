/**
 * Recommendations and decisions on PostgreSQL. One worker records at a time, under a lock; what people decide is
 * compared and set on the row, so that of an approval, a rejection and a new plan only one comes first.
 */
import {
  type Approval,
  type DecisionRecord,
  ENDED_STATES,
  EVERY_CLUSTER,
  essenceOf,
  type FirstApproval,
  keyOf,
  OWN_CLUSTER,
  type PlanRecord,
  type Realised,
  type RecommendationLog,
  type RecommendationRecord,
  type RecommendationState,
} from '../../advising/index.ts';
import type { Recommendation } from '../../planning/index.ts';
import { type Prisma, type PrismaClient, reaching } from './client.ts';
import type { PlanDecision as DecisionRow, Recommendation as Row } from './generated/client.ts';

/** key space of the advisory lock */
const RECORD_LOCK = 0x7265;
/** States in which a plan that proposes the same again adds nothing. */
const PENDING = ['open', 'approved', 'running'];

interface Proposal {
  readonly body: Recommendation;
  readonly topologyVersion: number;
  readonly policyVersion: number;
  readonly nowMs: number;
  readonly cluster: string;
}

export class PrismaRecommendationLog implements RecommendationLog {
  private readonly prisma: PrismaClient;
  private readonly databaseUrl: string;

  constructor(prisma: PrismaClient, databaseUrl: string) {
    this.prisma = prisma;
    this.databaseUrl = databaseUrl;
  }

  async record(
    plan: PlanRecord,
    policyVersion: number,
    nowMs: number,
    cluster: string = OWN_CLUSTER,
  ): Promise<void> {
    await this.reaching(() =>
      this.prisma.$transaction(async (tx) => {
        await tx.$executeRaw`SELECT pg_advisory_xact_lock(${RECORD_LOCK}::int, 0::int)`;
        await remember(tx, plan, policyVersion, nowMs, cluster);
        const pending = await tx.recommendation.findMany({ where: { cluster, state: { in: PENDING } } });
        const byKey = new Map(pending.map((row) => [row.key, row]));
        for (const body of plan.recommendations) {
          const { topologyVersion } = plan;
          const proposal = { body, topologyVersion, policyVersion, nowMs, cluster };
          await propose(tx, byKey.get(keyOf(body)), proposal);
        }
        const proposed = new Set(plan.recommendations.map(keyOf));
        for (const row of pending)
          if (row.state === 'open' && !proposed.has(row.key)) await close(tx, row, nowMs);
      }),
    );
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
    readonly cluster: string;
    readonly limit: number;
  }): Promise<RecommendationRecord[]> {
    const where = {
      ...(states === undefined ? {} : { state: { in: [...states] } }),
      ...(cluster === EVERY_CLUSTER ? {} : { cluster }),
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
  }

  private async change(
    where: Prisma.RecommendationWhereInput,
    data: Prisma.RecommendationUpdateInput,
  ): Promise<boolean> {
    const { count } = await this.reaching(() => this.prisma.recommendation.updateMany({ where, data }));
    return count > 0;
  }

  private reaching<T>(query: () => Promise<T>): Promise<T> {
    return reaching(this.databaseUrl, query);
  }
}

async function remember(
  tx: Prisma.TransactionClient,
  plan: PlanRecord,
  policyVersion: number,
  nowMs: number,
  cluster: string,
): Promise<void> {
  const essence = JSON.stringify([policyVersion, plan.recommendations.map(essenceOf)]);
  const newest = await tx.planDecision.findFirst({ where: { cluster }, orderBy: { id: 'desc' } });
  const fields = {
    lastMs: nowMs,
    topologyVersion: plan.topologyVersion,
    nothingBecause: plan.nothingBecause,
    document: JSON.stringify(plan),
  };
  if (newest?.essence === essence)
    await tx.planDecision.update({ where: { id: newest.id }, data: { ...fields, times: { increment: 1 } } });
  else {
    const actions = plan.recommendations.length;
    await tx.planDecision.create({
      data: { ...fields, cluster, essence, atMs: nowMs, times: 1, policyVersion, actions },
    });
  }
}

/** What was rejected stays so while the same is proposed; an approved or running one goes its way. */
async function propose(
  tx: Prisma.TransactionClient,
  pending: Row | undefined,
  { body, topologyVersion, policyVersion, nowMs, cluster }: Proposal,
): Promise<void> {
  const essence = essenceOf(body);
  const fields = {
    essence,
    body: JSON.stringify(body),
    topologyVersion,
    policyVersion,
    lastMs: nowMs,
    expiresMs: Date.parse(body.expiresAt),
  };
  if (pending?.state === 'open') {
    const revision = pending.revision + (pending.essence === essence ? 0 : 1);
    await tx.recommendation.update({ where: { id: pending.id }, data: { ...fields, revision } });
    return;
  }
  if (pending !== undefined) return;
  const key = keyOf(body);
  const last = await tx.recommendation.findFirst({ where: { cluster, key }, orderBy: { id: 'desc' } });
  if (last?.state === 'rejected' && last.essence === essence) {
    await tx.recommendation.update({ where: { id: last.id }, data: { lastMs: nowMs } });
    return;
  }
  await tx.recommendation.create({
    data: { ...fields, cluster, key, revision: 1, state: 'open', firstMs: nowMs },
  });
}

const NOT_DECIDED = 'nobody decided in time';

async function close(tx: Prisma.TransactionClient, row: Row, nowMs: number): Promise<void> {
  const state = Number(row.expiresMs) <= nowMs ? 'expired' : 'withdrawn';
  const result = state === 'expired' ? NOT_DECIDED : 'the plan does not need it any more';
  // somebody may approve it at this moment: then it is approved
  await tx.recommendation.updateMany({
    where: { id: row.id, state: 'open' },
    data: { state, result, endedMs: nowMs },
  });
}

function recordFrom(row: Row): RecommendationRecord {
  return {
    id: Number(row.id),
    cluster: row.cluster,
    key: row.key,
    revision: row.revision,
    topologyVersion: Number(row.topologyVersion),
    policyVersion: Number(row.policyVersion),
    state: row.state as RecommendationState,
    body: JSON.parse(row.body) as Recommendation,
    firstMs: Number(row.firstMs),
    lastMs: Number(row.lastMs),
    expiresMs: Number(row.expiresMs),
    firstApproval:
      row.firstBy === null || row.firstRevision !== row.revision
        ? null
        : { by: row.firstBy, atMs: Number(row.firstApprovalMs) },
    decidedBy: row.decidedBy,
    decidedMs: numberOrNull(row.decidedMs),
    note: row.note,
    notBeforeMs: numberOrNull(row.notBeforeMs),
    moves: JSON.parse(row.moves) as number[],
    result: row.result,
    endedMs: numberOrNull(row.endedMs),
    realised: row.realised === null ? null : (JSON.parse(row.realised) as Realised),
  };
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

function numberOrNull(value: bigint | null): number | null {
  return value === null ? null : Number(value);
}
