/** The job that tells people what waits for them and what is wrong. */
import type { BlockStore } from '@foreshard/core/telemetry';
import type { Processors } from '../jobs/registry.ts';
import type { Metrics } from '../process/metrics.ts';
import { NotifyJob, type NotifyJobParts } from './notify-job.ts';

export interface NotifyingParts extends Omit<NotifyJobParts, 'exclusively' | 'observe'> {
  readonly telemetry: Pick<BlockStore, 'exclusively'>;
  readonly metrics: Pick<Metrics, 'notified'>;
}

export function notifyingJobs(parts: NotifyingParts): Pick<Processors, 'notify'> {
  const { telemetry, metrics } = parts;
  const job = new NotifyJob({
    ...parts,
    exclusively: (work) => telemetry.exclusively('notify', work),
    observe: (target, result) => metrics.notified.inc({ target, result }),
  });
  return { notify: (_, signal) => job.run(signal) };
}
