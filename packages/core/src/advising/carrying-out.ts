/**
 * From an approved recommendation to what the topology store decides, and from there to how it ended. A worker may
 * die in between, so a move that the topology store has begun to the same destination, or ended there, is taken as
 * this one's. A split, roll or merge that is tried again finds its parents gone and is told as failed.
 */
import { comparePositions, type Range, range } from '../keyspace/index.ts';
import { type Move, type MoveLog, type Operator, requestMoves, requestRestructure } from '../moves/index.ts';
import type { SplitPlan } from '../restructuring/index.ts';
import { MINUTE_MS } from '../telemetry/index.ts';
import { isLeaf, type Shardlet, TopologyMap } from '../topology/index.ts';
import { stepsNeeded } from './approving.ts';
import type { PolicyStore, PolicyVersion } from './policy-store.ts';
import type { DecisionRecord, RecommendationRecord } from './recommendation-log.ts';
import { termsFor } from './terms.ts';
import { mayStart } from './windows.ts';

export interface Hands {
  readonly operator: Operator;
  /** where the load of a shardlet wants it to be cut */
  readonly splitPlan: (map: TopologyMap, shardlet: Shardlet) => Promise<SplitPlan>;
}

export type Started =
  /** it goes on by itself; `moves` tell how it ends */
  | { readonly kind: 'running'; readonly moves: readonly number[]; readonly result: string }
  | { readonly kind: 'done'; readonly result: string }
  | { readonly kind: 'failed'; readonly result: string };

/**
 * Which of those that are approved may begin. A policy that only forecasts lets nothing begin, also what was approved
 * before it held.
 */
export async function dueOf(
  approved: readonly RecommendationRecord[],
  { policy }: PolicyVersion,
  policies: Pick<PolicyStore, 'at'>,
  nowMs: number,
): Promise<RecommendationRecord[]> {
  const due: RecommendationRecord[] = [];
  for (const record of approved) {
    const { notBeforeMs, decidedMs } = record;
    const { mode, migration_window } = termsFor(policy, record);
    if (mode === 'forecast-only') continue;
    if (notBeforeMs !== null && notBeforeMs > nowMs) continue;
    // what was approved for now asks for no windows
    const then =
      notBeforeMs === null
        ? []
        : termsFor((await policies.at(decidedMs ?? nowMs)).policy, record).migration_window;
    if (mayStart(migration_window, then, notBeforeMs, nowMs)) due.push(record);
  }
  return due;
}

/**
 * Whether the steps of its plan that it needs are done: 'ready', 'waits', or why it never will be. Steps run side by
 * side otherwise.
 */
export function readinessOf(
  { body }: Pick<RecommendationRecord, 'body'>,
  parts: readonly RecommendationRecord[],
): 'ready' | 'waits' | { readonly never: string } {
  const needed = stepsNeeded(body, parts);
  const lost = needed.find(({ state }) => !['open', 'approved', 'running', 'done'].includes(state));
  if (lost !== undefined)
    return { never: `Step ${lost.body.step} of its plan, which it needs, was not done` };
  return needed.every(({ state }) => state === 'done') ? 'ready' : 'waits';
}

/** An older plan says nothing about now, and what was decided since then was just looked at. */
const LOOKED_AT_MS = 5 * MINUTE_MS;

/**
 * Why a move that has waited since its approval is not to begin: by the newest plan its destination stands above what
 * the approved simulation kept it below, and nothing under way relieves it. Undefined for everything else, and while
 * no plan is new enough to tell.
 */
export function overtaken(
  { body, decidedMs }: Pick<RecommendationRecord, 'body' | 'decidedMs'>,
  newest: DecisionRecord | undefined,
  underWay: readonly Pick<RecommendationRecord, 'body'>[],
  nowMs: number,
): string | undefined {
  if (body.action !== 'move' || nowMs - (decidedMs ?? nowMs) < LOOKED_AT_MS) return undefined;
  if (newest === undefined || nowMs - newest.lastMs > LOOKED_AT_MS) return undefined;
  const approved = body.checks.find(({ check, passed }) => check === 'host.capacity_limit' && passed);
  const now = newest.document.pressures.find(({ host }) => host === body.destination)?.before;
  if (approved === undefined || now === undefined || now <= approved.limit) return undefined;
  if (underWay.some((other) => other.body.action === 'move' && other.body.source === body.destination))
    return undefined;
  return `its destination would be at ${percent(now)} of its capacity even without it, and was to stay below ${percent(approved.limit)} when this was approved: decide what is recommended now`;
}

