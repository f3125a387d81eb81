/**
 * One tick of the planner: look at the cluster, plan by the policy that holds, record what is recommended, approve
 * what the policy lets nobody wait for, carry out what is approved and due, and note how it ended and what it was
 * worth. Everything lasting stands in PostgreSQL, so any worker may do the next tick, and a wake-up that is lost costs
 * a minute.
 */
import {
  approveByPolicy,
  carryOut,
  clusterStateOf,
  figures,
  type HostProvider,
  mayBegin,
  type ObserveParts,
  OWN_CLUSTER,
  observe,
  outcomeOf,
  type PolicyStore,
  type PolicyVersion,
  pressuresOf,
  type RecommendationLog,
  type RecommendationRecord,
  realisedGain,
} from '@foreshard/core/advising';
import {
  loadOfKeys,
  type MoveLog,
  type Operator,
  planSplit,
  type SplitPlan,
} from '@foreshard/core/migration';
import {
  type ClusterState,
  compileState,
  documentOf,
  type PlanDocument,
  plan,
  type Recommendation,
} from '@foreshard/core/planning';
import { MINUTE_MS } from '@foreshard/core/telemetry';
import type { Shardlet, TopologyMap } from '@foreshard/core/topology';
import type { Logger } from 'pino';
import type { MapFollower } from '../map/follower.ts';
import type { HostScaling } from './host-scaling.ts';
import { PeakWatch } from './peak-watch.ts';

export interface PlanJobParts extends ObserveParts {
  readonly follower: Pick<MapFollower, 'upToDate'>;
  readonly log: Logger;
  readonly recommendations: RecommendationLog;
  readonly policies: PolicyStore;
  readonly moveLog: MoveLog;
  readonly operator: Operator;
  readonly scaling: HostScaling;
  /** what nobody would carry out is not approved by itself */
  readonly hostProvider: HostProvider;
  readonly exclusively: (work: () => Promise<object | undefined>) => Promise<object | undefined>;
}

/** Of a record, so that a plan over ten thousand hosts stays readable. */
const PRESSURES_MAX = 200;
const LISTED_MAX = 1_000;
/** Clusters of others are planned by a job of their own. */
const OURS = { cluster: OWN_CLUSTER, limit: LISTED_MAX };
/** The load has settled at its new place, and the minutes that tell it are rolled up. */
const REALISED_AFTER_MS = 10 * MINUTE_MS;
const KEPT_MS = 90 * 86_400_000;
const SPLIT_KEYS_MS = 10 * MINUTE_MS;

export class PlanJob {
  private readonly parts: PlanJobParts;
  private readonly peaks: PeakWatch;

  constructor(parts: PlanJobParts) {
    this.parts = parts;
    this.peaks = new PeakWatch(parts);
  }

  /** Undefined when another worker is at it, or there was nothing to tell. */
  run(signal: AbortSignal): Promise<object | undefined> {
    return this.parts.exclusively(() => this.tick(signal));
  }

  private async tick(signal: AbortSignal): Promise<object | undefined> {
    const { follower, policies, nowMs } = this.parts;
    const map = await follower.upToDate();
    const holding = await policies.at(nowMs());
    const state = clusterStateOf(await observe(this.parts, map, holding.policy), holding.policy);
    if (signal.aborted) return undefined;
    const actions = await this.record(map, state, holding);
    const approved = await this.approveByPolicy(state, holding);
    const begun = await this.carryOutDue(holding, signal);
    const ended = await this.follow(state, holding);
    await this.parts.recommendations.forget(nowMs() - KEPT_MS);
    return actions + approved + begun + ended > 0 ? { actions, approved, begun, ended } : undefined;
  }

  private async record(map: TopologyMap, state: ClusterState, holding: PolicyVersion): Promise<number> {
    const { policy, version } = holding;
    const nowMs = this.parts.nowMs();
    const made = plan(compileState(state, policy), policy, nowMs);
    const document = withPreparations(
      documentOf(made, policy),
      await this.peaks.preparations(map, state, holding),
    );
    const pressures = pressuresOf(figures(state, policy), made, PRESSURES_MAX);
    await this.parts.recommendations.record({ ...document, pressures }, version, nowMs);
    return document.recommendations.length;
  }

  private async approveByPolicy(state: ClusterState, holding: PolicyVersion): Promise<number> {
    const { recommendations: log, hostProvider } = this.parts;
    const open = await log.list({ states: ['open'], ...OURS });
    const feasible = open.filter((record) => !isOfHosts(record) || hostProvider !== 'none');
    const loads = new Map(state.shardlets.map(({ id, load }) => [id, load.eventsPerSecond ?? 0]));
    return approveByPolicy({ ...this.parts, log }, holding, feasible, loads);
  }

