/** What is done for operations on recommendations. */
import {
  clustersWithin,
  OWN_CLUSTER as OUR_OWN,
  type Permission,
  type Principal,
  personBehind,
} from '../../access/index.ts';
import {
  type Adviser,
  type ApprovalReply,
  type ApprovalRequest,
  approve,
  type DecisionRecord,
  EVERY_CLUSTER,
  OWN_CLUSTER,
  obstacleTo,
  type PolicyStore,
  RECOMMENDATION_STATES,
  type RecommendationLog,
  type RecommendationRecord,
  reject,
} from '../../advising/index.ts';
import type { ClusterStore } from '../../external/index.ts';
import { ForeshardError } from '../../kernel/index.ts';
import type { Policy } from '../../planning/index.ts';
import { requirePermission } from '../allowing.ts';
import type { Caller } from '../caller.ts';
import type { InputOf, OutputOf, RouterHandlers } from '../operation.ts';
import type { recommendations } from '../recommendations.ts';
import type { JobStores } from './jobs.ts';

export interface RecommendationStores extends JobStores {
  readonly recommendations: RecommendationLog;
  readonly policies: PolicyStore;
  readonly clusters: Pick<ClusterStore, 'find'>;
  readonly topology: Adviser['topology'];
  readonly nowMs: () => number;
}

type RecommendationDocument = OutputOf<typeof recommendations.read>;
type ApprovalResult = OutputOf<typeof recommendations.approveSeveral>['results'][number];
type Approvals = InputOf<typeof recommendations.approveSeveral>;

/** Who decides sees what was decided. */
export const [SEEN, DECIDED] = ['cluster:read', 'plans:approve'] as const satisfies Permission[];
const PENDING = ['open', 'approved', 'running'] as const;

export function recommendationHandlers(stores: RecommendationStores): RouterHandlers<typeof recommendations> {
  const { recommendations: log, policies, nowMs } = stores;

  /** @throws ForeshardError not_found, forbidden */
  async function judgedRecord(id: number, permission: Permission, caller: Caller) {
    const record = await log.find(id);
    if (record === undefined) throw unknown(id);
    judgeRecord(record, permission, caller);
    return record;
  }

  async function documentOf(id: number, caller: Caller): Promise<RecommendationDocument> {
    const [record, { policy }] = await Promise.all([judgedRecord(id, SEEN, caller), policies.at(nowMs())]);
    return recommendationDocument(record, policy);
  }

  /** For the audit log. */
  async function noteBefore(
    records: readonly (RecommendationRecord | undefined)[],
    { note }: Caller,
  ): Promise<void> {
    if (note === undefined) return;
    const { policy } = await policies.at(nowMs());
    const before = records.flatMap((one) => (one === undefined ? [] : recommendationDocument(one, policy)));
    note({ before: { recommendations: before } });
  }

  async function approveAll(
    { requests, when, note }: Approvals,
    caller: Caller,
  ): Promise<[ApprovalResult, ...ApprovalResult[]]> {
    const records = await Promise.all(requests.map(({ recommendation: id }) => log.find(id)));
    for (const record of records) if (record !== undefined) judgeRecord(record, DECIDED, caller);
    await noteBefore(records, caller);
    const replies = await approve(
      adviserOf(stores, caller),
      requests.map(({ recommendation: id, ...seen }) => ({ id, ...seen, note, when: startOf(when) })),
    );
    const results = replies.map((reply, i) => resultOf(requests[i]!.recommendation, reply));
    return results as [ApprovalResult, ...ApprovalResult[]];
  }

  return {
    async list({ state, cluster: asked = OWN_CLUSTER, limit }, caller) {
      const cluster = clustersSeen(asked, caller);
      const states = state === undefined ? PENDING : state === 'all' ? RECOMMENDATION_STATES : [state];
      const [records, { policy }] = await Promise.all([
        log.list({ states, cluster, limit }),
        policies.at(nowMs()),
      ]);
      return { recommendations: records.map((record) => recommendationDocument(record, policy)) };
    },
    read: ({ recommendation }, caller) => documentOf(recommendation, caller),
    async approve({ note, when, ...request }, caller) {
      const [{ refusal }] = await approveAll({ requests: [request], note, when }, caller);
      if (refusal !== undefined) throw new ForeshardError(refusal.code, refusal.detail);
      return documentOf(request.recommendation, caller);
    },
    /** Some may be approved while others are refused; where all are, that is a problem. */
    async approveSeveral(asked, caller) {
      const results = await approveAll(asked, caller);
      const refusals = results.flatMap(({ refusal }) => refusal ?? []);
      if (refusals.length < results.length) return { results };
      const { code } = refusals.find((one) => one.code === 'conflict') ?? refusals[0]!;
      throw new ForeshardError(code, refusals.map(({ detail }) => detail).join(' '), { more: { results } });
    },
    async reject({ recommendation: id, note }, caller) {
      await noteBefore([await judgedRecord(id, DECIDED, caller)], caller);
      const reply = await reject(adviserOf(stores, caller), id, note);
      if (reply.kind === 'unknown') throw unknown(id);
      if (reply.kind === 'ended') throw new ForeshardError('conflict', decided(id, reply.record));
      return documentOf(id, caller);
    },
    async decisions({ limit, cluster }) {
      return { decisions: (await log.decisions(limit, cluster)).map(decisionDocument) };
    },
  };
}

