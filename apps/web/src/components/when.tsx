'use client';

import { formatMoment, formatMomentShort } from '../formatting/time.ts';
import { useZone } from './zone.tsx';

/** A moment as the reader wants moments; the whole of it on hover. */
export function When({ ms, nowMs, className }: { ms: number; nowMs: number; className?: string }) {
  const { zone } = useZone();
  return (
    <time
      dateTime={new Date(ms).toISOString()}
      title={formatMoment(ms, zone === 'relative' ? 'local' : zone)}
      className={className}
    >
      {formatMomentShort(ms, nowMs, zone)}
    </time>
  );
}
