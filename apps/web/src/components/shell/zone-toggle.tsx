'use client';

import { Clock } from 'lucide-react';
import { Button } from '../ui/button.tsx';
import { Tooltip } from '../ui/tooltip.tsx';
import { useZone, zoneAfter } from '../zone.tsx';

const NAMES = { local: 'Local', utc: 'UTC', relative: 'Ago' } as const;
const MEANINGS = {
  local: 'Times are local',
  utc: 'Times are in UTC',
  relative: 'Times are told as distances from now',
} as const;

export function ZoneToggle({ className }: { className?: string }) {
  const { zone, setZone } = useZone();
  return (
    <Tooltip tip={`${MEANINGS[zone]}. Next: ${NAMES[zoneAfter(zone)]} (Z)`}>
      <Button
        look="quiet"
        className={className}
        onClick={() => setZone(zoneAfter(zone))}
        aria-label={`Times: ${NAMES[zone]}`}
      >
        <Clock /> {NAMES[zone]}
      </Button>
    </Tooltip>
  );
}