/** @throws ForeshardError forbidden */
export function judgeRecord(
  { cluster }: Pick<RecommendationRecord, 'cluster'>,
  permission: Permission,
  { principal }: Pick<Caller, 'principal'>,
): void {
  requirePermission(principal, permission, { cluster: cluster === OWN_CLUSTER ? OUR_OWN : cluster });
}

/** What is listed, as the log names clusters: with `EVERY_CLUSTER` all that the caller may see. @throws ForeshardError forbidden */
export function clustersSeen(asked: string, caller: Pick<Caller, 'principal'>): string | readonly string[] {
  if (asked === EVERY_CLUSTER) return everyClusterSeen(caller.principal);
  judgeRecord({ cluster: asked }, SEEN, caller);
  return asked;
}

export function everyClusterSeen({ grants }: Pick<Principal, 'grants'>): string | readonly string[] {
  const names = clustersWithin(grants, SEEN);
  return names?.map((name) => (name === OUR_OWN ? OWN_CLUSTER : name)) ?? EVERY_CLUSTER;
}

export function adviserOf(stores: RecommendationStores, { actor, principal }: Caller): Adviser {
  const { recommendations: log, policies, topology, clusters, nowMs } = stores;
  return {
    log,
    policies,
    topology,
    clusters,
    nowMs,
    actor,
    person: personBehind(principal),
    wake: () => wakePlanner(stores),
  };
}

/** The jobs that plan and carry out; a lost wake-up costs seconds, of the planner a minute. */
export async function wakePlanner({ wake }: JobStores): Promise<void> {
  await Promise.allSettled([wake('carryOut'), wake('plan'), wake('clusters')]);
}

export function startOf(when: Approvals['when']): ApprovalRequest['when'] {
  return when === 'now' || when === 'window' ? when : Date.parse(when);
}

export function resultOf(id: number, reply: ApprovalReply): ApprovalResult {
  const refusedWith = (code: NonNullable<ApprovalResult['refusal']>['code'], detail: string) => {
    return { recommendation: id, result: 'refused' as const, notBefore: null, refusal: { code, detail } };
  };
  switch (reply.kind) {
    case 'approved':
      return { recommendation: id, result: 'approved', notBefore: timeOrNull(reply.notBeforeMs) };
    case 'first':
      return { recommendation: id, result: 'awaits-second', notBefore: null };
    case 'unknown':
      return refusedWith('not_found', unknown(id).message);
    case 'ended':
      return refusedWith('conflict', decided(id, reply.record));
    case 'stale':
      return refusedWith(
        'conflict',
        `Not approved: ${reply.detail}. Recommendation ${id} is simulated again.`,
      );
    case 'forbidden':
      return refusedWith('conflict', `Recommendation ${id} cannot be approved: ${reply.detail}.`);
  }
}

function decided(id: number, { state }: RecommendationRecord): string {
  return `Recommendation ${id} is ${state} already.`;
}

function unknown(id: number): ForeshardError {
  return new ForeshardError('not_found', `There is no recommendation ${id}.`, { pointer: '{id}' });
}

export function recommendationDocument(record: RecommendationRecord, policy: Policy): RecommendationDocument {
  const { id, cluster, revision, topologyVersion, policyVersion, state, body, realised } = record;
  return {
    ...{ id, cluster: cluster === OWN_CLUSTER ? null : cluster, revision, topologyVersion, policyVersion },
    ...{ state, proposal: body },
    obstacle: obstacleTo(record, policy) ?? null,
    firstAt: time(record.firstMs),
    lastAt: time(record.lastMs),
    expiresAt: time(record.expiresMs),
    firstApproval: record.firstApproval && {
      by: record.firstApproval.by,
      at: time(record.firstApproval.atMs),
    },
    decidedBy: record.decidedBy,
    decidedAt: timeOrNull(record.decidedMs),
    note: record.note,
    notBefore: timeOrNull(record.notBeforeMs),
    moves: [...record.moves],
    result: record.result,
    endedAt: timeOrNull(record.endedMs),
    realised: realised === null ? null : { at: time(realised.atMs), gain: realised.gain },
    plan: record.plan,
    replacedBy: record.replacedBy,
  };
}

function decisionDocument({ atMs, lastMs, document: { before, after }, ...record }: DecisionRecord) {
  return { ...record, at: time(atMs), lastAt: time(lastMs), before: { ...before }, after: { ...after } };
}

function time(ms: number): string {
  return new Date(ms).toISOString();
}

function timeOrNull(ms: number | null): string | null {
  return ms === null ? null : time(ms);
}
