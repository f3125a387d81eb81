import { CircleHelp, LogOut, Plug, RefreshCw, Unplug } from 'lucide-react';
import { Badge, type Tone } from '../../components/ui/badge.tsx';
import type { HostCondition, HostView } from '../../server/cluster/host-views.ts';

const CONDITIONS: Record<HostCondition, readonly [Tone, string, typeof Plug]> = {
  reachable: ['ok', 'Reachable', Plug],
  unreachable: ['bad', 'No answer', Unplug],
  readmitting: ['warn', 'Readmitting', RefreshCw],
  draining: ['warn', 'Draining', LogOut],
  unmeasured: ['neutral', 'Not measured', CircleHelp],
};

export function ConditionBadge({ host }: { host: HostView }) {
  const [tone, text, Icon] = CONDITIONS[host.condition];
  return (
    <Badge tone={tone} title={host.reason ?? undefined}>
      <Icon aria-hidden className="size-3" /> {text}
    </Badge>
  );
}
