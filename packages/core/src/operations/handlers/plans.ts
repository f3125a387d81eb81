/** What is done for operations on plans. */
import { personBehind } from '../../access/index.ts';
import {
  approvePlan,
  OWN_CLUSTER,
  type PlanAdviser,
  type PlanBook,
  type PlanRow,
  planPage,
  type UndoneRow,
  undoPlan,
  withdrawPlan,
} from '../../advising/index.ts';
import { ForeshardError } from '../../kernel/index.ts';
import type { Caller } from '../caller.ts';
import type { InputOf, OutputOf, RouterHandlers } from '../operation.ts';
import type { plans } from '../plans.ts';
import { operatorOf, type TopologyStores } from './operator.ts';
import { type PlanContext, planDocument, WritePauses } from './plan-documents.ts';
import {
  adviserOf,
  clustersSeen,
  DECIDED,
  judgeRecord,
  type RecommendationStores,
  resultOf,
  SEEN,
  startOf,
} from './recommendations.ts';

export type PlanStores = RecommendationStores & TopologyStores & { readonly plans: PlanBook };

type Approvals = OutputOf<typeof plans.approve>;
type Scheduling = InputOf<typeof plans.schedule>;

export function planHandlers(stores: PlanStores): RouterHandlers<typeof plans> {
  const { plans: book, policies, topology, moves, nowMs } = stores;
  const pauses = new WritePauses(moves, nowMs);

  /** @throws ForeshardError not_found, forbidden */
  async function judgedPlan(id: number, permission: typeof SEEN | typeof DECIDED, caller: Caller) {
    const plan = await book.find(id);
    if (plan === undefined)
      throw new ForeshardError('not_found', `There is no plan ${id}.`, { pointer: '{id}' });
    judgeRecord(plan, permission, caller);
    return plan;
  }

  async function context(): Promise<PlanContext> {
    const [{ policy }, { hosts }, writePause] = await Promise.all([
      policies.at(nowMs()),
      topology.snapshot(),
      pauses.measured(),
    ]);
    return { policy, hosts, writePause, moves, nowMs: nowMs() };
  }

  async function documentNow(id: number, caller: Caller) {
    return planDocument(await judgedPlan(id, SEEN, caller), await context());
  }

  /** For the audit log: its state, and that of its parts. */
  async function noteBefore(plan: PlanRow, { note }: Caller): Promise<void> {
    if (note !== undefined) note({ before: { plan: await planDocument(plan, await context()) } });
  }

  async function schedule(
    { plan: id, note, when, parts, ...seen }: Scheduling,
    caller: Caller,
  ): Promise<Approvals> {
    const plan = await judgedPlan(id, DECIDED, caller);
    await noteBefore(plan, caller);
    const start = startOf(when);
    const adviser = planAdviserOf(stores, caller);
    const moved = when === 'now' ? [] : await rescheduled(adviser, plan, { parts, note, start });
    const reply = await approvePlan(adviser, plan, {
      ...seen,
      parts: remaining(parts, moved),
      note,
      when: start,
    });
    if (reply.kind === 'stale') throw stale(plan);
    if (reply.kind === 'not-a-part')
      throw new ForeshardError('conflict', `Recommendation ${reply.id} is not a part of plan ${id}.`);
    const decided = reply.kind === 'decided' ? reply.parts.map((one) => resultOf(one.id, one.reply)) : [];
    const results = [...moved, ...decided];
    if (results.length === 0)
      throw new ForeshardError('conflict', `Nothing of plan ${id} waits for a decision.`);
    const refusals = results.flatMap(({ refusal }) => refusal ?? []);
    if (refusals.length === results.length)
      throw new ForeshardError('conflict', refusals.map(({ detail }) => detail).join(' '));
    return { plan: await documentNow(id, caller), results };
  }

  async function answered(id: number, rows: readonly UndoneRow[], caller: Caller) {
    const results = rows.map(({ id: recommendation, ...row }) => ({ recommendation, ...row }));
    return { plan: await documentNow(id, caller), results };
  }

  return {
    async list({ cluster: name = OWN_CLUSTER, ended, state, before, limit }, caller) {
      const cluster = clustersSeen(name, caller);
      const states = state === undefined ? undefined : [state];
      const asked = { cluster, ended: ended || state !== undefined, states, before, limit };
      const [{ plans, next }, ctx] = await Promise.all([planPage(book, asked), context()]);
      return { plans: await Promise.all(plans.map((plan) => planDocument(plan, ctx))), next };
    },
    read: ({ plan }, caller) => documentNow(plan, caller),
    approve: (asked, caller) => schedule({ ...asked, when: 'now' }, caller),
    schedule,
    async withdraw({ plan: id, note }, caller) {
      const plan = await judgedPlan(id, DECIDED, caller);
      await noteBefore(plan, caller);
      const rows = await withdrawPlan(planAdviserOf(stores, caller), plan, note);
      if (rows.length === 0) throw new ForeshardError('conflict', `Plan ${id} has ended: undo it instead.`);
      return answered(id, rows, caller);
    },
    async undo({ plan: id, note }, caller) {
      const plan = await judgedPlan(id, DECIDED, caller);
      await noteBefore(plan, caller);
      if (!plan.parts.some(({ state }) => ['approved', 'running', 'done'].includes(state)))
        throw new ForeshardError('conflict', `Nothing of plan ${id} was carried out: withdraw it instead.`);
      const by = personBehind(caller.principal) ?? caller.actor;
      const rows = await undoPlan(planAdviserOf(stores, caller), plan, by, note);
      if (rows === undefined) throw new ForeshardError('conflict', `Plan ${id} was undone already.`);
      return answered(id, rows, caller);
    },
  };
}

function planAdviserOf(stores: PlanStores, caller: Caller): PlanAdviser {
  return { ...adviserOf(stores, caller), plans: stores.plans, operator: operatorOf(stores, caller) };
}

function stale({ id, revision }: PlanRow): ForeshardError {
  return new ForeshardError(
    'conflict',
    `Not approved: plan ${id} is at revision ${revision} by now. Look at it again.`,
  );
}

interface Rescheduling {
  readonly parts: readonly number[] | undefined;
  readonly note: string;
  readonly start: ReturnType<typeof startOf>;
}

/** What is approved and has not begun is moved to the time; windows are those of its approval. */
async function rescheduled(
  { log }: PlanAdviser,
  plan: PlanRow,
  { parts, note, start }: Rescheduling,
): Promise<Approvals['results']> {
  if (typeof start !== 'number') return [];
  const results: Approvals['results'] = [];
  for (const { id, state } of plan.parts) {
    if (state !== 'approved' || parts?.includes(id) === false) continue;
    if (await log.reschedule(id, start, note))
      results.push({ recommendation: id, result: 'approved', notBefore: new Date(start).toISOString() });
  }
  return results;
}

/** An empty list asks for nothing more, unlike none. */
function remaining(parts: readonly number[] | undefined, moved: Approvals['results']): number[] | undefined {
  return parts?.filter((id) => !moved.some(({ recommendation }) => recommendation === id));
}
