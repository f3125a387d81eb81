'use client';

import { LoaderCircle, Pause, Play, TriangleAlert } from 'lucide-react';
import { formatDuration } from '../../formatting/time.ts';
import { cn } from '../class-names.ts';
import { Tooltip } from '../ui/tooltip.tsx';
import { useLive } from './live-provider.tsx';

/** Says whether the picture is live, and pauses it. */
export function LiveBadge() {
  const { status, staleMs, setPaused } = useLive();
  const paused = status === 'paused';
  return (
    <Tooltip tip={paused ? 'Resume (P)' : 'Pause the picture (P). Events flow on.'}>
      <button
        type="button"
        onClick={() => setPaused(!paused)}
        aria-pressed={paused}
        className={cn(
          'tabular group inline-flex h-9 items-center gap-2 rounded-full border px-3 text-xs font-medium transition-colors',
          status === 'live' && 'border-line bg-surface text-text hover:bg-hover',
          status === 'connecting' && 'border-line bg-surface text-soft',
          paused && 'border-accent-line bg-accent-soft text-accent',
          status === 'stale' && 'border-warn-mark bg-warn-soft text-warn',
        )}
      >
        {status === 'live' ? (
          <>
            <span aria-hidden className="size-2 animate-breathe rounded-full bg-ok-mark" /> Live
            <Pause aria-hidden className="size-3 text-faint group-hover:text-text" />
          </>
        ) : null}
        {status === 'connecting' ? (
          <>
            <LoaderCircle aria-hidden className="size-3.5 animate-spin" /> Connecting
          </>
        ) : null}
        {paused ? (
          <>
            <Play aria-hidden className="size-3.5" /> Paused
          </>
        ) : null}
        {status === 'stale' ? (
          <>
            <TriangleAlert aria-hidden className="size-3.5" /> Stale {formatDuration(staleMs)}
          </>
        ) : null}
      </button>
    </Tooltip>
  );
}
