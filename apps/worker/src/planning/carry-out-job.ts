/**
 * Begins what is approved and due, and notes how it ended. Apart from the planner, so that nobody who approves waits for
 * its minute. Everything lasting stands in PostgreSQL, so any worker may go on.
 */
import {
  carryOut,
  dueOf,
  failed,
  isOfHosts,
  type ObserveParts,
  OWN_CLUSTER,
  outcomeOf,
  overtaken,
  type PolicyStore,
  type PolicyVersion,
  type RecommendationLog,
  type RecommendationRecord,
  readinessOf,
  type Started,
} from '@foreshard/core/advising';
import type { MoveLog, Operator } from '@foreshard/core/moves';
import { loadOfKeys, planSplit, type SplitPlan } from '@foreshard/core/restructuring';
import { MINUTE_MS } from '@foreshard/core/telemetry';
import type { Shardlet, TopologyMap } from '@foreshard/core/topology';
import type { Logger } from 'pino';
import type { HostScaling } from './host-scaling.ts';

export interface CarryOutJobParts extends Pick<ObserveParts, 'telemetry' | 'hotKeys' | 'nowMs'> {
  readonly log: Logger;
  readonly recommendations: RecommendationLog;
  readonly policies: PolicyStore;
  readonly moveLog: MoveLog;
  readonly operator: Operator;
  readonly scaling: HostScaling;
  readonly exclusively: (work: () => Promise<object | undefined>) => Promise<object | undefined>;
}

/** Clusters of others are told by a job of their own. */
const OURS = { cluster: OWN_CLUSTER, limit: 1_000 };
const SPLIT_KEYS_MS = 10 * MINUTE_MS;

export class CarryOutJob {
  private readonly parts: CarryOutJobParts;

  constructor(parts: CarryOutJobParts) {
    this.parts = parts;
  }

  /** Undefined when another worker is at it, or there was nothing to do. */
  run(signal: AbortSignal): Promise<object | undefined> {
    return this.parts.exclusively(async () => {
      const { policies, nowMs } = this.parts;
      const started = await this.startDue(await policies.at(nowMs()), signal);
      const ended = await this.endDone();
      return started + ended > 0 ? { started, ended } : undefined;
    });
  }

  private async startDue(holding: PolicyVersion, signal: AbortSignal): Promise<number> {
    const { recommendations, moveLog, policies, nowMs } = this.parts;
    // the kill switch of moves holds back what would begin some
    if ((await moveLog.controls()).paused) return 0;
    const approved = await recommendations.list({ states: ['approved'], ...OURS });
    if (approved.length === 0) return 0;
    const underWay = [...approved, ...(await recommendations.list({ states: ['running'], ...OURS }))];
    const [newest] = await recommendations.decisions(1);
    let count = 0;
    for (const record of await dueOf(approved.reverse(), holding, policies, nowMs())) {
      if (signal.aborted) break;
      const readiness =
        record.plan === null ? 'ready' : readinessOf(record, await recommendations.partsOf(record.plan));
      if (readiness === 'waits') continue;
      const why = readiness === 'ready' ? overtaken(record, newest, underWay, nowMs()) : readiness.never;
      const started = why === undefined ? await this.start(record) : failed(why);
      if (started.kind === 'running') await recommendations.start(record.id, started.moves, started.result);
      else await recommendations.end(record.id, started.kind, started.result, nowMs());
      this.parts.log.info({ recommendation: record.id, ...started }, 'recommendation carried out');
      count++;
    }
    return count;
  }

  private async start(record: RecommendationRecord): Promise<Started> {
    const { operator, scaling } = this.parts;
    if (isOfHosts(record)) return { moves: [], ...(await scaling.start(record)) };
    const by = { ...operator, actor: record.decidedBy ?? operator.actor };
    return carryOut(record, { operator: by, splitPlan: (map, leaf) => this.splitPlan(map, leaf) });
  }

  private async endDone(): Promise<number> {
    const { recommendations, moveLog, nowMs } = this.parts;
    let count = 0;
    for (const record of await recommendations.list({ states: ['running'], ...OURS })) {
      const outcome = isOfHosts(record) ? await this.scaled(record) : await outcomeOf(moveLog, record.moves);
      if (outcome === undefined) continue;
      await recommendations.end(record.id, outcome.state, outcome.result, nowMs());
      count++;
    }
    return count;
  }

  /** Undefined while it goes on. */
  private async scaled(record: RecommendationRecord) {
    const { kind, result } = await this.parts.scaling.progress(record);
    if (kind !== 'running') return { state: kind, result };
    if (result !== record.result) await this.parts.recommendations.report(record.id, result);
    return undefined;
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

function sum(values: Iterable<number>): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}
