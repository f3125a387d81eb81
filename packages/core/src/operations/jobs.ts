/** Background jobs of the worker. */
import { z } from 'zod';
import { JOBS, type JobName } from '../jobs/index.ts';
import { command } from './operation.ts';

const job = z.enum(Object.keys(JOBS) as [JobName, ...JobName[]]);

export const jobs = {
  run: command({
    name: 'jobs.run',
    before: { none: 'It wakes a job, which decides by itself what is to be done.' },
    resource: 'job',
    permission: 'cluster:operate',
    input: z.strictObject({ job: job.describe('name of the job') }),
    output: z.strictObject({ job }),
    errors: ['store_unreachable'],
    http: {
      tag: 'administration',
      method: 'post',
      path: '/v1/jobs/{name}/run',
      params: { name: 'job' },
      operationId: 'runJob',
      summary: 'Run a background job now',
      description: 'While the job runs, it is run once more after that.',
      answers: { 202: 'A worker runs it' },
    },
  }),
} as const;
