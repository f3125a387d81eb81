/**
 * Puts the planner's operator on the API: what waits for a person, the policy, and questions about what would be. It
 * is control plane: no event waits for it, a worker does the thinking, and it fails when PostgreSQL is away.
 */
import {
  type Adviser,
  approve,
  earlyText,
  type HotKey,
  type InquiryDesk,
  changePolicy as makePolicyChange,
  OWN_CLUSTER,
  type PolicyStore,
  RECOMMENDATION_STATES,
  type RecommendationLog,
  reject,
} from '@foreshard/core/advising';
import type { ClusterStore } from '@foreshard/core/external';
import { ForeshardError } from '@foreshard/core/kernel';
import type { TopologyStore } from '@foreshard/core/topology';
import type { Context } from 'hono';
import type { z } from 'zod';
import type { Api } from '../api/index.ts';
import type { ByteBudget } from '../http/byte-budget.ts';
import { checkedJsonBody } from '../http/json-body.ts';
import { reachingStore } from '../http/reaching-store.ts';
import { decisionDocument, firingsDocument, policyDocument, recommendationDocument } from './documents.ts';
import {
  approveRecommendation,
  askWhatIf,
  changePolicy,
  listDecisions,
  listPolicies,
  listRecommendations,
  policyFirings,
  readPolicy,
  readRecommendation,
  rejectRecommendation,
} from './operations.ts';
import {
  approvalSchema,
  firingsRequestSchema,
  policyChangeSchema,
  rejectionSchema,
  whatIfSchema,
} from './schemas.ts';

export interface AdvisingStores {
  readonly recommendations: RecommendationLog;
  readonly policies: PolicyStore;
  readonly inquiries: InquiryDesk;
  readonly clusters: ClusterStore;
  /** of the job that plans */
  readonly wake: () => Promise<void>;
  /** to the worker that splits below it */
  readonly tellHotKey: (hot: HotKey) => Promise<void>;
}

export interface AdvisingParts extends Omit<AdvisingStores, 'tellHotKey'> {
  readonly topology: Pick<TopologyStore, 'changesAfter'>;
  readonly budget: ByteBudget;
  /** of a token that was let in */
  readonly actorOf: (authorization: string | undefined) => string;
  readonly nowMs: () => number;
}

const BODY_BYTES_MAX = 262_144;
const WHAT = 'recommendations and policies are kept';
const PENDING = ['open', 'approved', 'running'] as const;

export function mountAdvising(api: Api, parts: AdvisingParts): void {
  mountRecommendations(api, parts);
  mountPolicy(api, parts);
  mountInquiries(api, parts);
}

function mountRecommendations(api: Api, parts: AdvisingParts): void {
  const { recommendations: log } = parts;
  api.mount(listRecommendations, async ({ c, query: { state, cluster = OWN_CLUSTER, limit } }) => {
    const states = state === undefined ? PENDING : state === 'all' ? RECOMMENDATION_STATES : [state];
    const { policy } = await reaching(() => parts.policies.at(parts.nowMs()));
    const records = await reaching(() => log.list({ states, cluster, limit }));
    return c.json({ recommendations: records.map((one) => recommendationDocument(one, policy)) });
  });
  api.mount(readRecommendation, async ({ c, params: { id } }) => c.json(await documentOf(parts, id)));
  api.mount(approveRecommendation, async ({ c, params: { id } }) => {
    const { when, ...seen } = await bodyOf(c, parts, approvalSchema);
    const begin = when === 'now' || when === 'window' ? when : Date.parse(when);
    const reply = await reaching(async () => {
      const [only] = await approve(adviserOf(parts, c), [{ id, ...seen, when: begin }]);
      return only!;
    });
    switch (reply.kind) {
      case 'approved':
        return c.json(await documentOf(parts, id));
      case 'unknown':
        throw unknown(id);
      case 'ended':
        throw new ForeshardError('conflict', `Recommendation ${id} is ${reply.record.state} already.`);
      case 'stale':
        throw new ForeshardError('conflict', `Not approved: ${reply.detail}. It is being simulated anew.`);
      case 'forbidden':
        throw new ForeshardError('conflict', `It cannot be approved: ${reply.detail}.`);
    }
  });
  api.mount(rejectRecommendation, async ({ c, params: { id } }) => {
    const { note } = await bodyOf(c, parts, rejectionSchema);
    const reply = await reaching(() => reject(adviserOf(parts, c), id, note));
    if (reply.kind === 'unknown') throw unknown(id);
    if (reply.kind === 'ended')
      throw new ForeshardError('conflict', `Recommendation ${id} is ${reply.record.state} already.`);
    return c.json(await documentOf(parts, id));
  });
  api.mount(listDecisions, async ({ c, query: { limit, cluster } }) =>
    c.json({ decisions: (await reaching(() => log.decisions(limit, cluster))).map(decisionDocument) }),
  );
}

