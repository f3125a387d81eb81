import { cn } from '../../components/class-names.ts';
import { formatBytes, formatPercent } from '../../formatting/numbers.ts';
import { formatHoursToFull } from '../../formatting/time.ts';
import type { HostView } from '../../server/cluster/host-views.ts';

/** Used share of the limit. The tick stands at 90 %, where edges stop appends. */
export function MemoryBar({ host }: { host: HostView }) {
  const fill = host.fill;
  return (
    <div aria-hidden className="relative h-1.5 rounded-full bg-hover">
      {fill === null ? null : (
        <div
          className={cn(
            'absolute inset-y-0 left-0 min-w-0.5 rounded-full',
            fill >= 0.9 ? 'bg-bad-mark' : fill >= 0.75 ? 'bg-warn-mark' : 'bg-accent',
          )}
          style={{ width: `${Math.min(100, fill * 100)}%` }}
        />
      )}
      {host.limitBytes === null ? null : (
        <span className="absolute -inset-y-0.5 left-[90%] w-px bg-line-strong" />
      )}
    </div>
  );
}

export function memoryText(host: HostView): string {
  if (host.usedBytes === null)
    return host.condition === 'unreachable' ? 'memory not known' : 'not measured yet';
  if (host.limitBytes === null || host.fill === null) return `${formatBytes(host.usedBytes)}, no limit`;
  return `${formatBytes(host.usedBytes)} of ${formatBytes(host.limitBytes)} (${formatPercent(host.fill)})`;
}

export function fullText(host: HostView): string {
  if (host.hoursToFull !== null) return `full in ${formatHoursToFull(host.hoursToFull)}`;
  return host.fill === null ? '' : 'not filling up';
}
