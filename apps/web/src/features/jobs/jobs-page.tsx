'use client';

/** What the worker does in the background: purpose, schedule, last runs, and failures with their reasons. */
import { jobs as jobOrders } from '@foreshard/core/operations';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { CircleAlert, CircleCheck, CircleDashed, LoaderCircle, Play } from 'lucide-react';
import { parseAsString, useQueryState } from 'nuqs';
import { toast } from 'sonner';
import { LIST_REFRESH_MS, useTRPC } from '../../components/api.ts';
import { cn } from '../../components/class-names.ts';
import { useLive } from '../../components/live/live-provider.tsx';
import { MayButton } from '../../components/may-button.tsx';
import { TakeAway, trpcCurl } from '../../components/take-away.tsx';
import { inputClass } from '../../components/ui/field.tsx';
import { When } from '../../components/when.tsx';
import { formatCount } from '../../formatting/numbers.ts';
import { formatDuration } from '../../formatting/time.ts';
import type { JobView } from '../../server/jobs/job-views.ts';
import { Course } from '../hot/course.tsx';
import { ListPage } from '../list-page.tsx';
import { durationText } from './duration-text.ts';
import { RunTable } from './run-table.tsx';

export function JobsPage() {
  const trpc = useTRPC();
  const { status } = useLive();
  const [search, setSearch] = useQueryState('q', parseAsString.withDefault(''));
  const list = useQuery({
    ...trpc.jobs.list.queryOptions(),
    refetchInterval: status === 'paused' ? false : LIST_REFRESH_MS,
  });
  const wanted = search.trim().toLowerCase();
  const jobs = (list.data?.jobs ?? []).filter((job) =>
    `${job.name} ${job.purpose}`.toLowerCase().includes(wanted),
  );
  const runs = (list.data?.runs ?? []).filter((run) =>
    `${run.name} ${run.state} ${run.id} ${run.reason ?? ''}`.toLowerCase().includes(wanted),
  );
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] gap-5">
      <ListPage
        error={list.data === undefined ? list.error : null}
        loading={list.isPending}
        onRetry={() => void list.refetch()}
        head={
          <div className="flex flex-wrap items-center justify-between gap-3">
            <p className="text-soft text-sm">
              What has to be done stands in the topology: a run that is lost costs only the time until the
              next.
            </p>
            <div className="flex w-full gap-2 sm:w-auto">
              <input
                type="search"
                value={search}
                onChange={(e) => void setSearch(e.target.value === '' ? null : e.target.value)}
                placeholder="Name, state or reason"
                aria-label="Search jobs and runs"
                className={cn(inputClass, 'sm:w-64')}
              />
              <TakeAway
                name="job-runs"
                rows={runs as unknown as readonly Record<string, unknown>[]}
                curl={() => trpcCurl('jobs.list')}
              />
            </div>
          </div>
        }
      >
        {jobs.length === 0 ? (
          <p className="border-line border-t px-5 py-10 text-center text-soft text-sm">
            No job is called “{search}”. Runs that match are below.
          </p>
        ) : (
          <ul className="border-line border-t">
            {jobs.map((job) => (
              <JobLine key={job.name} job={job} nowMs={list.data!.atMs} />
            ))}
          </ul>
        )}
      </ListPage>
      {list.data === undefined ? null : <RunTable runs={runs} nowMs={list.data.atMs} />}
    </div>
  );
}

function JobLine({ job, nowMs }: { job: JobView; nowMs: number }) {
  return (
    <li className="grid gap-x-6 gap-y-2 border-line border-b px-5 py-3.5 last:border-b-0 md:grid-cols-[minmax(0,1fr)_9rem_10rem_7rem_auto] md:items-center">
      <div className="flex min-w-0 gap-3">
        <StateMark job={job} />
        <div className="min-w-0">
          <h2 className="font-mono font-semibold text-sm">{job.name}</h2>
          <p className="text-soft text-sm">{job.purpose}</p>
          {job.lastState === 'failed' ? <p className="mt-1 text-bad text-sm">{job.lastReason}</p> : null}
        </div>
      </div>
      <dl className="text-xs">
        <dt className="text-faint">Schedule</dt>
        <dd>{job.everyMs === null ? 'when it is asked for' : `every ${formatDuration(job.everyMs)}`}</dd>
        {isOverdue(job, nowMs) ? (
          <dd className="font-medium text-warn">
            overdue by {formatDuration(nowMs - job.nextAtMs!)}: is a worker running?
          </dd>
        ) : (
          <dd className="text-soft">
            {job.nextAtMs === null ? 'no schedule' : `next ${nextText(job.nextAtMs - nowMs)}`}
          </dd>
        )}
      </dl>
      <dl className="text-xs">
        <dt className="text-faint">Last ended</dt>
        <dd>{job.lastEndedAtMs === null ? 'not yet' : <When ms={job.lastEndedAtMs} nowMs={nowMs} />}</dd>
        <dd className={job.failures > 0 ? 'text-bad' : 'text-soft'}>
          {job.kept === 0
            ? 'no run is kept'
            : `${formatCount(job.failures)} of ${formatCount(job.kept)} kept runs failed`}
        </dd>
      </dl>
      <div className="text-xs">
        <p className="text-faint">Takes {job.medianMs === null ? '–' : durationText(job.medianMs)}</p>
        <Course values={job.durations} />
      </div>
      <RunNow job={job} />
    </li>
  );
}

function StateMark({ job }: { job: JobView }) {
  const [Icon, colour, text] = job.isActive
    ? ([LoaderCircle, 'text-accent animate-spin', 'running'] as const)
    : job.lastState === 'failed'
      ? ([CircleAlert, 'text-bad', 'failed last'] as const)
      : job.lastState === 'completed'
        ? ([CircleCheck, 'text-ok', 'ended well'] as const)
        : ([CircleDashed, 'text-faint', 'has not run'] as const);
  return (
    <span title={text} className="mt-0.5">
      <Icon aria-hidden className={cn('size-4', colour)} />
      <span className="sr-only">{text}</span>
    </span>
  );
}

function RunNow({ job }: { job: JobView }) {
  const trpc = useTRPC();
  const client = useQueryClient();
  const run = useMutation(
    trpc.operations.jobs.run.mutationOptions({
      onSuccess: () => {
        toast.success(`${job.name} was woken`, {
          description: 'It runs once more, now or after its present run.',
        });
        void client.invalidateQueries({ queryKey: trpc.jobs.list.queryKey() });
      },
      onError: (error) => toast.error(`${job.name} could not be woken`, { description: error.message }),
    }),
  );
  const isRetry = job.lastState === 'failed';
  return (
    <MayButton
      may={jobOrders.run}
      size="sm"
      disabled={run.isPending}
      onClick={() => run.mutate({ job: job.name })}
      aria-label={`${isRetry ? 'Retry' : 'Run now'}: ${job.name}`}
      className="w-26"
    >
      <Play /> {isRetry ? 'Retry' : 'Run now'}
    </MayButton>
  );
}

/** A worker that is busy begins some seconds late; one that is away does not begin. */
const LATE_MS = 20_000;

function isOverdue({ nextAtMs, isActive }: JobView, nowMs: number): boolean {
  return nextAtMs !== null && !isActive && nowMs - nextAtMs > LATE_MS;
}

function nextText(ms: number): string {
  return ms <= 0 ? 'now' : `in ${formatDuration(ms)}`;
}

/** Most runs are short: milliseconds below a second. */
