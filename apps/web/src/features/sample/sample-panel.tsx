'use client';

import { events } from '@foreshard/core/operations';
import { useMutation } from '@tanstack/react-query';
import { CircleCheck, CircleSlash, OctagonAlert, Plane, Square } from 'lucide-react';
import { Progress } from 'radix-ui';
import { type ReactNode, useState } from 'react';
import { toast } from 'sonner';
import { useTRPC } from '../../components/api.ts';
import { useLive } from '../../components/live/live-provider.tsx';
import { MayButton } from '../../components/may-button.tsx';
import { Button } from '../../components/ui/button.tsx';
import { formatCount, formatRate } from '../../formatting/numbers.ts';
import { formatDuration } from '../../formatting/time.ts';
import type { SampleResult } from '../../server/sample/replay-output.ts';
import type { SampleStatus } from '../../server/sample/sample-run.ts';
import { StartDemo } from '../demo/start-demo.tsx';
import { SAMPLE_ROWS_TEXT, SAMPLE_STREAM, StartSample } from './start-sample.tsx';

const ORDER_KEPT = 'The order of each key and of the whole log was kept.';

type Running = Extract<SampleStatus, { kind: 'running' }>;

/** The replay of the sample, in every tab: progress while it runs, what it proved when it has ended. */
export function SamplePanel() {
  const { sample } = useLive();
  const [hiddenAtMs, setHidden] = useState(0);
  if (sample.kind === 'idle') return null;
  if (sample.kind === 'running') return <RunningSample sample={sample} />;
  if (sample.endedAtMs === hiddenAtMs) return null;
  return <EndedSample sample={sample} onHide={() => setHidden(sample.endedAtMs)} />;
}

/** At the end of the page, for a cluster that has events of its own. */
export function SampleOffer() {
  const { sample } = useLive();
  if (sample.kind !== 'idle') return null;
  return (
    <aside
      aria-label="Sample"
      className="flex flex-wrap items-center justify-between gap-3 rounded-lg border border-line-strong border-dashed px-5 py-4"
    >
      <p className="flex items-center gap-3 text-sm text-soft">
        <Plane aria-hidden className="size-4 shrink-0 text-accent" />
        {SAMPLE_ROWS_TEXT} recorded departures, sent through the edge, read back and compared one by one.
      </p>
      <div className="flex flex-wrap gap-2">
        <StartDemo look="secondary" />
        <StartSample look="secondary" />
      </div>
    </aside>
  );
}

function RunningSample({ sample }: { sample: Running }) {
  const { nowMs } = useLive();
  const trpc = useTRPC();
  const stop = useMutation(
    trpc.sample.stop.mutationOptions({
      onError: (error) => toast.error('The replay was not stopped', { description: error.message }),
    }),
  );
  const share = Math.min(1, (sample.progress?.count ?? 0) / sample.rows);
  return (
    <section aria-label="Replay of the sample" className="card grid gap-3 border-accent-line px-5 py-4">
      <div className="flex flex-wrap items-center gap-x-4 gap-y-2">
        <Plane aria-hidden className="size-5 text-accent" />
        <div className="mr-auto">
          <p className="font-medium">{stepText(sample)}</p>
          <p className="tabular text-xs text-soft">{progressText(sample, nowMs)}</p>
        </div>
        <MayButton
          may={events.ingest}
          on={SAMPLE_STREAM}
          onClick={() => stop.mutate()}
          disabled={sample.stopping || stop.isPending}
        >
          <Square /> {sample.stopping ? 'Stopping' : 'Stop'}
        </MayButton>
      </div>
      <Progress.Root
        value={Math.round(share * 100)}
        aria-label={stepText(sample)}
        className="h-2 overflow-hidden rounded-full bg-hover"
      >
        <Progress.Indicator
          className="h-full rounded-full bg-accent transition-[width] duration-700 ease-linear"
          style={{ width: `${share * 100}%` }}
        />
      </Progress.Root>
    </section>
  );
}

function stepText({ progress }: Running): string {
  if (progress === null) return 'Preparing the sample';
  return progress.phase === 'sending' ? 'Replaying recorded departures' : 'Reading everything back';
}

function progressText({ progress, rows, startedAtMs }: Running, nowMs: number): string {
  const took = formatDuration(Math.max(0, nowMs - startedAtMs));
  if (progress === null) return `Unpacking the recording, ${took}`;
  const what = progress.phase === 'sending' ? 'acknowledged' : 'read and compared';
  const rate = progress.eventsPerSecond === null ? '' : `, ${formatRate(progress.eventsPerSecond)} a second`;
  return `${formatCount(progress.count)} of ${formatCount(rows)} ${what}${rate}, ${took}`;
}

function EndedSample({
  sample,
  onHide,
}: {
  sample: Exclude<SampleStatus, { kind: 'idle' | 'running' }>;
  onHide(): void;
}) {
  return (
    <section
      aria-label="Replay of the sample"
      className="card flex flex-wrap items-center gap-x-5 gap-y-3 px-5 py-4"
    >
      {sample.kind === 'done' ? <Proof result={sample.result} /> : null}
      {sample.kind === 'stopped' ? (
        <Ending icon={<CircleSlash className="size-5 text-faint" />} title="The replay was stopped">
          What was acknowledged stays stored ({sample.said.split(';')[0]}). Going on stores nothing twice.
        </Ending>
      ) : null}
      {sample.kind === 'failed' ? (
        <Ending icon={<OctagonAlert className="size-5 text-bad" />} title="The replay failed">
          {sample.reason}
        </Ending>
      ) : null}
      <div className="flex gap-2">
        <StartSample label={sample.kind === 'stopped' ? 'Go on' : 'Replay again'} look="secondary" />
        <Button look="quiet" onClick={onHide}>
          Hide
        </Button>
      </div>
    </section>
  );
}

function Proof({ result }: { result: SampleResult }) {
  const facts = [
    ['sent', result.sent],
    ['acknowledged', result.acknowledged],
    ['stored', result.stored],
  ] as const;
  return (
    <Ending
      icon={
        result.ok ? <CircleCheck className="size-5 text-ok" /> : <OctagonAlert className="size-5 text-bad" />
      }
      title={result.ok ? 'Every departure came back, once and in order' : 'The read-back does not match'}
    >
      <span className="tabular">
        {facts.map(([name, n], i) => (
          <span key={name}>
            {i === 0 ? '' : ' = '}
            <b className="font-semibold text-text">{formatCount(n)}</b> {name}
          </span>
        ))}

        {result.ok
          ? `, at ${formatRate(result.eventsPerSecond)} events a second. ${ORDER_KEPT}`
          : `. ${result.mismatches.join('; ')}`}
      </span>
    </Ending>
  );
}

function Ending({ icon, title, children }: { icon: ReactNode; title: string; children: ReactNode }) {
  return (
    <div role="status" className="mr-auto flex min-w-64 flex-1 items-start gap-3">
      <span className="mt-0.5 shrink-0">{icon}</span>
      <div>
        <p className="font-medium">{title}</p>
        <p className="text-sm text-soft">{children}</p>
      </div>
    </div>
  );
}
