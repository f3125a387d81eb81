/** The job for clusters that are not ours. */
import { type ReadSource, refreshed } from '@foreshard/core/external';
import type { BlockStore } from '@foreshard/core/telemetry';
import type { Processors } from '../jobs/registry.ts';
import { ClusterJob, type ClusterJobParts } from './cluster-job.ts';

export interface ExternalParts extends Omit<ClusterJobParts, 'exclusively' | 'refresh'> {
  readonly telemetry: BlockStore;
  readonly read: ReadSource;
}

export function externalJobs(parts: ExternalParts): Pick<Processors, 'clusters'> {
  const job = new ClusterJob({
    ...parts,
    refresh: (cluster) => refreshed({ ...parts, nowMs: parts.nowMs() }, cluster),
    exclusively: (work) => parts.telemetry.exclusively('clusters', work),
  });
  return { clusters: (_, signal) => job.run(signal) };
}
