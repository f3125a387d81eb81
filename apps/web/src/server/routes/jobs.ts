/** What the worker does in the background, and what became of it. */
import { JOBS, type JobDescription, type JobName, type JobRun } from '@foreshard/core/jobs';
import { TRPCError } from '@trpc/server';
import { query, router } from '../trpc.ts';

/** Of each state; the worker keeps 50 that ended well and 200 that failed. */
const RUNS_MAX = 200;
/** The last word of a failure that is older is history. */
const LAST_RUNS = 20;

export interface JobView {
  readonly name: JobName;
  readonly purpose: string;
  readonly everyMs: number | null;
  readonly timeoutMs: number;
  readonly nextAtMs: number | null;
  readonly lastEndedAtMs: number | null;
  /** null: no run that ended is kept */
  readonly lastState: 'completed' | 'failed' | null;
  readonly lastReason: string | null;
  readonly isActive: boolean;
  /** of the kept runs, oldest first, ms */
  readonly durations: readonly number[];
  readonly medianMs: number | null;
  readonly failures: number;
  readonly kept: number;
}

export const jobsRouter = router({
  list: query.query(async ({ ctx: { server } }) => {
    const [runs, next] = await Promise.all([server.jobRuns.recent(RUNS_MAX), server.jobRuns.next()]).catch(
      away,
    );
    const byName = Map.groupBy(runs, (run) => run.name);
    const jobs = Object.entries(JOBS).map(([name, job]) =>
      jobView(name as JobName, job, byName.get(name as JobName) ?? [], next.get(name as JobName)),
    );
    return { jobs, runs, atMs: Date.now() };
  }),
});

function jobView(name: JobName, job: JobDescription, runs: readonly JobRun[], next?: number): JobView {
  const ended = runs.filter((run) => run.endedAtMs !== null);
  const last = ended[0];
  const durations = ended
    .slice(0, LAST_RUNS)
    .map((run) => run.endedAtMs! - (run.startedAtMs ?? run.askedAtMs))
    .reverse();
  return {
    name,
    purpose: job.purpose,
    everyMs: job.everyMs ?? null,
    timeoutMs: job.timeoutMs,
    nextAtMs: next ?? null,
    lastEndedAtMs: last?.endedAtMs ?? null,
    lastState: last === undefined ? null : last.state === 'failed' ? 'failed' : 'completed',
    lastReason: last?.reason ?? null,
    isActive: runs.some((run) => run.state === 'active'),
    durations,
    medianMs: median(durations),
    failures: ended.filter((run) => run.state === 'failed').length,
    kept: ended.length,
  };
}

function median(values: readonly number[]): number | null {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? null;
}

function away(error: unknown): never {
  throw new TRPCError({
    code: 'SERVICE_UNAVAILABLE',
    message: 'The control Redis does not answer, and the runs are kept there.',
    cause: error,
  });
}
