/**
 * What people can do with recommendations: the plain functions behind the command line and the console. An approval
 * holds for the proposal that was seen, at the version of the topology it was simulated on. Whatever has changed
 * since then makes it stale: it is refused, simulated anew, and may be approved again.
 */

import type { ClusterStore } from '../external/index.ts';
import type { Policy, PolicyScope } from '../planning/index.ts';
import type { Change, TopologyStore } from '../topology/index.ts';
import type { PolicyStore, PolicyVersion } from './policy-store.ts';
import { OWN_CLUSTER, type RecommendationLog, type RecommendationRecord } from './recommendation-log.ts';
import { scopeFor, type Terms, termsFor } from './terms.ts';
import { nextWindow } from './windows.ts';

export interface Adviser {
  readonly log: RecommendationLog;
  readonly policies: PolicyStore;
  readonly topology: Pick<TopologyStore, 'changesAfter'>;
  /** without it nothing of external clusters can be approved */
  readonly clusters?: Pick<ClusterStore, 'find'>;
  /** wakes the jobs that plan and carry out; a lost wake-up costs seconds, of the planner a minute */
  readonly wake: () => Promise<void>;
  readonly nowMs: () => number;
  /** recorded with everything this person does */
  readonly actor: string;
  /** the person behind it, also of a token; null: a token or a process of nobody; left out: the policy itself */
  readonly person?: string | null;
}

export interface ApprovalRequest {
  readonly id: number;
  /** as they were seen */
  readonly revision: number;
  readonly topologyVersion: number;
  readonly note: string;
  /** `window`: in the next migration window of the policy; a time: not before it */
  readonly when: 'now' | 'window' | number;
}

export type ApprovalReply =
  | { readonly kind: 'approved'; readonly notBeforeMs: number | null }
  /** with four eyes: another person has to approve it as well */
  | { readonly kind: 'first' }
  | { readonly kind: 'unknown' }
  /** somebody has decided already, or no plan proposes it any more */
  | { readonly kind: 'ended'; readonly record: RecommendationRecord }
  | { readonly kind: 'stale'; readonly record: RecommendationRecord; readonly detail: string }
  | { readonly kind: 'forbidden'; readonly detail: string };

/**
 * In the order of the requests; the replies are in the same order. All are decided before the first is carried out, so
 * that steps of one plan do not make each other stale.
 */
export async function approve(
  adviser: Adviser,
  requests: readonly ApprovalRequest[],
): Promise<ApprovalReply[]> {
  const { policy } = await adviser.policies.at(adviser.nowMs());
  const replies = new Map<ApprovalRequest, ApprovalReply>();
  // a step that needs another one is decided after it
  const inOrder = await Promise.all(
    requests.map(async (request) => ({
      request,
      step: (await adviser.log.find(request.id))?.body.step ?? 0,
    })),
  );
  for (const { request } of inOrder.sort((a, b) => a.step - b.step))
    replies.set(request, await approveOne(adviser, request, policy));
  // also what is stale is worth a run: it is simulated anew
  await adviser.wake().catch(() => {});
  return requests.map((request) => replies.get(request)!);
}

async function approveOne(
  adviser: Adviser,
  request: ApprovalRequest,
  policy: Policy,
): Promise<ApprovalReply> {
  const { log, nowMs, actor } = adviser;
  const record = await log.find(request.id);
  if (record === undefined) return { kind: 'unknown' };
  if (record.state !== 'open') return { kind: 'ended', record };
  const others = record.plan === null ? [] : await log.partsOf(record.plan);
  const obstacle = obstacleTo(record, policy) ?? missingStep(record, others);
  if (obstacle !== undefined) return { kind: 'forbidden', detail: obstacle };
  const detail = await stalenessOf(adviser, record, request, others);
  if (detail !== undefined) return { kind: 'stale', record, detail };
  const { note, when } = request;
  // changes of its own plan may have led from what was seen to what is now
  const { revision, topologyVersion } = record;
  const first = policy.four_eyes ? await firstOfTwo(adviser, record) : undefined;
  if (first !== undefined) return first;
  const notBeforeMs = startOf(when, termsFor(policy, record), nowMs());
  const approval = { revision, topologyVersion, actor, note, atMs: nowMs(), notBeforeMs };
  if (await log.approve(record.id, approval)) return { kind: 'approved', notBeforeMs };
  const changed = (await log.find(record.id)) ?? record;
  if (changed.state !== 'open') return { kind: 'ended', record: changed };
  return { kind: 'stale', record: changed, detail: 'it has changed at this moment' };
}