  private async carryOutDue({ policy }: PolicyVersion, signal: AbortSignal): Promise<number> {
    const { recommendations, moveLog, operator, nowMs } = this.parts;
    // the kill switch of moves holds back what would begin some
    if ((await moveLog.controls()).paused) return 0;
    const approved = await recommendations.list({ states: ['approved'], ...OURS });
    let count = 0;
    for (const record of approved.reverse()) {
      if (signal.aborted || !mayBegin(policy.migration_window, record.notBeforeMs, nowMs())) continue;
      const by = { ...operator, actor: record.decidedBy ?? operator.actor };
      const begun = isOfHosts(record)
        ? { moves: [], ...(await this.parts.scaling.begin(record)) }
        : await carryOut(record, { operator: by, splitPlan: (map, leaf) => this.splitPlan(map, leaf) });
      if (begun.kind === 'running') await recommendations.begin(record.id, begun.moves, begun.result);
      else await recommendations.end(record.id, begun.kind, begun.result, nowMs());
      this.parts.log.info({ recommendation: record.id, ...begun }, 'recommendation carried out');
      count++;
    }
    return count;
  }

  private async follow(state: ClusterState, { policy }: PolicyVersion): Promise<number> {
    const { recommendations, moveLog, nowMs } = this.parts;
    let count = 0;
    for (const record of await recommendations.list({ states: ['running'], ...OURS })) {
      const outcome = isOfHosts(record) ? await this.scaled(record) : await outcomeOf(moveLog, record.moves);
      if (outcome === undefined) continue;
      await recommendations.end(record.id, outcome.state, outcome.result, nowMs());
      count++;
    }
    for (const record of await recommendations.list({ states: ['done'], ...OURS })) {
      const gain = this.isDue(record) ? gainOf(record, state, policy) : undefined;
      if (gain !== undefined) await recommendations.realise(record.id, { atMs: nowMs(), gain });
    }
    return count;
  }

  /** Undefined while it goes on. */
  private async scaled(record: RecommendationRecord) {
    const { kind, result } = await this.parts.scaling.progress(record);
    if (kind !== 'running') return { state: kind, result };
    if (result !== record.result) await this.parts.recommendations.tell(record.id, result);
    return undefined;
  }

  /** What was done for a peak is worth something only then. */
  private isDue({ realised, endedMs, body }: RecommendationRecord): boolean {
    if (realised !== null || endedMs === null) return false;
    const usedMs = Math.max(endedMs, body.prepares === undefined ? 0 : Date.parse(body.prepares.peakAt));
    return this.parts.nowMs() - usedMs >= REALISED_AFTER_MS;
  }

  private async splitPlan(map: TopologyMap, { id, stream, range }: Shardlet): Promise<SplitPlan> {
    const toMs = this.parts.nowMs();
    const keys = await this.parts.telemetry.topKeys({ shardlet: id, fromMs: toMs - SPLIT_KEYS_MS, toMs });
    const total = keys?.types.reduce((sum, type) => sum + type.events, 0) ?? 0;
    const named = new Map(keys?.topKeys.map((key) => [key.keyHash, key.events]));
    const others = total - sum(named.values());
    // what is told of these seconds counts as if it had been so all the time, and will be
    for (const { shardlet, keyHash, perSecond } of await this.parts.hotKeys())
      if (shardlet === id)
        named.set(keyHash, Math.max(named.get(keyHash) ?? 0, (perSecond * SPLIT_KEYS_MS) / 1_000));
    const sample = [...named].map(([keyHash, events]) => ({ keyHash, events }));
    const splitKeys = map.stream(stream)?.splitKeys ?? false;
    return planSplit(range, loadOfKeys(range, sample, others + sum(named.values())), splitKeys);
  }
}

/** What is needed soon goes first, and leaves nothing to prepare for the same shardlet. */
function withPreparations(document: PlanDocument, preparations: readonly Recommendation[]): PlanDocument {
  const touched = new Set(document.recommendations.flatMap(({ shardlets }) => shardlets));
  const more = preparations
    .filter(({ shardlets }) => !shardlets.some((one) => touched.has(one)))
    .map((one, i) => ({ ...one, step: document.recommendations.length + i + 1 }));
  if (more.length === 0) return document;
  return { ...document, recommendations: [...document.recommendations, ...more], nothingBecause: null };
}

function isOfHosts({ body }: RecommendationRecord): boolean {
  return body.action === 'add-hosts' || body.action === 'remove-host';
}

function gainOf({ body }: RecommendationRecord, state: ClusterState, policy: PolicyVersion['policy']) {
  if (body.action !== 'move' || body.source === null) return undefined;
  return realisedGain(state, policy, { shardlet: body.shardlets[0]!, source: body.source });
}

function sum(values: Iterable<number>): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}
