'use client';

import { Clock } from 'lucide-react';
import { Button } from '../ui/button.tsx';
import { Tooltip } from '../ui/tooltip.tsx';
import { useZone } from '../zone.tsx';

export function ZoneToggle({ className }: { className?: string }) {
  const { zone, setZone } = useZone();
  const utc = zone === 'utc';
  return (
    <Tooltip tip={utc ? 'Times are in UTC. Show local times (Z)' : 'Times are local. Show UTC (Z)'}>
      <Button
        look="quiet"
        className={className}
        onClick={() => setZone(utc ? 'local' : 'utc')}
        aria-label={`Time zone: ${utc ? 'UTC' : 'local'}`}
      >
        <Clock /> {utc ? 'UTC' : 'Local'}
      </Button>
    </Tooltip>
  );
}