/** With four eyes the first approval is noted; undefined: there was one of somebody else. */
async function firstOfTwo(
  { log, nowMs, person, actor }: Adviser,
  { id, revision, firstApproval }: RecommendationRecord,
): Promise<ApprovalReply | undefined> {
  // what the policy approves by its criteria needs nobody
  if (person === undefined) return undefined;
  if (person === null)
    return {
      kind: 'forbidden',
      detail: `the policy asks for four eyes, and ${actor} is no person: approve at the console, or with a token that has an owner ("foreshard login" makes one)`,
    };
  if (firstApproval === null) {
    if (await log.approveFirst(id, revision, { by: person, atMs: nowMs() })) return { kind: 'first' };
    return { kind: 'forbidden', detail: 'somebody else approves it at this moment: try again' };
  }
  if (firstApproval.by !== person) return undefined;
  return {
    kind: 'forbidden',
    detail: `the policy asks for four eyes and ${person} approved it first: another person has to approve it`,
  };
}

export type RejectionReply =
  | { readonly kind: 'rejected' }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'ended'; readonly record: RecommendationRecord };

/** Takes it out of the inbox until what is proposed changes; also takes back an approval that has not started. */
export async function reject(adviser: Adviser, id: number, note: string): Promise<RejectionReply> {
  const { log, nowMs, actor } = adviser;
  if (await log.reject(id, actor, note, nowMs())) return { kind: 'rejected' };
  const record = await log.find(id);
  return record === undefined ? { kind: 'unknown' } : { kind: 'ended', record };
}

/** Which steps of its plan it needs and nobody has approved, in words; undefined where none is missing. */
export function missingStep(
  { body }: Pick<RecommendationRecord, 'body'>,
  parts: readonly RecommendationRecord[],
): string | undefined {
  const missing = stepsNeeded(body, parts).filter(
    ({ state, firstApproval }) => !['approved', 'running', 'done'].includes(state) && firstApproval === null,
  );
  if (missing.length === 0) return undefined;
  const steps = missing.map(({ body: { step } }) => step).join(' and ');
  return `it needs step ${steps} of the same plan: approve that as well`;
}

/** The newest of each step: what took the place of another one counts for it. */
export function stepsNeeded(
  { dependsOn = [] }: RecommendationRecord['body'],
  parts: readonly RecommendationRecord[],
): RecommendationRecord[] {
  return dependsOn.flatMap((step) => parts.findLast(({ body }) => body.step === step) ?? []);
}

/** Why nobody can approve it; undefined when somebody can. */
export function obstacleTo(record: RecommendationRecord, policy: Policy): string | undefined {
  const { body, cluster } = record;
  if (termsFor(policy, record).mode === 'forecast-only')
    return 'the policy only forecasts here: set its mode to "ask" to approve, or "auto" to let it approve by criteria';
  // who runs it knows how to carry it out
  if (cluster !== OWN_CLUSTER) return undefined;
  const future = [...body.shardlets.slice(0, body.action === 'merge' ? 2 : 1)].find(
    (id) => !/^\d+$/.test(id),
  );
  if (future !== undefined)
    return `shardlet ${future} is made by an earlier step of the same plan: carry that out first`;
  return undefined;
}

/** Auto: whether the policy lets it be carried out without a person. */
export function meetsCriteria(
  { body }: RecommendationRecord,
  { mode, auto }: Terms,
  eventsPerSecond: number,
): boolean {
  return (
    mode === 'auto' &&
    body.checks.every(({ passed }) => passed) &&
    body.cost.bytes <= auto.max_bytes &&
    eventsPerSecond <= auto.max_events &&
    body.confidence >= auto.minimum_confidence &&
    (body.gain === null || body.gain.expected >= auto.minimum_gain)
  );
}

/**
 * Auto: approves for the next window what meets the criteria, in the name of the policy. Answers how many.
 * REQUIRES open recommendations that somebody would carry out; `loads`: events a second by shardlet.
 */
