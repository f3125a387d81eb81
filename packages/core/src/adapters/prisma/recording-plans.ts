/**
 * What a run of the planner proposes becomes rows, in one transaction under a lock: what is repeated stays one row,
 * what is new joins the plan that is open, and what is not proposed any more is withdrawn with its reason and with
 * what took its place. Once a person has approved a part, the plan stays as it was seen: its other moves are kept
 * while they help, and new proposals make a new plan.
 */
import {
  essenceOf,
  keyOf,
  OWN_CLUSTER,
  outlineOf,
  type PlanRecord,
  type PlanSummary,
  type Recording,
} from '../../advising/index.ts';
import type { Recommendation } from '../../planning/index.ts';
import type { Prisma } from './client.ts';
import type { Plan as PlanRow, Recommendation as Row } from './generated/client.ts';
import { NOT_DECIDED, PENDING, UNDER_WAY_STATES } from './recommendation-rows.ts';

type Transaction = Prisma.TransactionClient;

/** key space of the advisory lock */
const RECORD_LOCK = 0x7265;

export async function recordPlan(tx: Transaction, plan: PlanRecord, recording: Recording): Promise<void> {
  await tx.$executeRaw`SELECT pg_advisory_xact_lock(${RECORD_LOCK}::int, 0::int)`;
  await remember(tx, plan, recording);
  const { cluster = OWN_CLUSTER } = recording;
  const pending = await tx.recommendation.findMany({ where: { cluster, state: { in: [...PENDING] } } });
  await new Run(tx, plan, recording, pending, await plansUnderWay(tx, pending)).record();
}

/** Of which a person has approved a part. What the policy approves binds nobody. */
export async function plansUnderWay(tx: Transaction, rows: readonly Row[]): Promise<ReadonlySet<bigint>> {
  const plans = [...new Set(rows.flatMap(({ planId }) => planId ?? []))];
  if (plans.length === 0) return new Set();
  const decided = await tx.recommendation.findMany({
    where: {
      planId: { in: plans },
      state: { in: [...UNDER_WAY_STATES] },
      NOT: { decidedBy: { startsWith: 'policy ' } },
    },
    distinct: ['planId'],
    select: { planId: true },
  });
  return new Set(decided.flatMap(({ planId }) => planId ?? []));
}

interface Changed {
  readonly id: bigint;
  readonly body: Recommendation;
}

class Run {
  private readonly tx: Transaction;
  private readonly plan: PlanRecord;
  private readonly recording: Recording;
  private readonly pending: readonly Row[];
  private readonly underWay: ReadonlySet<bigint>;
  /** new proposals, and those that are no longer what they were */
  private readonly changed: Changed[] = [];
  /** parts of the plan that is open, with the rows that it has */
  private readonly open: { readonly row: Pick<Row, 'id' | 'planId'>; readonly body: Recommendation }[] = [];

  constructor(
    tx: Transaction,
    plan: PlanRecord,
    recording: Recording,
    pending: readonly Row[],
    underWay: ReadonlySet<bigint>,
  ) {
    this.tx = tx;
    this.plan = plan;
    this.recording = recording;
    this.pending = pending;
    this.underWay = underWay;
  }

  async record(): Promise<void> {
    const { recommendations } = this.plan;
    const byKey = new Map(this.pending.map((row) => [row.key, row]));
    for (const body of recommendations) await this.propose(byKey.get(keyOf(body)), body);
    const proposed = new Set(recommendations.map(keyOf));
    for (const row of this.pending)
      if (row.state === 'open' && !proposed.has(row.key)) await this.keepOrClose(row);
    const near = await this.join(this.open.filter(({ body }) => body.prepares === undefined));
    await this.join(
      this.open.filter(({ body }) => body.prepares !== undefined),
      near,
    );
  }

  /** What was rejected stays so while the same is proposed; an approved or running one goes its way. */
  private async propose(pending: Row | undefined, body: Recommendation): Promise<void> {
    const { cluster = OWN_CLUSTER, nowMs } = this.recording;
    const essence = essenceOf(body);
    if (pending?.state === 'open') return this.repeat(pending, body, essence);
    if (pending !== undefined) return;
    const key = keyOf(body);
    const last = await this.tx.recommendation.findFirst({ where: { cluster, key }, orderBy: { id: 'desc' } });
    if (last?.state === 'rejected' && last.essence === essence) {
      await this.tx.recommendation.update({ where: { id: last.id }, data: { lastMs: nowMs } });
      return;
    }
    const fixed = { cluster, key, revision: 1, state: 'open', firstMs: nowMs };
    const row = await this.tx.recommendation.create({ data: { ...this.fieldsOf(body), ...fixed } });
    this.changed.push({ id: row.id, body });
    this.open.push({ row, body });
  }

  private async repeat(row: Row, body: Recommendation, essence: string): Promise<void> {
    const isChanged = row.essence !== essence;
    const revision = row.revision + (isChanged ? 1 : 0);
    const stays = row.planId !== null && this.underWay.has(row.planId);
    const shown = stays ? inItsPlan(row, body) : body;
    await this.tx.recommendation.update({
      where: { id: row.id },
      data: { ...this.fieldsOf(shown), revision },
    });
    if (isChanged) this.changed.push({ id: row.id, body });
    if (!stays) this.open.push({ row, body });
  }

