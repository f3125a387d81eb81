'use client';

/** "Watch it work": the same peak with the forecast and without it, on the hosts of this cluster. */
import { type DemoArm, type DemoRun, type DemoStatus, demoTime, isUnderWay } from '@foreshard/core/demo';
import { demo } from '@foreshard/core/operations';
import { useMutation } from '@tanstack/react-query';
import { Square } from 'lucide-react';
import { Progress } from 'radix-ui';
import type { ReactNode } from 'react';
import { toast } from 'sonner';
import { useTRPC } from '../../components/api.ts';
import { EdgeCurl } from '../../components/edge-curl.tsx';
import { MayButton } from '../../components/may-button.tsx';
import { Card, CardHead } from '../../components/ui/card.tsx';
import { Skeleton } from '../../components/ui/skeleton.tsx';
import { Unreadable } from '../../components/unreadable.tsx';
import { formatCount } from '../../formatting/numbers.ts';
import { ArmChart } from './arm-chart.tsx';
import { DemoSummaryCard } from './demo-summary.tsx';
import { HistoryChart } from './history-chart.tsx';
import { StartDemo } from './start-demo.tsx';
import { useDemo } from './use-demo.ts';

const ARMS = [
  ['with', 'With the forecast', 'moves are planned an hour ahead'],
  ['without', 'Without the forecast', 'the same planner, by measured load only'],
] as const satisfies readonly (readonly [DemoArm, string, string])[];

export function DemoPage() {
  const { data: status, error, refetch } = useDemo();
  if (status === undefined && error !== null)
    return <Unreadable title="The demo could not be read" error={error} onRetry={() => void refetch()} />;
  if (status === undefined) return <Skeleton className="h-64" />;
  const hasStarted = status.runs.some(({ state }) => state !== 'waiting');
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] gap-5">
      <Head status={status} />
      {status.summary === null ? null : <DemoSummaryCard status={status} summary={status.summary} />}
      {hasStarted ? (
        <div className="grid grid-cols-[minmax(0,1fr)] gap-5 lg:grid-cols-2">
          {ARMS.map(([arm, title, hint]) => (
            <Arm key={arm} arm={arm} title={title} hint={hint} status={status} />
          ))}
        </div>
      ) : null}
      {!hasStarted && status.history.length > 0 ? <HistoryChart status={status} /> : null}
    </div>
  );
}

function Head({ status }: { status: DemoStatus }) {
  const { clock, hosts, busyHost, hostPerSecond, machinePerSecond } = status;
  const isRunning = isUnderWay(status);
  return (
    <Card aria-labelledby="demo-title" className="grid gap-4 px-5 py-5">
      <div className="flex flex-wrap items-start justify-between gap-4">
        <div className="max-w-3xl">
          <h2 id="demo-title" className="font-semibold text-lg">
            The same rush, with the forecast and without it
          </h2>
          <p className="mt-1 text-soft text-sm">
            A made-up morning, six times on the hosts of this cluster, in random order. Hosts, edge, planner,
            moves and refusals are real; {clock.minutesPerSecond} minutes of that morning pass in a second.
          </p>
          {hostPerSecond === null ? null : (
            <p className="tabular mt-1 text-faint text-xs">
              {`This machine took ${formatCount(machinePerSecond ?? 0)} events/s, so the edge lets each host take ${formatCount(hostPerSecond)} of the demo. The rush asks 1.4 times that of ${hosts[busyHost]}. Seed ${status.seed}.`}
            </p>
          )}
        </div>
        <div className="flex flex-wrap items-center gap-2">
          {isRunning ? (
            <StopDemo status={status} />
          ) : (
            <StartDemo label={status.state === 'idle' ? 'Watch it work' : 'Run again'} />
          )}
        </div>
      </div>
      {isRunning ? <Steps status={status} /> : <Ending status={status} />}
      <div>
        <EdgeCurl operation={demo.start} input={{}} />
      </div>
    </Card>
  );
}

function StopDemo({ status }: { status: DemoStatus }) {
  const trpc = useTRPC();
  const stop = useMutation(
    trpc.operations.demo.stop.mutationOptions({
      onError: (error) => toast.error('The demo was not stopped', { description: error.message }),
    }),
  );
  const isStopping = stop.isSuccess || status.state === 'cleaning';
  return (
    <MayButton may={demo.stop} disabled={stop.isPending || isStopping} onClick={() => stop.mutate({})}>
      <Square /> {isStopping ? 'Stopping' : 'Stop'}
    </MayButton>
  );
}

