'use client';

/** What waits for a person, the most urgent first: with the reason, so that it can be decided from here. */
import { useQuery } from '@tanstack/react-query';
import type { Route } from 'next';
import Link from 'next/link';
import { LIST_REFRESH_MS, useTRPC } from '../../components/api.ts';
import { useLive } from '../../components/live/live-provider.tsx';
import { Badge } from '../../components/ui/badge.tsx';
import { Card, CardHead } from '../../components/ui/card.tsx';
import { Places, UrgencyBadge } from '../recommendations/recommendation-line.tsx';

const SHOWN_MAX = 3;

export function Waiting() {
  const trpc = useTRPC();
  const { status } = useLive();
  const { data } = useQuery({
    ...trpc.recommendations.list.queryOptions({ ended: false }),
    refetchInterval: status === 'paused' ? false : LIST_REFRESH_MS,
  });
  const open = data?.rows.filter(({ state, obstacle }) => state === 'open' && obstacle === null) ?? [];
  if (open.length === 0) return null;
  return (
    <Card aria-labelledby="waiting-title" className="overflow-hidden">
      <CardHead
        id="waiting-title"
        title="Waiting for you"
        hint={open.length > SHOWN_MAX ? `${SHOWN_MAX} of ${open.length} recommendations` : undefined}
      >
        <Link href={'/recommendations' as Route} className="font-medium text-accent text-sm hover:underline">
          All of them
        </Link>
      </CardHead>
      <ul className="border-line border-t">
        {open.slice(0, SHOWN_MAX).map((row) => (
          <li
            key={row.id}
            className="relative border-line border-b px-5 py-3 last:border-b-0 hover:bg-hover/60"
          >
            <p className="flex flex-wrap items-center gap-2 text-sm">
              <Link
                href={`/recommendations?id=${row.id}` as Route}
                className="font-semibold after:absolute after:inset-0"
              >
                {row.title}
              </Link>
              <Places row={row} />
              {row.cluster === '' ? null : <Badge>cluster {row.cluster}</Badge>}
              <UrgencyBadge urgency={row.body.urgency} />
            </p>
            <p className="text-soft text-xs">{row.body.reason}</p>
          </li>
        ))}
      </ul>
    </Card>
  );
}
