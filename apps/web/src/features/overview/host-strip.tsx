'use client';

import { ArrowRight } from 'lucide-react';
import Link from 'next/link';
import { cn } from '../../components/class-names.ts';
import { useLive } from '../../components/live/live-provider.tsx';
import { Card, CardHead } from '../../components/ui/card.tsx';
import { Skeleton } from '../../components/ui/skeleton.tsx';
import { formatCount } from '../../formatting/numbers.ts';
import { HostCard } from '../hosts/host-card.tsx';
import { HostCells } from './host-cells.tsx';

/** Every host when they are few; else all of them as cells, and the ones that need attention with numbers. */
export function HostStrip() {
  const { frame } = useLive();
  if (frame === undefined) return <Skeleton className="h-52 rounded-lg" />;
  if (frame.hostsTotal === 0) return null;
  const many = frame.hostCells.length > 0;
  return (
    <Card aria-labelledby="hosts-title">
      <CardHead
        id="hosts-title"
        title="Hosts"
        hint={
          many
            ? `${formatCount(frame.hostsTotal)}, the ones that need attention first`
            : 'measured every 10 s'
        }
      >
        <Link
          href="/hosts"
          className="inline-flex items-center gap-1.5 text-sm font-medium text-accent hover:underline"
        >
          All hosts <ArrowRight aria-hidden className="size-3.5" />
        </Link>
      </CardHead>
      {many ? <HostCells cells={frame.hostCells} /> : null}
      <ul className="grid grid-cols-[repeat(auto-fill,minmax(15rem,1fr))] gap-px border-line border-t bg-line overflow-hidden rounded-b-lg">
        {frame.hostCards.map((host) => (
          <li
            key={host.id}
            className={cn('bg-surface', host.level === 'bad' && 'shadow-[inset_0_3px_0_var(--bad-mark)]')}
          >
            <HostCard host={host} />
          </li>
        ))}
      </ul>
    </Card>
  );
}