export async function approveByPolicy(
  adviser: Omit<Adviser, 'actor' | 'wake'>,
  { policy, version }: PolicyVersion,
  open: readonly RecommendationRecord[],
  loads: ReadonlyMap<string, number>,
): Promise<number> {
  const actor = `policy ${policy.name} (version ${version})`;
  const meeting = open.filter(
    (record) =>
      obstacleTo(record, policy) === undefined &&
      meetsCriteria(record, termsFor(policy, record), loads.get(record.body.shardlets[0] ?? '') ?? 0),
  );
  const affordable = withinBudgets(policy, meeting);
  const why = { note: 'meets the criteria of the policy', when: 'window' } as const;
  const replies = await approve(
    { ...adviser, actor, wake: async () => {} },
    affordable.map(({ id, revision, topologyVersion }) => ({ id, revision, topologyVersion, ...why })),
  );
  return replies.filter(({ kind }) => kind === 'approved').length;
}

/** In the order of the plan, as far as the budgets of their scopes go; the budget of all is the plan's own. */
export function withinBudgets(
  policy: Policy,
  records: readonly RecommendationRecord[],
): RecommendationRecord[] {
  const used = new Map<PolicyScope, { moves: number; bytes: number }>();
  const inOrder = [...records].sort((a, b) => a.body.step - b.body.step);
  return inOrder.filter((record) => {
    const scope = scopeFor(policy, record);
    if (scope === undefined) return true;
    const { budget_moves = Infinity, budget_bytes = Infinity } = scope.auto;
    const before = used.get(scope) ?? { moves: 0, bytes: 0 };
    const moves = before.moves + Number(record.body.action === 'move');
    const bytes = before.bytes + record.body.cost.bytes;
    if (moves > budget_moves || bytes > budget_bytes) return false;
    used.set(scope, { moves, bytes });
    return true;
  });
}

/** Of so many that say nothing, nobody knows what the next ones say. */
const CHANGES_READ = 1_000;

/** What is dropped of what has ended long ago changes nothing that a plan stands on. */
function isOfTheMap({ streams, streamsRemoved, hosts, hostsRemoved, shardlets }: Change): boolean {
  return [streams, streamsRemoved, hosts, hostsRemoved, shardlets].some((part) => part.length > 0);
}

/** What other parts of its plan change while they are carried out. What it is about itself is not among them. */
function ownShardlets(
  { body }: RecommendationRecord,
  others: readonly RecommendationRecord[],
): ReadonlySet<number> {
  const started = others.filter(({ state }) => ['running', 'done', 'failed'].includes(state));
  const own = new Set(
    started.filter((one) => one.body.action === 'move').map((one) => Number(one.body.shardlets[0])),
  );
  for (const id of body.shardlets) own.delete(Number(id));
  return own;
}

function isOwn(
  { streams, streamsRemoved, hosts, hostsRemoved, shardlets }: Change,
  own: ReadonlySet<number>,
): boolean {
  const isOfOthers = [streams, streamsRemoved, hosts, hostsRemoved].some((part) => part.length > 0);
  return !isOfOthers && shardlets.every(({ id }) => own.has(id));
}

async function stalenessOf(
  { topology, clusters, nowMs }: Adviser,
  record: RecommendationRecord,
  seen: ApprovalRequest,
  others: readonly RecommendationRecord[],
): Promise<string | undefined> {
  if (record.expiresMs <= nowMs()) return 'it has expired';
  const own = ownShardlets(record, others);
  const isOther = own.size === 0 && record.topologyVersion !== seen.topologyVersion;
  if (record.revision !== seen.revision || isOther)
    return `it is at revision ${record.revision} (topology ${record.topologyVersion}) by now`;
  if (record.cluster !== OWN_CLUSTER) {
    const known = await clusters?.find(record.cluster);
    return known?.version === seen.topologyVersion
      ? undefined
      : `the cluster ${record.cluster} is not what it was when this was simulated`;
  }
  const changes = await topology.changesAfter(seen.topologyVersion, CHANGES_READ);
  const since =
    changes.find((change) => isOfTheMap(change) && !isOwn(change, own)) ??
    (changes.length === CHANGES_READ ? changes.at(-1) : undefined);
  return since === undefined
    ? undefined
    : `the topology has changed since it was simulated (version ${since.version}: ${since.decision})`;
}

function startOf(when: ApprovalRequest['when'], { migration_window }: Terms, nowMs: number): number | null {
  if (when === 'now') return null;
  if (when === 'window') return nextWindow(migration_window, nowMs);
  return when;
}
