'use client';

/** What waits for a person, the most urgent first: with its line, so that it can be decided from here. */
import type { Route } from 'next';
import Link from 'next/link';
import { Badge } from '../../components/ui/badge.tsx';
import { Card, CardHead } from '../../components/ui/card.tsx';
import { formatCounted } from '../../formatting/numbers.ts';
import type { WaitingItem } from '../../server/recommendations/waiting.ts';
import { UrgencyBadge } from '../recommendations/recommendation-line.tsx';
import { countedWords } from './urgent.ts';
import { useWaiting } from './use-waiting.ts';

const SHOWN_MAX = 3;

export function Waiting() {
  const waiting = useWaiting()?.filter(({ obstacle }) => obstacle === null) ?? [];
  if (waiting.length === 0) return null;
  return (
    <Card aria-labelledby="waiting-title" className="overflow-hidden">
      <CardHead
        id="waiting-title"
        title="Waiting for you"
        hint={waiting.length > SHOWN_MAX ? `${SHOWN_MAX} of ${countedWords(waiting)}` : countedWords(waiting)}
      >
        <Link href={'/recommendations' as Route} className="font-medium text-accent text-sm hover:underline">
          All of them
        </Link>
      </CardHead>
      <ul className="border-line border-t">
        {waiting.slice(0, SHOWN_MAX).map((item) => (
          <WaitingLine key={`${item.kind} ${item.id}`} item={item} />
        ))}
      </ul>
    </Card>
  );
}

function WaitingLine({ item }: { item: WaitingItem }) {
  const { kind, id, cluster, headline, reason, urgency, parts } = item;
  return (
    <li className="relative border-line border-b px-5 py-3 last:border-b-0 hover:bg-hover/60">
      <p className="flex flex-wrap items-center gap-2 text-sm">
        <Link href={hrefOf(item)} className="font-semibold after:absolute after:inset-0">
          {headline}
        </Link>
        {cluster === '' ? null : <Badge>cluster {cluster}</Badge>}
        <UrgencyBadge urgency={urgency} />
      </p>
      <p className="text-soft text-xs">
        {kind === 'plan' ? `Plan ${id}, ${formatCounted(parts, 'part')}: ${reason}` : reason}
      </p>
    </li>
  );
}

function hrefOf({ kind, id }: WaitingItem): Route {
  return (kind === 'plan' ? `/recommendations#plan-${id}` : `/recommendations?id=${id}`) as Route;
}
