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
/** Icons nearer than this are one icon with a count. */
const APART_PX = 20;
const LISTED_MAX = 8;

interface Size {
  readonly width: number;
  readonly height: number;
}

interface Cluster {
  readonly x: number;
  readonly y: number;
  readonly marks: HeatMark[];
}

/** Restructurings where and when they happened. */
export function HeatMarkLayer({ cells, view, ...size }: { cells: HeatCells; view: View } & Size) {
  const { zone } = useZone();
  const wordsOf = ({ text, atMs, actor }: HeatMark) => `${text}, ${formatMoment(atMs, zone)}, by ${actor}`;
  return (
    <ul aria-label="Splits, merges, rolls and moves" className="pointer-events-none absolute inset-0">
      {clustered(cells, view, size).map(({ marks, x, y }) => {
        const words = marks.slice(0, LISTED_MAX).map(wordsOf);
        const more = marks.length - words.length;
        return (
          <li
            key={`${marks[0]!.atMs}-${marks[0]!.from}`}
            title={[...words, ...(more > 0 ? [`and ${more} more: zoom in`] : [])].join('\n')}
            className="pointer-events-auto absolute grid h-4 min-w-4 -translate-x-1/2 -translate-y-1/2 place-items-center rounded-full bg-black/80 px-0.5 text-white ring-1 ring-white/80"
            style={{ left: `${x * 100}%`, top: `${y * 100}%` }}
          >
            {marks.length === 1 ? (
              <Icon kind={marks[0]!.kind} />
            ) : (
              <span aria-hidden className="tabular px-0.5 font-semibold text-2xs leading-none">
                {marks.length}
              </span>
            )}
            <span className="sr-only">
              {words[0]}
              {marks.length === 1 ? '' : `, and ${marks.length - 1} more near it`}
            </span>
          </li>
        );
      })}
    </ul>
  );
}

/** In cells of a grid of icons: what falls into one is one icon, at the place of the first. */
function clustered(cells: HeatCells, view: View, { width, height }: Size): Cluster[] {
  const clusters = new Map<string, Cluster>();
  for (const mark of cells.marks.marks) {
    const { x, y } = placeOf(cells, view, mark);
    if (x < 0 || x > 1 || y < 0 || y > 1) continue;
    const place = `${Math.floor((x * width) / APART_PX)}/${Math.floor((y * height) / APART_PX)}`;
    const known = clusters.get(place);
    if (known === undefined) clusters.set(place, { x, y, marks: [mark] });
    else known.marks.push(mark);
  }
  return [...clusters.values()];
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
