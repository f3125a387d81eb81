'use client';

import { HOST_ENGINES } from '@foreshard/core/hosts';
import { formatCount, formatRate } from '../../formatting/numbers.ts';
import type { HostView } from '../../server/cluster/host-views.ts';
import { ConditionBadge } from './condition-badge.tsx';
import { HostFacts } from './host-facts.tsx';
import { HostOrders } from './host-orders.tsx';
import { fullText, MemoryBar, memoryText } from './memory-bar.tsx';
import { RegressedText } from './regressed-text.tsx';

export function HostCard({ host }: { host: HostView }) {
  return (
    <article aria-label={host.name} className="grid grid-cols-[minmax(0,1fr)] gap-3 px-5 py-4">
      <header className="flex items-start justify-between gap-2">
        <div className="min-w-0">
          <p className="truncate text-sm font-semibold">{host.name}</p>
          <p className="truncate text-xs text-faint">
            {HOST_ENGINES[host.engine].label} · {host.address}
          </p>
          <HostFacts host={host} />
        </div>
        <div className="flex items-center gap-2">
          <ConditionBadge host={host} />
          <HostOrders host={host} />
        </div>
      </header>
      <RegressedText host={host} />
      <div className="grid gap-1.5">
        <MemoryBar host={host} />
        <p className="tabular flex justify-between gap-2 text-xs text-soft">
          <span>{memoryText(host)}</span>
          <span className="text-right">{fullText(host)}</span>
        </p>
      </div>
      <dl className="tabular grid grid-cols-2 text-xs">
        <div>
          <dt className="text-faint">Events/s, avg 60 s</dt>
          <dd className="text-md font-semibold">{formatRate(host.eventsPerSecond)}</dd>
        </div>
        <div>
          <dt className="text-faint">Shardlets</dt>
          <dd className="text-md font-semibold">{formatCount(host.shardlets)}</dd>
        </div>
      </dl>
    </article>
  );
}
