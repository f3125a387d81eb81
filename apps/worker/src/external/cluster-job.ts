/**
 * Looks after clusters that are not ours: reads their load where a source was given, plans them by the same policy and
 * code as ours, tells whoever runs them what was approved, and sees by the next observation whether it has come true.
 */
import {
  approveByPolicy,
  dueOf,
  type PolicyStore,
  type PolicyVersion,
  proposalOf,
  type RecommendationLog,
  type RecommendationRecord,
} from '@foreshard/core/advising';
import {
  actionOf,
  type ClusterStore,
  type ExternalCluster,
  hasComeTrue,
  type ObserveClusterParts,
  planCluster,
} from '@foreshard/core/external';
import type { MoveLog } from '@foreshard/core/moves';
import type { NotificationStore } from '@foreshard/core/notifying';
import { MINUTE_MS } from '@foreshard/core/telemetry';
import type { TopologyStore } from '@foreshard/core/topology';
import type { Logger } from 'pino';

export interface ClusterJobParts extends ObserveClusterParts {
  readonly clusters: ClusterStore;
  readonly recommendations: RecommendationLog;
  readonly policies: PolicyStore;
  readonly topology: Pick<TopologyStore, 'changesAfter'>;
  readonly moves: Pick<MoveLog, 'controls'>;
  readonly notifications: Pick<NotificationStore, 'queue' | 'delivery' | 'targets'>;
  /** reads what has come in since; the same where the cluster has no source of its own */
  readonly refresh: (cluster: ExternalCluster) => Promise<ExternalCluster>;
  readonly exclusively: (work: () => Promise<number>) => Promise<number | undefined>;
  readonly log: Logger;
}

const LISTED_MAX = 1_000;
/** Forecasts change once in five minutes, and what is known at most once a minute. */
const PLAN_EVERY_MS = MINUTE_MS;
/** What nobody has seen come true by then has failed. */
const COMES_TRUE_WITHIN_MS = 86_400_000;

export class ClusterJob {
  private readonly parts: ClusterJobParts;
  private readonly planned = new Map<string, { readonly atMs: number; readonly revision: number }>();

  constructor(parts: ClusterJobParts) {
    this.parts = parts;
  }

  async run(signal: AbortSignal): Promise<object | undefined> {
    const changed = await this.parts.exclusively(() => this.tick(signal));
    return changed === undefined || changed === 0 ? undefined : { changed };
  }

  private async tick(signal: AbortSignal): Promise<number> {
    const { clusters, policies, nowMs } = this.parts;
    const known = await clusters.list();
    if (known.length === 0) return 0;
    const holding = await policies.at(nowMs());
    let changed = 0;
    for (const one of known) {
      if (signal.aborted) return changed;
      const cluster = await this.parts.refresh(one);
      if (this.isDue(cluster)) changed += await this.plan(cluster, holding);
      changed += await this.notifyApproved(cluster, holding);
      changed += await this.follow(cluster);
    }
    return changed;
  }

  private isDue({ name, revision }: ExternalCluster): boolean {
    const last = this.planned.get(name);
    return (
      last === undefined || last.revision !== revision || this.parts.nowMs() - last.atMs >= PLAN_EVERY_MS
    );
  }

  /** Answers how many were approved by the policy. */
  private async plan(cluster: ExternalCluster, holding: PolicyVersion): Promise<number> {
    const { recommendations: log } = this.parts;
    const { policy, version } = holding;
    const { name, webhook } = cluster;
    const nowMs = this.parts.nowMs();
    this.planned.set(name, { atMs: nowMs, revision: cluster.revision });
    const notified = await log.list({ states: ['running'], cluster: name, limit: LISTED_MAX });
    const kept = await log.kept(name);
    const made = await planCluster(this.parts, cluster, policy, [...notified, ...kept]);
    if (made.kind === 'not-planned') {
      await log.expire(name, nowMs);
      return 0;
    }
    const { state, plan } = made;
    const waiting = new Set(kept.map(({ body }) => body.shardlets[0]));
    const asIs = { ...state, moves: state.moves.filter(({ shardlet }) => !waiting.has(shardlet)) };
    const nameOf = (host: string) => host;
    const run = { state: asIs, assumed: state, policy, made: plan, nameOf };
    const { record, ...recording } = proposalOf(run);
    await log.record(record, { ...recording, policyVersion: version, nowMs, cluster: name });
    // what nobody is told nobody would carry out by itself
    if (webhook === null) return 0;
    const open = await log.list({ states: ['open'], cluster: name, limit: LISTED_MAX });
    const loads = new Map(state.shardlets.map(({ id, load }) => [id, load.eventsPerSecond ?? 0]));
    return approveByPolicy({ ...this.parts, log }, holding, open, loads);
  }

