'use client';

import { type HeatCells, observedColumns } from './heat-cells.ts';
import type { View } from './heat-view.ts';

/** What is expected must never be taken for what was: right of now the picture is veiled, and says so. */
export function ForecastVeil({ cells, view }: { cells: HeatCells; view: View }) {
  const now = observedColumns(cells);
  if (now >= view.right || cells.forecastFrom === null) return null;
  const share = Math.max(0, (now - view.left) / (view.right - view.left));
  return (
    <div
      aria-hidden
      className="heat-forecast pointer-events-none absolute inset-y-0 right-0"
      style={{ left: `${share * 100}%` }}
    >
      {now > view.left ? (
        <>
          <span className="absolute inset-y-0 left-0 w-0.5 -translate-x-1/2 bg-text ring-1 ring-surface" />
          <span className="-translate-x-full absolute top-1.5 -left-1.5 rounded-sm bg-surface px-1.5 font-medium text-2xs text-text ring-1 ring-line">
            now
          </span>
        </>
      ) : null}
      <span className="absolute top-1.5 left-1.5 truncate rounded-sm bg-surface px-1.5 text-2xs text-soft ring-1 ring-line">
        forecast
      </span>
    </div>
  );
}
