'use client';

/** A cross-hair through the cell under the pointer, and beside it what the cell says. */
import { useZone } from '../../components/zone.tsx';
import type { HeatCells } from './heat-cells.ts';
import type { Cell } from './heat-plot.tsx';
import type { View } from './heat-view.ts';
import { cellWords } from './heat-words.ts';

const percent = (share: number) => `${share * 100}%`;

export function HeatTip({ cells, cell, view }: { cells: HeatCells; cell: Cell; view: View }) {
  const { zone } = useZone();
  const x = (cell.column + 0.5 - view.left) / (view.right - view.left);
  const y = (cell.row + 0.5 - view.top) / (view.bottom - view.top);
  if (x < 0 || x > 1 || y < 0 || y > 1) return null;
  const { value, when, where } = cellWords(cells, cell, zone);
  const side = x > 0.5 ? { right: percent(1 - x) } : { left: percent(x) };
  const end = y > 0.5 ? { bottom: percent(1 - y) } : { top: percent(y) };
  return (
    <div aria-hidden className="pointer-events-none absolute inset-0">
      <span
        className="absolute inset-y-0 w-px bg-white/70 mix-blend-difference"
        style={{ left: percent(x) }}
      />
      <span
        className="absolute inset-x-0 h-px bg-white/70 mix-blend-difference"
        style={{ top: percent(y) }}
      />
      <div
        className="tabular absolute z-10 m-3 max-w-72 rounded-md bg-surface px-2.5 py-1.5 text-xs shadow-lg ring-1 ring-line max-sm:hidden"
        style={{ ...side, ...end }}
      >
        <p className="font-semibold text-sm">{value}</p>
        <p className="text-soft">{where}</p>
        <p className="text-faint">{when}</p>
      </div>
    </div>
  );
}
