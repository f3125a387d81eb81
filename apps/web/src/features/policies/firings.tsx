'use client';

/** How often the rules of a policy would have fired within the last seven days, beside how often they do as saved. */
import type { FiringRule } from '@foreshard/core/advising';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import type { inferRouterInputs, inferRouterOutputs } from '@trpc/server';
import { useTRPC } from '../../components/api.ts';
import { Card, CardHead } from '../../components/ui/card.tsx';
import { Skeleton } from '../../components/ui/skeleton.tsx';
import { When } from '../../components/when.tsx';
import type { AppRouter } from '../../server/router.ts';

type PolicyInput = inferRouterInputs<AppRouter>['policies']['firings']['policy'];
type Report = NonNullable<inferRouterOutputs<AppRouter>['policies']['firings']['answer']>;
type Firing = Report['firings'][number];

const RULES: Record<FiringRule, string> = {
  'hot-host': 'A host is hot',
  'uneven-host': 'A host stands out from the others',
  'unhealthy-host': 'A host is too sick to receive anything',
  'full-by-rate': 'A shardlet is full by its rate',
  'full-by-bytes': 'A shardlet is full by its bytes',
  'large-share': 'A shardlet takes too much of its host',
  'cluster-full': 'All hosts together are full: one more',
  'cluster-empty': 'All hosts together are empty: one less',
};

export function Firings({
  saved,
  draft,
  nowMs,
}: {
  saved: PolicyInput;
  /** undefined: nothing was changed, or not everything typed is good */
  draft: PolicyInput | undefined;
  nowMs: number;
}) {
  const trpc = useTRPC();
  const options = { staleTime: 60_000, retry: false, placeholderData: keepPreviousData } as const;
  const before = useQuery({ ...trpc.policies.firings.queryOptions({ policy: saved }), ...options });
  const after = useQuery({
    ...trpc.policies.firings.queryOptions({ policy: draft ?? saved }),
    ...options,
    enabled: draft !== undefined,
  });
  const shown = draft === undefined ? before : after;
  return (
    <Card aria-labelledby="firings-title" className="overflow-hidden">
      <CardHead
        id="firings-title"
        title="Over the last 7 days"
        hint="how often each rule would have fired, by the recorded load of every hour laid to the hosts as they own shardlets now"
      />
      {shown.data === undefined && shown.error === null ? (
        <Skeleton className="mx-5 mb-5 h-32" />
      ) : shown.data?.answer == null ? (
        <p className="border-line border-t px-5 py-4 text-sm text-soft">
          {shown.error?.message ?? awayOf(shown.data)}
        </p>
      ) : (
        <ul className="border-line border-t" aria-busy={shown.isFetching}>
          {shown.data.answer.firings.map((firing) => (
            <Line
              key={firing.rule}
              firing={firing}
              nowMs={nowMs}
              before={
                draft === undefined
                  ? undefined
                  : before.data?.answer?.firings.find(({ rule }) => rule === firing.rule)?.times
              }
            />
          ))}
        </ul>
      )}
    </Card>
  );
}

function awayOf(reply: inferRouterOutputs<AppRouter>['policies']['firings'] | undefined): string {
  return reply !== undefined && 'away' in reply ? reply.away : '';
}

function Line({ firing, before, nowMs }: { firing: Firing; before: number | undefined; nowMs: number }) {
  const { rule, settings, times, subjects, lastAtMs } = firing;
  const of = rule.startsWith('full') || rule === 'large-share' ? 'shardlet' : 'host';
  return (
    <li className="grid items-center gap-x-6 gap-y-1 border-line border-b px-5 py-2.5 text-sm last:border-b-0 sm:grid-cols-[minmax(0,1fr)_14rem_8rem]">
      <div className="min-w-0">
        <p>{RULES[rule]}</p>
        <p className="break-words font-mono text-faint text-xs">{settings.join(', ')}</p>
      </div>
      <p className="tabular text-soft text-xs">
        <span className={times === 0 ? 'text-soft' : 'font-semibold text-sm text-text'}>
          {times === 0 ? 'never' : times === 1 ? 'once' : `${times} times`}
        </span>
        {before === undefined || before === times ? null : ` (as saved: ${before})`}
        {times === 0 || rule.startsWith('cluster') ? null : `, ${subjects} ${of}${subjects === 1 ? '' : 's'}`}
        {lastAtMs === null ? null : (
          <>
            <br />
            last <When ms={lastAtMs} nowMs={nowMs} />
          </>
        )}
      </p>
      <Course firing={firing} />
    </li>
  );
}

const WIDTH = 128;
const HEIGHT = 28;

/** What was observed, with the threshold as a dashed line. */
function Course({ firing: { observed, threshold } }: { firing: Firing }) {
  const known = observed.filter((value) => value !== null);
  if (known.length === 0) return <span className="text-faint text-xs">nothing recorded</span>;
  const top = 1.1 * Math.max(threshold, ...known, 1e-9);
  const y = (value: number) => HEIGHT - (Math.max(0, value) / top) * HEIGHT;
  const step = WIDTH / Math.max(1, observed.length - 1);
  const path = observed
    .map((value, i) =>
      value === null
        ? ''
        : `${i === 0 || observed[i - 1] === null ? 'M' : 'L'}${(i * step).toFixed(1)} ${y(value).toFixed(1)}`,
    )
    .join('');
  return (
    <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} className="h-7 w-32" aria-hidden="true">
      <line
        x2={WIDTH}
        y1={y(threshold)}
        y2={y(threshold)}
        strokeDasharray="3 2"
        className="stroke-warn"
        strokeWidth="1"
      />
      <path d={path} fill="none" strokeWidth="1.25" className="stroke-accent" />
    </svg>
  );
}
