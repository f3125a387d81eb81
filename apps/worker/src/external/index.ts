/** The job for clusters that are not ours, and the questions about them. */
import type { JobProducer } from '@foreshard/core/adapters/control';
import { type ClusterOperator, type ReadSource, refreshed } from '@foreshard/core/external';
import type { WebhookSender } from '@foreshard/core/notifying';
import type { BlockStore } from '@foreshard/core/telemetry';
import type { TopologyStore } from '@foreshard/core/topology';
import type { Processors } from '../jobs/registry.ts';
import { ClusterJob, type ClusterJobParts } from './cluster-job.ts';
import { type ClusterAnswerers, clusterAnswerers } from './inquiries.ts';

export interface ExternalParts extends Omit<ClusterJobParts, 'exclusively' | 'refresh'> {
  readonly telemetry: BlockStore;
  readonly topology: Pick<TopologyStore, 'snapshot' | 'changesAfter'>;
  readonly jobs: Pick<JobProducer, 'wake'>;
  readonly sender: Pick<WebhookSender, 'objection'>;
  readonly read: ReadSource;
}

export interface External {
  readonly jobs: Pick<Processors, 'clusters'>;
  readonly answerers: ClusterAnswerers;
}

export function external(parts: ExternalParts): External {
  const job = new ClusterJob({
    ...parts,
    refresh: (cluster) => refreshed({ ...parts, nowMs: parts.nowMs() }, cluster),
    exclusively: (work) => parts.telemetry.exclusively('clusters', work),
  });
  return {
    jobs: { clusters: (_, signal) => job.run(signal) },
    answerers: clusterAnswerers({ ...parts, operator: (actor) => operatorOf(parts, actor) }),
  };
}

function operatorOf(parts: ExternalParts, actor: string): ClusterOperator {
  const { jobs, sender } = parts;
  return {
    ...parts,
    actor,
    objection: (url) => sender.objection(url),
    // it is forecast first, so that the plan stands on it
    async wake() {
      await jobs.wake('forecast');
      await jobs.wake('clusters');
    },
  };
}
