import { formatCount } from '../../formatting/numbers.ts';
import type { HostView } from '../../server/cluster/host-views.ts';

/** State and consequence of a host that went back; the order beside it is the action. */
export function RegressedText({ host }: { host: HostView }) {
  if (host.condition !== 'regressed') return null;
  return (
    <p className="text-xs text-soft">
      Went back to an older state. Its {formatCount(host.shardlets)}{' '}
      {host.shardlets === 1 ? 'shardlet waits' : 'shardlets wait'}.
    </p>
  );
}
