'use client';

import { useLive } from '../../components/live/live-provider.tsx';
import { Card, CardHead } from '../../components/ui/card.tsx';
import { formatRate } from '../../formatting/numbers.ts';

/**
 * Events per second in one cell, in fixed steps: a colour means the same at every hour, so a picture of
 * today can be laid beside one of last week. Colours: cividis, legible to the colour-blind.
 */
const STEPS = [
  [0, 'var(--surface-hover)', 'none'],
  [3, '#00224e', '< 3'],
  [10, '#123570', '< 10'],
  [30, '#35456c', '< 30'],
  [100, '#4f576c', '< 100'],
  [300, '#6b6d72', '< 300'],
  [1_000, '#8a8678', '< 1k'],
  [3_000, '#a99f73', '< 3k'],
  [10_000, '#d0bd59', '< 10k'],
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
        <div aria-hidden className="mt-1.5 flex justify-between font-mono text-2xs text-faint">
          <span>0000…</span>
          <span>8000…</span>
          <span>ffff…</span>
        </div>
        <ul
          aria-label="Legend: events per second in one part"
          className="mt-2 flex flex-wrap gap-x-3 gap-y-1 text-xs text-soft"
        >
          {STEPS.map(([, colour, text]) => (
            <li key={text} className="tabular flex items-center gap-1.5">
              <span
                aria-hidden
                className="size-3 rounded-[3px] border border-line-strong"
                style={{ background: colour }}
              />
              {text}
            </li>
          ))}
        </ul>
      </div>
    </Card>
  );
}

function colourOf(events: number): string {
  if (events <= 0) return STEPS[0][1];
  return STEPS.slice(1).find(([below]) => events < below)![1];
}
