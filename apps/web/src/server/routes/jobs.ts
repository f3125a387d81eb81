/** What the worker does in the background, and what became of it. */
import { TRPCError } from '@trpc/server';
import { jobViews } from '../jobs/job-views.ts';
import { query, router } from '../trpc.ts';

/** Of each state; the worker keeps 50 that ended well and 200 that failed. */
const RUNS_MAX = 200;

export const jobsRouter = router({
  list: query.query(async ({ ctx: { server } }) => {
    const [runs, next] = await Promise.all([server.jobRuns.recent(RUNS_MAX), server.jobRuns.next()]).catch(
      away,
    );
    return { jobs: jobViews(runs, next), runs, atMs: Date.now() };
  }),
});

function away(error: unknown): never {
  throw new TRPCError({
    code: 'SERVICE_UNAVAILABLE',
    message: 'The control Redis does not answer, and the runs are kept there.',
    cause: error,
  });
}