  private fieldsOf(body: Recommendation) {
    const { policyVersion, nowMs } = this.recording;
    return {
      essence: essenceOf(body),
      body: JSON.stringify(body),
      topologyVersion: this.plan.topologyVersion,
      policyVersion,
      lastMs: nowMs,
      expiresMs: Date.parse(body.expiresAt),
    };
  }

  private async keepOrClose(row: Row): Promise<void> {
    const { judge, nowMs } = this.recording;
    const body = JSON.parse(row.body) as Recommendation;
    const isKept = row.planId !== null && this.underWay.has(row.planId) && body.action === 'move';
    const isExpired = Number(row.expiresMs) <= nowMs;
    const why = isExpired ? NOT_DECIDED : isKept && judge ? judge.whyNotKept(body) : this.whyWithdrawn(body);
    if (why === undefined) {
      // judged again on what is now
      const seen = { topologyVersion: this.plan.topologyVersion, lastMs: nowMs };
      await this.tx.recommendation.updateMany({ where: { id: row.id, state: 'open' }, data: seen });
      return;
    }
    const successor = isExpired ? undefined : successorOf(body, this.changed);
    // somebody may approve it at this moment: then it is approved
    await this.tx.recommendation.updateMany({
      where: { id: row.id, state: 'open' },
      data: {
        state: isExpired ? 'expired' : 'withdrawn',
        result: why,
        endedMs: nowMs,
        replacedBy: successor?.id ?? null,
      },
    });
    if (isKept && successor !== undefined) await this.takePlace(row, successor);
  }

  private whyWithdrawn(body: Recommendation): string {
    return this.recording.judge?.whyWithdrawn(body) ?? 'A newer plan does without it';
  }

  /** In a plan under way what replaces a part becomes a part, so that whoever follows the plan sees it. */
  private async takePlace({ planId }: Row, { id }: Changed): Promise<void> {
    const at = this.open.findIndex(({ row }) => row.id === id);
    if (at === -1 || planId === null) return;
    this.open.splice(at, 1);
    await this.tx.recommendation.update({ where: { id }, data: { planId } });
    await this.tx.plan.update({ where: { id: planId }, data: { revision: { increment: 1 } } });
  }

  /** Into the plan that is open, or into a new one. */
  private async join(
    parts: readonly { row: Pick<Row, 'id' | 'planId'>; body: Recommendation }[],
    other?: bigint,
  ): Promise<bigint | undefined> {
    if (parts.length === 0) return undefined;
    const known = parts.flatMap(({ row: { planId } }) => (planId === null || planId === other ? [] : planId));
    const newest = known.reduce<bigint | undefined>(
      (most, id) => (most === undefined || id > most ? id : most),
      undefined,
    );
    const bodies = parts.map(({ body }) => body);
    const plan = await this.save(newest, bodies);
    const ids = parts.flatMap(({ row }) => (row.planId === plan.id ? [] : row.id));
    if (ids.length > 0)
      await this.tx.recommendation.updateMany({ where: { id: { in: ids } }, data: { planId: plan.id } });
    return plan.id;
  }

  private async save(id: bigint | undefined, bodies: readonly Recommendation[]): Promise<PlanRow> {
    const { policyVersion, nowMs, cluster = OWN_CLUSTER } = this.recording;
    const essence = JSON.stringify(bodies.map(essenceOf).sort());
    const fields = {
      essence,
      topologyVersion: this.plan.topologyVersion,
      policyVersion,
      lastMs: nowMs,
      summary: JSON.stringify(this.summaryOf(bodies)),
    };
    const known = id === undefined ? null : await this.tx.plan.findUnique({ where: { id } });
    if (known === null)
      return this.tx.plan.create({ data: { ...fields, cluster, revision: 1, firstMs: nowMs } });
    const revision = known.revision + (known.essence === essence ? 0 : 1);
    return this.tx.plan.update({ where: { id: known.id }, data: { ...fields, revision } });
  }

  /** Of a peak that is hours away the planner has no picture. */
  private summaryOf(bodies: readonly Recommendation[]): PlanSummary {
    const isForPeak = bodies.some(({ prepares }) => prepares !== undefined);
    const made = isForPeak ? undefined : this.recording.summaryOf?.(bodies);
    return made ?? { ...outlineOf(bodies, isForPeak ? [] : this.plan.pressures), picture: null };
  }
}

/** Its place among the parts stays. */
function inItsPlan(row: Row, { dependsOn: _, ...body }: Recommendation): Recommendation {
  const { step, dependsOn } = JSON.parse(row.body) as Recommendation;
  return { ...body, step, ...(dependsOn === undefined ? {} : { dependsOn }) };
}

/** The same shardlet first, also one that a split has made of it; else the same kind of action off the same host. */
function successorOf(body: Recommendation, changed: readonly Changed[]): Changed | undefined {
  const own = new Set(body.shardlets);
  return (
    changed.find((one) => one.body.shardlets.some((id) => own.has(id))) ??
    changed.find((one) => one.body.action === body.action && one.body.source === body.source)
  );
}

async function remember(tx: Transaction, plan: PlanRecord, recording: Recording): Promise<void> {
  const { policyVersion, nowMs, cluster = OWN_CLUSTER } = recording;
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
