'use client';

/** Trainings, with what they say while they run. */
import { models } from '@foreshard/core/operations';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { toast } from 'sonner';
import { useTRPC } from '../../components/api.ts';
import { MayButton } from '../../components/may-button.tsx';
import { Notice } from '../../components/notice.tsx';
import { Badge, type Tone } from '../../components/ui/badge.tsx';
import { Card, CardHead } from '../../components/ui/card.tsx';
import { useZone } from '../../components/zone.tsx';
import { formatDuration, formatMoment } from '../../formatting/time.ts';
import { NotRead } from './not-read.tsx';

/** a log that is read while it is written */
const LIVE_MS = 1_000;
const CALM_MS = 5_000;
const TONES: Readonly<Record<string, Tone>> = { running: 'accent', finished: 'ok', failed: 'bad' };

export function Trainings({ stream }: { stream: string | null }) {
  const trpc = useTRPC();
  const client = useQueryClient();
  const { zone } = useZone();
  const runs = useQuery({
    ...trpc.forecasts.runs.queryOptions(),
    refetchInterval: (query) => (query.state.data?.[0]?.state === 'running' ? LIVE_MS : CALM_MS),
  });
  const retrain = useMutation(
    trpc.operations.models.retrain.mutationOptions({
      onSuccess: async () => {
        toast.success('A training begins within seconds', { description: 'Forecasts go on meanwhile.' });
        await client.invalidateQueries();
      },
      onError: (error) => toast.error(error.message),
    }),
  );
  const isRunning = runs.data?.[0]?.state === 'running';
  return (
    <Card aria-labelledby="trainings-title" className="overflow-hidden">
      <CardHead id="trainings-title" title="Trainings" hint="daily, weekly, and when errors have grown">
        <MayButton
          may={models.retrain}
          look="primary"
          disabled={retrain.isPending || isRunning}
          onClick={() =>
            retrain.mutate({ ...(stream === null ? {} : { stream }), reason: 'asked for in the console' })
          }
        >
          {isRunning ? 'A training runs' : 'Train now'}
        </MayButton>
      </CardHead>
      {runs.data === undefined ? (
        <NotRead error={runs.error} />
      ) : runs.data.length === 0 ? (
        <Notice
          title="No training yet"
          why="The first one runs with the worker's first daily schedule, or now."
        />
      ) : (
        <ul className="border-line border-t">
          {runs.data.map((run, i) => (
            <li key={run.id} className="border-line border-b px-5 py-3 last:border-b-0">
              <details open={i === 0 && run.state === 'running'}>
                <summary className="flex cursor-pointer flex-wrap items-center gap-3 text-sm">
                  <Badge tone={TONES[run.state] ?? 'neutral'}>{run.state}</Badge>
                  <span className="font-medium">{run.reason}</span>
                  <span className="text-xs text-faint">
                    {run.actor}, {formatMoment(run.startedMs, zone)}
                    {run.endedMs === null ? '' : `, ${formatDuration(run.endedMs - run.startedMs)}`}
                  </span>
                  <span className="text-soft">{run.detail}</span>
                </summary>
                <pre
                  role="log"
                  aria-label={`Log of training ${run.id}`}
                  className="mt-2 max-h-72 overflow-auto rounded-md bg-hover p-3 font-mono text-xs"
                >
                  {run.log === '' ? 'Nothing was written yet.' : run.log}
                </pre>
              </details>
            </li>
          ))}
        </ul>
      )}
    </Card>
  );
}