function Steps({ status }: { status: DemoStatus }) {
  const share = shareOf(status);
  return (
    <div className="grid gap-2">
      <p role="status" className="font-medium text-sm">
        {status.step}
      </p>
      <Progress.Root
        value={Math.round(share * 100)}
        aria-label="The demo"
        className="h-2 overflow-hidden rounded-full bg-hover"
      >
        <Progress.Indicator
          className="h-full rounded-full bg-accent transition-[width] duration-700 ease-linear motion-reduce:transition-none"
          style={{ width: `${share * 100}%` }}
        />
      </Progress.Root>
    </div>
  );
}

/** Of the seconds of all runs. */
function shareOf({ runs, clock }: DemoStatus): number {
  if (runs.length === 0) return 0;
  const seconds = runs.reduce(
    (sum, { state, samples }) => sum + (state === 'ended' ? clock.runSeconds : samples.length),
    0,
  );
  return Math.min(1, seconds / (runs.length * clock.runSeconds));
}

function Ending({ status: { outcome, reason } }: { status: DemoStatus }) {
  if (outcome === 'failed')
    return (
      <p role="status" className="text-bad text-sm">{`The demo failed: ${reason}. Its stream is deleted.`}</p>
    );
  if (outcome === 'stopped')
    return (
      <p
        role="status"
        className="text-soft text-sm"
      >{`The demo ended early: ${reason}. Its stream is deleted.`}</p>
    );
  return null;
}

function Arm({
  arm,
  title,
  hint,
  status,
}: {
  arm: DemoArm;
  title: string;
  hint: string;
  status: DemoStatus;
}) {
  const run = status.runs.findLast((one) => one.arm === arm && one.state !== 'waiting');
  const id = `arm-${arm}`;
  return (
    <Card aria-labelledby={id}>
      <CardHead id={id} title={title} hint={hint}>
        {run === undefined ? null : <span className="tabular text-faint text-xs">{`run ${run.number}`}</span>}
      </CardHead>
      {run === undefined ? (
        <p className="px-5 pb-6 text-soft text-sm">Its turn comes.</p>
      ) : (
        <>
          <Legend host={status.hosts[status.busyHost] ?? ''} hasForecast={arm === 'with'} />
          <ArmChart run={run} status={status} />
          <Story run={run} status={status} />
        </>
      )}
    </Card>
  );
}

function Legend({ host, hasForecast }: { host: string; hasForecast: boolean }) {
  return (
    <p aria-hidden className="flex flex-wrap gap-x-4 gap-y-1 px-5 pb-1 text-faint text-xs">
      <Key className="border-text">{host}, events/s</Key>
      <Key className="border-line-strong">other hosts</Key>
      {hasForecast ? (
        <Key className="border-accent border-dashed">{`${host} as forecast, 10 to 90 %`}</Key>
      ) : null}
      <Key className="border-bad-mark">refused</Key>
    </p>
  );
}

function Key({ className, children }: { className: string; children: ReactNode }) {
  return (
    <span className="inline-flex items-center gap-1.5">
      <span className={`w-4 border-t-2 ${className}`} />
      {children}
    </span>
  );
}

function Story({ run, status }: { run: DemoRun; status: DemoStatus }) {
  const { clock, hosts } = status;
  const lines = [
    ...run.plans.map(({ second, headline }) => ({ second, text: `Plan: ${headline}` })),
    ...run.moves.flatMap(({ shardlet, from, to, endSecond }) =>
      endSecond === null
        ? []
        : [{ second: endSecond, text: `Shardlet ${shardlet} moved from ${hosts[from]} to ${hosts[to]}` }],
    ),
  ].sort((a, b) => a.second - b.second);
  const refused = run.result?.refused ?? run.samples.reduce((sum, one) => sum + one.refused, 0);
  return (
    <div className="border-line border-t px-5 py-3">
      <p className="tabular text-sm">
        <b className={refused > 0 ? 'text-bad' : 'text-ok'}>{formatCount(refused)}</b>{' '}
        {run.result === null ? 'events refused so far' : `of ${formatCount(run.result.sent)} events refused`}
      </p>
      <ol className="tabular mt-2 grid gap-1 text-soft text-xs">
        {lines.map(({ second, text }) => (
          <li key={`${second} ${text}`}>
            <span className="text-faint">{demoTime(clock, second)}</span> {text}
          </li>
        ))}
      </ol>
    </div>
  );
}
