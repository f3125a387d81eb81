import { CircleHelp, History, LogOut, OctagonAlert, Plug, RefreshCw, Unplug } from 'lucide-react';
import { Badge, type Tone } from '../../components/ui/badge.tsx';
import { FILL_BAD, type HostCondition, type HostView } from '../../server/cluster/host-views.ts';
import { CONDITION_WORDS } from './condition-words.ts';

const LOOKS: Record<HostCondition, readonly [Tone, typeof Plug]> = {
  reachable: ['ok', Plug],
  unreachable: ['bad', Unplug],
  alarmed: ['bad', OctagonAlert],
  regressed: ['bad', History],
  readmitting: ['warn', RefreshCw],
  draining: ['warn', LogOut],
  unmeasured: ['neutral', CircleHelp],
};

const FULL = ['bad', OctagonAlert] as const;

export function ConditionBadge({ host }: { host: HostView }) {
  const full = host.condition === 'reachable' && host.fill !== null && host.fill >= FILL_BAD;
  const [tone, Icon] = full ? FULL : LOOKS[host.condition];
  return (
    <Badge tone={tone} tip={host.reason ?? undefined}>
      <Icon aria-hidden className="size-3" /> {full ? 'Full' : CONDITION_WORDS[host.condition]}
    </Badge>
  );
}
