import { Badge, type Tone } from '../../components/ui/badge.tsx';
import type { StateFilter } from '../../server/cluster/shardlet-query.ts';
import type { ShardletRow } from '../../server/cluster/shardlet-rows.ts';

export const STATE_NAMES: Record<StateFilter, string> = {
  active: 'Taking events',
  open: 'Open',
  moving: 'Moving',
  opening: 'Opening',
  closing: 'Closing',
  closed: 'Closed',
  closedMoving: 'Closed, moving',
  gone: 'Past retention',
  all: 'Every state',
};

const TONES: Record<ShardletRow['state'], Tone> = {
  open: 'ok',
  moving: 'accent',
  opening: 'warn',
  closing: 'warn',
  closed: 'neutral',
  closedMoving: 'neutral',
  gone: 'neutral',
};

export function StateBadge({ row }: { row: ShardletRow }) {
  return (
    <span className="flex items-center gap-2 whitespace-nowrap">
      <Badge tone={TONES[row.state]}>{STATE_NAMES[row.state]}</Badge>
      {row.note === null ? null : <span className="text-xs text-faint">{row.note}</span>}
    </span>
  );
}
