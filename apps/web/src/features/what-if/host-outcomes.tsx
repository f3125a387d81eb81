'use client';

/** Every host three times: as it is, with what is supposed, and after what the planner would do about it. */
import { Card, CardHead } from '../../components/ui/card.tsx';
import { formatRate } from '../../formatting/numbers.ts';
import type { WhatIfView } from './view.ts';
import { homelessText, verdictOf } from './what-if-words.ts';

const SHOWN_MAX = 40;

export function HostOutcomes({ answer, pending }: { answer: WhatIfView; pending: boolean }) {
  const { hosts, hostCount, now, plan } = answer;
  const most = Math.max(
    1,
    ...hosts.flatMap((one) => [one.now, one.changed, one.planned].map((at) => at?.pressure ?? 0)),
  );
  return (
    <Card aria-labelledby="outcomes-title" aria-busy={pending} className={pending ? 'opacity-70' : ''}>
      <CardHead
        id="outcomes-title"
        title={verdictOf(answer)}
        hint="worst of load over capacity within the horizon"
      />
      <dl className="tabular grid grid-cols-3 gap-4 border-line border-t px-5 py-3 text-sm">
        {(
          [
            ['Now', now.hottest, now.hotHosts],
            ['With the changes', plan.before.hottest, plan.before.hotHosts],
            ['After what is recommended', plan.after.hottest, plan.after.hotHosts],
          ] as const
        ).map(([name, hottest, hot]) => (
          <div key={name}>
            <dt className="text-faint text-xs">{name}</dt>
            <dd>
              <span className={hottest > 1 ? 'font-semibold text-bad' : 'font-semibold'}>
                {percent(hottest)}
              </span>{' '}
              <span className="text-soft">
                {hot === 0 ? 'no hot host' : hot === 1 ? '1 hot host' : `${hot} hot hosts`}
              </span>
            </dd>
          </div>
        ))}
      </dl>
      <ul className="grid gap-3 border-line border-t px-5 py-4">
        {hosts.slice(0, SHOWN_MAX).map((one) => (
          <li
            key={one.host}
            className="grid grid-cols-[8rem_minmax(0,1fr)_12rem] items-center gap-3 text-sm max-sm:grid-cols-[6rem_minmax(0,1fr)]"
          >
            <span className="truncate" title={one.name}>
              {one.name}
              {one.isLost ? <span className="text-bad"> lost</span> : null}
            </span>
            <span aria-hidden className="relative grid h-7 content-center gap-0.5">
              <Bar share={(one.now?.pressure ?? 0) / most} className="bg-line-strong" />
              {one.isLost ? null : (
                <>
                  <Bar
                    share={one.changed.pressure / most}
                    className={one.changed.pressure > 1 ? 'bg-bad-mark' : 'bg-warn-mark'}
                  />
                  <Bar share={one.planned.pressure / most} className="bg-accent" />
                </>
              )}
              <span
                className="absolute inset-y-0 border-text border-l border-dashed opacity-50"
                style={{ left: `${100 / most}%` }}
              />
            </span>
            <span className="tabular text-right text-soft text-xs max-sm:col-span-2">
              {[one.now, ...(one.isLost ? [] : [one.changed, one.planned])]
                .map((at) => (at === null ? '–' : percent(at.pressure)))
                .join(' → ')}
              {one.isLost ? ' → lost' : ''}
              <br />
              <span className="text-faint">
                {one.isLost
                  ? homelessText(one)
                  : `${formatRate(one.planned.eventsPerSecond)} ev/s, ${one.planned.shardlets} shardlets`}
              </span>
            </span>
          </li>
        ))}
      </ul>
      <p className="px-5 pb-4 text-faint text-xs">
        grey: now; amber or red: with the changes; blue: after what would be recommended; dashed: full
        capacity
        {hostCount > SHOWN_MAX ? `; the ${SHOWN_MAX} hottest of ${hostCount} hosts` : ''}
      </p>
    </Card>
  );
}

function Bar({ share, className }: { share: number; className: string }) {
  return (
    <span
      className={`block h-1.5 rounded-sm ${className}`}
      style={{ width: `${Math.max(0.4, 100 * share)}%` }}
    />
  );
}

function percent(share: number): string {
  return `${Math.round(100 * share)} %`;
}
