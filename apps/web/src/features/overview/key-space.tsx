'use client';

import { useLive } from '../../components/live/live-provider.tsx';
import { Card, CardHead } from '../../components/ui/card.tsx';
import { formatRate } from '../../formatting/numbers.ts';

/**
 * Events per second in one cell, in fixed steps: a colour means the same at every hour, so a picture of
 * today can be laid beside one of last week. Colours: cividis, legible to the colour-blind.
 */
const STEPS = [
  [0, 'var(--surface-sunken)', 'none'],
  [1, '#123570', '< 1'],
  [10, '#3b496c', '< 10'],
  [100, '#666870', '< 100'],
  [1_000, '#958f78', '< 1k'],
  [10_000, '#c9b85f', '< 10k'],
  [Number.POSITIVE_INFINITY, '#fee838', '≥ 10k'],
] as const;

/** Where the load lies among the keys: the first glance at a hot range. */
export function KeySpace() {
  const { frame } = useLive();
  const strip = frame?.strip;
  if (!strip) return null;
  const total = strip.cells.reduce((sum, c) => sum + c, 0);
  const peak = Math.max(...strip.cells);
  const even = total / strip.cells.length;
  return (
    <Card aria-labelledby="keys-title">
      <CardHead
        id="keys-title"
        title="Load across the key space"
        hint={`stream ${strip.stream}, average over 60 s`}
      >
        <p className="tabular text-xs text-soft">
          hottest 1/{strip.cells.length}: {formatRate(peak)} events/s
          {even > 0 ? `, ${formatRate(peak / even)}× the even share` : ''}
        </p>
      </CardHead>
      <div className="px-5 pb-4">
        <div
          role="img"
          aria-label={`Events per second in ${strip.cells.length} equal parts of the key space. The hottest has ${formatRate(peak)}, an even spread would be ${formatRate(even)}.`}
          className="flex h-9 gap-px overflow-hidden rounded-md"
        >
          {strip.cells.map((events, i) => (
            <span
              // biome-ignore lint/suspicious/noArrayIndexKey: a cell is its place
              key={i}
              title={`Part ${i + 1} of ${strip.cells.length}: ${formatRate(events)} events/s`}
              className="flex-1 transition-opacity hover:opacity-70"
              style={{ background: colourOf(events) }}
            />
          ))}
        </div>
        <div className="mt-2.5 flex flex-wrap items-center justify-between gap-x-6 gap-y-1.5 text-xs text-faint">
          <span className="font-mono">0000…</span>
          <ul
            aria-label="Legend: events per second in one part"
            className="flex flex-wrap gap-x-3 gap-y-1 text-soft"
          >
            {STEPS.map(([, colour, text]) => (
              <li key={text} className="tabular flex items-center gap-1.5">
                <span
                  aria-hidden
                  className="size-3 rounded-[3px] border border-line"
                  style={{ background: colour }}
                />
                {text}
              </li>
            ))}
          </ul>
          <span className="font-mono">ffff…</span>
        </div>
      </div>
    </Card>
  );
}

function colourOf(events: number): string {
  if (events <= 0) return STEPS[0][1];
  return STEPS.slice(1).find(([below]) => events < below)![1];
}
