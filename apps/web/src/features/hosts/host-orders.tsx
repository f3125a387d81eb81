'use client';

import type { HostView } from '../../server/cluster/host-views.ts';
import { DrainHost } from './drain-host.tsx';
import { RemoveHost } from './remove-host.tsx';

export function HostOrders({ host: { id, name, condition } }: { host: HostView }) {
  return (
    <div className="inline-flex flex-wrap gap-2">
      <DrainHost host={{ id, name, isDraining: condition === 'draining' }} />
      <RemoveHost host={{ id, name }} />
    </div>
  );
}
