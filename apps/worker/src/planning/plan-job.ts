/**
 * One tick of the planner: look at the cluster, plan by the policy that holds, record what is recommended, approve
 * what the policy lets nobody wait for, and note what was worth what. Everything lasting stands in PostgreSQL, so any
 * worker may do the next tick, and a wake-up that is lost costs a minute.
 */
import {
  approveByPolicy,
  clusterStateOf,
  type HostProvider,
  isOfHosts,
  type ObserveParts,
  OWN_CLUSTER,
  observe,
  type PlanRecord,
  type PolicyStore,
  type PolicyVersion,
  proposalOf,
  type RecommendationLog,
  type RecommendationRecord,
  realisedGain,
  withUnderWay,
} from '@foreshard/core/advising';
import type { SliceStore } from '@foreshard/core/anticipating';
import {
  type ClusterState,
  compileState,
  type Policy,
  plan,
  type Recommendation,
  withReserves,
} from '@foreshard/core/planning';
import { MINUTE_MS } from '@foreshard/core/telemetry';
import type { MapFollower, TopologyMap } from '@foreshard/core/topology';
import type { Logger } from 'pino';
import { PeakWatch } from './peak-watch.ts';

export interface PlanJobParts extends ObserveParts {
  readonly follower: Pick<MapFollower, 'upToDate'>;
  readonly log: Logger;
  readonly recommendations: RecommendationLog;
  readonly policies: PolicyStore;
  readonly slices: Pick<SliceStore, 'list'>;
  /** what nobody would carry out is not approved by itself */
  readonly hostProvider: HostProvider;
  readonly exclusively: (work: () => Promise<object | undefined>) => Promise<object | undefined>;
  readonly wakeCarryingOut: () => Promise<void>;
}

const LISTED_MAX = 1_000;
/** Clusters of others are planned by a job of their own. */
const OURS = { cluster: OWN_CLUSTER, limit: LISTED_MAX };
/** The load has settled at its new place, and the minutes that tell it are rolled up. */
const REALISED_AFTER_MS = 10 * MINUTE_MS;
const KEPT_MS = 90 * 86_400_000;

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
    const observed = clusterStateOf(await observe(this.parts, map, holding.policy), holding.policy);
    const state = await this.withReserves(map, observed, holding.policy);
    if (signal.aborted) return undefined;
    const actions = await this.record(map, state, holding);
    const approved = await this.approveByPolicy(state, holding);
    if (approved > 0) await this.parts.wakeCarryingOut();
    const realised = await this.realise(state, holding);
    await this.parts.recommendations.forget(nowMs() - KEPT_MS);
    return actions + approved + realised > 0 ? { actions, approved, realised } : undefined;
  }

  /** With the load that was announced, where the policy keeps room for it. */
  private async withReserves(map: TopologyMap, state: ClusterState, policy: Policy): Promise<ClusterState> {
    if (policy.anticipation.reserve === 0) return state;
    const slices = await this.parts.slices.list();
    const surges = slices.flatMap(({ stream, report }) =>
      (report?.surges?.announced ?? []).map((one) => ({
        ...one,
        stream: map.streams().find(({ id }) => id === stream)?.name ?? '',
      })),
    );
    return withReserves(state, surges, policy);
  }

  private async record(map: TopologyMap, state: ClusterState, holding: PolicyVersion): Promise<number> {
    const { policy, version } = holding;
    const nowMs = this.parts.nowMs();
    const assumed = await this.withUnderWay(state, holding);
    const made = plan(compileState(assumed, policy), policy, nowMs);
    const nameOf = (host: string) => map.host(Number(host))?.name ?? `host ${host}`;
    const { record, ...recording } = proposalOf({ state, assumed, policy, made, nameOf });
    const document = withPreparations(record, await this.peaks.preparations(map, state, holding));
    await this.parts.recommendations.record(document, { ...recording, policyVersion: version, nowMs });
    return document.recommendations.length;
  }

  private async withUnderWay(state: ClusterState, { policy }: PolicyVersion): Promise<ClusterState> {
    const { recommendations: log } = this.parts;
    const [kept, approved] = await Promise.all([
      log.kept(OWN_CLUSTER),
      log.list({ states: ['approved'], ...OURS }),
    ]);
    return withUnderWay(state, { kept, approved }, policy);
  }

  private async approveByPolicy(state: ClusterState, holding: PolicyVersion): Promise<number> {
    const { recommendations: log, hostProvider } = this.parts;
    const open = await log.list({ states: ['open'], ...OURS });
    const feasible = open.filter((record) => !isOfHosts(record) || hostProvider !== 'none');
    const loads = new Map(state.shardlets.map(({ id, load }) => [id, load.eventsPerSecond ?? 0]));
    return approveByPolicy({ ...this.parts, log }, holding, feasible, loads);
  }

  private async realise(state: ClusterState, { policy }: PolicyVersion): Promise<number> {
    const { recommendations, nowMs } = this.parts;
    let count = 0;
    for (const record of await recommendations.list({ states: ['done'], ...OURS })) {
      const gain = this.isDue(record) ? gainOf(record, state, policy) : undefined;
      if (gain === undefined) continue;
      await recommendations.realise(record.id, { atMs: nowMs(), gain });
      count++;
    }
    return count;
  }

  /** What was done for a peak is worth something only then. */
  private isDue({ realised, endedMs, body }: RecommendationRecord): boolean {
    if (realised !== null || endedMs === null) return false;
    const usedMs = Math.max(endedMs, body.prepares === undefined ? 0 : Date.parse(body.prepares.peakAt));
    return this.parts.nowMs() - usedMs >= REALISED_AFTER_MS;
  }
}

/** What is needed soon goes first, and leaves nothing to prepare for the same shardlet. */
function withPreparations(document: PlanRecord, preparations: readonly Recommendation[]): PlanRecord {
  const touched = new Set(document.recommendations.flatMap(({ shardlets }) => shardlets));
  const more = preparations
    .filter(({ shardlets }) => !shardlets.some((one) => touched.has(one)))
    .map((one, i) => ({ ...one, step: document.recommendations.length + i + 1 }));
  if (more.length === 0) return document;
  return { ...document, recommendations: [...document.recommendations, ...more], nothingBecause: null };
}

function gainOf({ body }: RecommendationRecord, state: ClusterState, policy: PolicyVersion['policy']) {
  if (body.action !== 'move' || body.source === null) return undefined;
  return realisedGain(state, policy, { shardlet: body.shardlets[0]!, source: body.source });
}