function percent(share: number): string {
  return `${Math.round(100 * share)} %`;
}

/** Whether it changes the number of hosts, which the provider of hosts has a part in. */
export function isOfHosts({ body }: RecommendationRecord): boolean {
  return body.action === 'add-hosts' || body.action === 'remove-host';
}

/** REQUIRES anything but a change of the number of hosts. */
export async function carryOut({ id, body }: RecommendationRecord, hands: Hands): Promise<Started> {
  const { operator } = hands;
  const map = new TopologyMap(await operator.topology.snapshot());
  const reason = `recommendation ${id}: ${body.reason}`;
  if (body.action === 'move') return move(map, operator, body, reason);
  const parents = body.shardlets.slice(0, body.action === 'merge' ? 2 : 1).map(Number);
  const known = parents.map((parent) => map.shardlet(parent));
  if (!known.every((one): one is Shardlet => one !== undefined && isLeaf(one)))
    return failed(`shardlet ${parents.join(' or ')} is not there any more`);
  if (body.action === 'roll') return restructure(operator, parents, [known[0]!.range]);
  if (body.action === 'merge') return restructure(operator, parents, [joined(known)]);
  const { children, explanation } = await hands.splitPlan(map, known[0]!);
  if (children.length < 2) return failed(explanation);
  return restructure(operator, parents, children);
}

/** How moves that were begun have ended; undefined while one of them goes on. */
export async function outcomeOf(
  moves: Pick<MoveLog, 'find'>,
  ids: readonly number[],
): Promise<{ readonly state: 'done' | 'failed'; readonly result: string } | undefined> {
  const found = await Promise.all(ids.map((id) => moves.find(id)));
  const known = found.filter((one): one is Move => one !== undefined);
  // one that is not in the log yet is added by whoever carries it out
  if (known.length < ids.length || known.some(({ result }) => result === null)) return undefined;
  const aborted = known.find(({ result }) => result === 'aborted');
  if (aborted !== undefined) return { state: 'failed', result: `aborted: ${aborted.detail}` };
  return { state: 'done', result: `moved ${known.map(bytesOf).join(', ')}` };
}

async function move(
  map: TopologyMap,
  operator: Operator,
  { shardlets, source, destination }: RecommendationRecord['body'],
  reason: string,
): Promise<Started> {
  const id = Number(shardlets[0]);
  const dest = Number(destination);
  const leaf = map.shardlet(id);
  if (leaf?.state.kind === 'moving' && leaf.state.dest === dest)
    return { kind: 'running', moves: [leaf.state.nextEpoch], result: `move ${leaf.state.nextEpoch}` };
  if (String(leaf?.owner) === destination)
    return { kind: 'done', result: `shardlet ${id} is on host ${dest} already` };
  if (leaf !== undefined && String(leaf.owner) !== source)
    return failed(`shardlet ${id} is on host ${leaf.owner} by now, not on ${source}`);
  const [answer] = await requestMoves(operator, { shardlets: [id], dest, reason });
  if (answer?.kind !== 'move') return failed(answer?.refusal.detail ?? 'nothing was moved');
  return { kind: 'running', moves: [answer.move], result: `move ${answer.move}` };
}

async function restructure(
  operator: Operator,
  parents: readonly number[],
  children: readonly Range[],
): Promise<Started> {
  const reply = await requestRestructure(operator, { parents, children });
  if (reply.kind === 'refused') return failed(reply.refusal.detail);
  const ids = reply.result.children.map(({ id }) => id).join(', ');
  return { kind: 'done', result: `made shardlet ${ids}` };
}

function joined(parents: readonly Shardlet[]): Range {
  const [first, second] = parents as [Shardlet, Shardlet];
  const isInOrder = comparePositions(first.range.from, second.range.from) < 0;
  const [left, right] = isInOrder ? [first, second] : [second, first];
  return range(left.range.from, right.range.to);
}

function bytesOf({ bytes }: Move): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

export function failed(result: string): Started {
  return { kind: 'failed', result };
}
