'use client';

import { ArrowRightLeft, type LucideIcon, Merge, RotateCw, Split } from 'lucide-react';
import { useZone } from '../../components/zone.tsx';
import { formatMoment } from '../../formatting/time.ts';
import type { HeatMark } from '../../server/heat/marks.ts';
import { type HeatCells, rowAt } from './heat-cells.ts';
import type { View } from './heat-view.ts';

const ICONS: Readonly<Record<HeatMark['kind'], LucideIcon>> = {
  split: Split,
  merge: Merge,
  roll: RotateCw,
  move: ArrowRightLeft,
};
/** More would hide the picture; the table of decisions has them all. */
const SHOWN_MAX = 300;

/** Restructurings where and when they happened. */
export function HeatMarkLayer({ cells, view }: { cells: HeatCells; view: View }) {
  const { zone } = useZone();
  const shown = cells.marks.marks
    .map((mark) => ({ mark, ...placeOf(cells, view, mark) }))
    .filter(({ x, y }) => x >= 0 && x <= 1 && y >= 0 && y <= 1)
    .slice(0, SHOWN_MAX);
  return (
    <ul aria-label="Splits, merges, rolls and moves" className="pointer-events-none absolute inset-0">
      {shown.map(({ mark, x, y }) => (
        <li
          key={`${mark.atMs}-${mark.from}`}
          title={`${mark.text}, ${formatMoment(mark.atMs, zone)}, by ${mark.actor}`}
          className="pointer-events-auto absolute grid size-4 -translate-x-1/2 -translate-y-1/2 place-items-center rounded-full bg-black/80 text-white ring-1 ring-white/80"
          style={{ left: `${x * 100}%`, top: `${y * 100}%` }}
        >
          <Icon kind={mark.kind} />
          <span className="sr-only">
            {mark.text}, {formatMoment(mark.atMs, zone)}
          </span>
        </li>
      ))}
    </ul>
  );
}

function Icon({ kind }: { kind: HeatMark['kind'] }) {
  const Shape = ICONS[kind];
  return <Shape aria-hidden className="size-2.5" strokeWidth={2.5} />;
}

function placeOf(cells: HeatCells, view: View, mark: HeatMark): { x: number; y: number } {
  const column = (mark.atMs - cells.fromMs) / cells.columnMs;
  const [first, last] = [rowAt(cells, mark.from), rowAt(cells, mark.to)];
  return {
    x: (column - view.left) / (view.right - view.left),
    y: ((first + Math.max(first + 1, last)) / 2 - view.top) / (view.bottom - view.top),
  };
}
