import { CircleHelp, History, LogOut, OctagonAlert, Plug, RefreshCw, Unplug } from 'lucide-react';
import { Badge, type Tone } from '../../components/ui/badge.tsx';
import { FILL_BAD, type HostCondition, type HostView } from '../../server/cluster/host-views.ts';

const CONDITIONS: Record<HostCondition, readonly [Tone, string, typeof Plug]> = {
  reachable: ['ok', 'Reachable', Plug],
  unreachable: ['bad', 'Unreachable', Unplug],
  alarmed: ['bad', 'Quarantined', OctagonAlert],
  regressed: ['bad', 'Went back', History],
  readmitting: ['warn', 'Recovering', RefreshCw],
  draining: ['warn', 'Draining', LogOut],
  unmeasured: ['neutral', 'Not measured', CircleHelp],
};

const FULL = ['bad', 'Full', OctagonAlert] as const;

export function ConditionBadge({ host }: { host: HostView }) {
  const full = host.condition === 'reachable' && host.fill !== null && host.fill >= FILL_BAD;
  const [tone, text, Icon] = full ? FULL : CONDITIONS[host.condition];
  return (
    <Badge tone={tone} tip={host.reason ?? undefined}>
      <Icon aria-hidden className="size-3" /> {text}
    </Badge>
  );
}
