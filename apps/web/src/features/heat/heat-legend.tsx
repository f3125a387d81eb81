'use client';

import { useMemo } from 'react';
import { type ColourScale, colourAt, type Palette } from './colour-scale.ts';
import type { HeatCells } from './heat-cells.ts';
import { legendTexts, METRIC_TITLES } from './heat-words.ts';

const STOPS = 12;
const TICKS = [0, 0.25, 0.5, 0.75, 1];

export function HeatLegend({
  cells,
  scale,
  palette,
  brightness,
}: {
  cells: HeatCells;
  scale: ColourScale;
  palette: Palette;
  brightness: number;
}) {
  const gradient = useMemo(() => {
    const stops = Array.from({ length: STOPS + 1 }, (_, i) => colourAt(i / STOPS, palette, brightness));
    return `linear-gradient(to right, ${stops.join(', ')})`;
  }, [palette, brightness]);
  const { metric } = cells;
  return (
    <figure
      aria-label="Legend"
      className="tabular flex flex-wrap items-start gap-x-5 gap-y-2 text-2xs text-soft"
    >
      <div className="min-w-64 flex-1 sm:max-w-96">
        <div aria-hidden className="h-2.5 rounded-sm" style={{ background: gradient }} />
        <ol
          aria-label={`${METRIC_TITLES[metric]} from the first colour to the last`}
          className="mt-1 flex justify-between"
        >
          {legendTexts(
            metric,
            TICKS.map((share) => scale.valueAt(share)),
          ).map((text, i) => (
            <li key={TICKS[i]}>{text}</li>
          ))}
        </ol>
      </div>
      {metric === 'residual' ? (
        <p className="min-w-48 flex-1">
          Residual = actual − forecast: orange where more came than was forecast, purple where less did.
        </p>
      ) : (
        <p className="flex items-center gap-1.5">
          <span aria-hidden className="size-3 rounded-[3px] border border-line-strong bg-(--heat-zero)" />{' '}
          none
        </p>
      )}
      <p className="flex items-center gap-1.5">
        <span aria-hidden className="heat-paper size-3 rounded-[3px] border border-line-strong" /> not known
      </p>
    </figure>
  );
}