  private async notifyApproved({ name, webhook }: ExternalCluster, holding: PolicyVersion): Promise<number> {
    const { recommendations, notifications, moves, policies, nowMs, log } = this.parts;
    // the kill switch holds back what would begin, here as with ours
    if ((await moves.controls()).paused) return 0;
    const approved = await recommendations.list({ states: ['approved'], cluster: name, limit: LISTED_MAX });
    let count = 0;
    for (const record of await dueOf(approved.reverse(), holding, policies, nowMs())) {
      count++;
      if (webhook === null) {
        await recommendations.start(
          record.id,
          [],
          'nobody is told: carry it out; the next observation shows it',
        );
        continue;
      }
      const targets = await notifications.targets();
      if (!targets.some((target) => target.name === webhook)) {
        await recommendations.end(record.id, 'failed', `there is no target "${webhook}" to tell`, nowMs());
        continue;
      }
      const body = actionOf(record, nowMs());
      const title = `${name}: ${record.body.action} (recommendation ${record.id})`;
      const delivery = { id: deliveryOf(record), target: webhook, title, createdMs: nowMs() };
      await notifications.queue({ ...delivery, body: JSON.stringify(body) }, []);
      await recommendations.start(record.id, [], `being told to ${webhook}`);
      log.info({ cluster: name, recommendation: record.id, target: webhook }, 'action is told');
    }
    return count;
  }

  private async follow(cluster: ExternalCluster): Promise<number> {
    const { recommendations, nowMs } = this.parts;
    const running = await recommendations.list({
      states: ['running'],
      cluster: cluster.name,
      limit: LISTED_MAX,
    });
    let ended = 0;
    for (const record of running) {
      const outcome = await this.outcomeOf(record, cluster);
      if (outcome.state !== 'running') {
        await recommendations.end(record.id, outcome.state, outcome.result, nowMs());
        ended++;
      } else if (outcome.result !== record.result) await recommendations.report(record.id, outcome.result);
    }
    return ended;
  }

  private async outcomeOf(record: RecommendationRecord, cluster: ExternalCluster) {
    const { notifications, nowMs } = this.parts;
    const notifiedMs = record.decidedMs ?? record.lastMs;
    if (hasComeTrue(record, cluster, notifiedMs)) {
      const at = new Date(cluster.observedToMs!).toISOString();
      return { state: 'done', result: `the observation up to ${at} shows it` } as const;
    }
    const delivery = cluster.webhook === null ? undefined : await notifications.delivery(deliveryOf(record));
    const last = delivery?.attempts.at(-1);
    const answer = last === undefined ? '' : `: ${last.status ?? 'no answer'} ${last.response}`.trimEnd();
    if (delivery?.state === 'failed')
      return { state: 'failed', result: `${cluster.webhook} did not take it${answer}` } as const;
    if (nowMs() - notifiedMs > COMES_TRUE_WITHIN_MS)
      return { state: 'failed', result: 'no observation has shown it within a day' } as const;
    const waiting = 'the next observation shows whether it was carried out';
    if (delivery === undefined) return { state: 'running', result: record.result } as const;
    return delivery.state === 'delivered'
      ? ({ state: 'running', result: `${cluster.webhook} has taken it${answer}; ${waiting}` } as const)
      : ({ state: 'running', result: `being told to ${cluster.webhook}${answer}` } as const);
  }
}

/** The same for the same approval, so that it is told once. */
function deliveryOf({ id, revision, cluster }: RecommendationRecord): string {
  return `msg_${cluster}_${id}_${revision}`;
}
