import type { AuditOutcome } from '@foreshard/core/audit';
import { Badge, type Tone } from '../../components/ui/badge.tsx';

const TONES: Record<AuditOutcome, Tone> = {
  done: 'ok',
  failed: 'warn',
  denied: 'bad',
  'carried out': 'ok',
  'under way': 'accent',
  unknown: 'warn',
};

const TIPS: Partial<Record<AuditOutcome, string>> = {
  'carried out':
    'Its process or the database was lost before the end was recorded: a change of the topology names it, so it happened.',
  unknown:
    'Its process or the database was lost before the end was recorded, and no change of the topology names it: the journal or the object itself shows whether it happened.',
};

export function OutcomeBadge({ outcome }: { outcome: AuditOutcome }) {
  return (
    <Badge tone={TONES[outcome]} tip={TIPS[outcome]}>
      {outcome}
    </Badge>
  );
}
