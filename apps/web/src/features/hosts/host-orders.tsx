'use client';

import type { HostView } from '../../server/cluster/host-views.ts';
import { DescribeHost } from './describe-host.tsx';
import { DrainHost } from './drain-host.tsx';
import { RemoveHost } from './remove-host.tsx';
import { ReviewLoss } from './review-loss.tsx';

export function HostOrders({ host }: { host: HostView }) {
  const { id, name, condition } = host;
  return (
    <div className="inline-flex flex-wrap gap-2 lg:flex-nowrap">
      {condition === 'regressed' ? <ReviewLoss host={host} /> : null}
      <DescribeHost host={host} />
      <DrainHost host={{ id, name, isDraining: condition === 'draining' }} />
      <RemoveHost host={{ id, name }} />
    </div>
  );
}
