import type { AuditOutcome } from '@foreshard/core/audit';
import { Badge, type Tone } from '../../components/ui/badge.tsx';

const TONES: Record<AuditOutcome, Tone> = {
  done: 'ok',
  failed: 'warn',
  denied: 'bad',
  'under way': 'accent',
  unknown: 'warn',
};

export function OutcomeBadge({ outcome }: { outcome: AuditOutcome }) {
  const tip =
    outcome === 'unknown'
      ? 'Its process or the database was lost before the end was recorded: the change log and the journal show whether it happened.'
      : undefined;
  return (
    <Badge tone={TONES[outcome]} tip={tip}>
      {outcome}
    </Badge>
  );
}
