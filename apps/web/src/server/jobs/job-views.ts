/** A job as the console shows it: what it is for, when it runs, and what became of the runs that are kept. */
import { JOBS, type JobDescription, type JobName, type JobRun } from '@foreshard/core/jobs';

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

/** One for each job of the catalogue. `runs`: newest first. */
export function jobViews(runs: readonly JobRun[], next: ReadonlyMap<JobName, number>): JobView[] {
  const byName = Map.groupBy(runs, (run) => run.name);
  return Object.entries(JOBS).map(([name, job]) =>
    jobView(name as JobName, job, byName.get(name as JobName) ?? [], next.get(name as JobName)),
  );
}

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
