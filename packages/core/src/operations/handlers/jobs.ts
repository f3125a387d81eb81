/** What is done for operations on background jobs. */
import type { JobName, JobPayload } from '../../jobs/index.ts';
import type { jobs } from '../jobs.ts';
import type { RouterHandlers } from '../operation.ts';

export interface JobStores {
  /** without a payload: the default of the job's schema */
  readonly wake: <N extends JobName>(job: N, payload?: JobPayload<N>) => Promise<void>;
}

export function jobHandlers({ wake }: JobStores): RouterHandlers<typeof jobs> {
  return {
    async run({ job }) {
      await wake(job);
      return { job };
    },
  };
}