function mountPolicy(api: Api, parts: AdvisingParts): void {
  const { policies, nowMs, actorOf } = parts;
  api.mount(readPolicy, async ({ c }) => {
    const [holding, [newest]] = await reaching(() =>
      Promise.all([policies.at(nowMs()), policies.versions(1)]),
    );
    return c.json({ holding: policyDocument(holding), newest: policyDocument(newest ?? holding) });
  });
  api.mount(listPolicies, async ({ c, query: { limit } }) =>
    c.json({ versions: (await reaching(() => policies.versions(limit))).map(policyDocument) }),
  );
  api.mount(changePolicy, async ({ c }) => {
    const { effectiveAt, callsOff, ...change } = await bodyOf(c, parts, policyChangeSchema);
    const createdMs = nowMs();
    const effectiveMs = effectiveAt === undefined ? createdMs : Date.parse(effectiveAt);
    const actor = actorOf(c.req.header('authorization'));
    const made = { ...change, actor, createdMs, effectiveMs };
    const reply = await reaching(() => makePolicyChange(policies, made, { callsOff }));
    if (reply.kind === 'conflict')
      throw new ForeshardError('conflict', `Version ${change.from} is not the newest any more.`);
    if (reply.kind === 'contradictory')
      throw new ForeshardError('invalid_record', reply.detail, { pointer: '/policy' });
    if (reply.kind === 'early')
      throw new ForeshardError('conflict', `${earlyText(reply.scheduled)} Or send callsOff: true.`);
    await parts.wake().catch(() => {});
    return c.json(policyDocument(reply.version), 201);
  });
}

function mountInquiries(api: Api, parts: AdvisingParts): void {
  const { inquiries } = parts;
  api.mount(askWhatIf, async ({ c }) => {
    const question = await bodyOf(c, parts, whatIfSchema);
    return c.json(await inquiries.ask('whatIf', question));
  });
  api.mount(policyFirings, async ({ c }) => {
    const question = await bodyOf(c, parts, firingsRequestSchema);
    return c.json(firingsDocument(await inquiries.ask('firings', question)));
  });
}

function adviserOf({ recommendations: log, actorOf, ...parts }: AdvisingParts, c: Context): Adviser {
  return { ...parts, log, actor: actorOf(c.req.header('authorization')) };
}

async function documentOf({ recommendations, policies, nowMs }: AdvisingParts, id: number) {
  const record = await reaching(() => recommendations.find(id));
  if (record === undefined) throw unknown(id);
  return recommendationDocument(record, (await reaching(() => policies.at(nowMs()))).policy);
}

function bodyOf<S extends z.ZodType>(c: Context, { budget }: AdvisingParts, schema: S): Promise<z.output<S>> {
  return checkedJsonBody(c, { bytesMax: BODY_BYTES_MAX, budget }, schema);
}

function reaching<T>(call: () => Promise<T>): Promise<T> {
  return reachingStore(WHAT, call);
}

function unknown(id: number): ForeshardError {
  return new ForeshardError('not_found', `There is no recommendation ${id}.`);
}
