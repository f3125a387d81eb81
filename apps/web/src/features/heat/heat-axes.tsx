'use client';

import { scaleTime, scaleUtc } from 'd3-scale';
import { cn } from '../../components/class-names.ts';
import { useZone } from '../../components/zone.tsx';
import type { Zone } from '../../formatting/time.ts';
import type { HeatCells } from './heat-cells.ts';
import type { View } from './heat-view.ts';

const TICK_PX = 90;
const EDGE_PX = 18;

/** Moments under the picture, on round times of the reader's zone. */
export function TimeAxis({ cells, view, width }: { cells: HeatCells; view: View; width: number }) {
  const { zone } = useZone();
  const fromMs = cells.fromMs + view.left * cells.columnMs;
  const toMs = cells.fromMs + view.right * cells.columnMs;
  const scale = (zone === 'utc' ? scaleUtc : scaleTime)().domain([fromMs, toMs]).range([0, 1]);
  const ticks = width === 0 ? [] : apart(scale.ticks(Math.max(2, Math.floor(width / TICK_PX))), scale, width);
  return (
    <div aria-hidden className="tabular relative h-6 text-2xs text-faint">
      {ticks.map((tick) => (
        <span
          key={tick.getTime()}
          className="absolute top-1 -translate-x-1/2 whitespace-nowrap border-line before:absolute before:-top-1 before:left-1/2 before:h-1 before:border-l before:border-line-strong"
          style={{ left: `${((tick.getTime() - fromMs) / (toMs - fromMs)) * 100}%` }}
        >
          {tickText(tick, zone)}
        </span>
      ))}
    </div>
  );
}

/** Without those that would touch the one before (31st, 1st) or the edge. */
function apart(ticks: readonly Date[], scale: (tick: Date) => number, width: number): Date[] {
  const place = (tick: Date) => scale(tick) * width;
  let last = Number.NEGATIVE_INFINITY;
  return ticks.filter((tick) => {
    const at = place(tick);
    const fits = at > EDGE_PX && at < width - EDGE_PX && at - last > TICK_PX / 2;
    if (fits) last = at;
    return fits;
  });
}

function tickText(tick: Date, zone: Zone): string {
  const timeZone = zone === 'utc' ? { timeZone: 'UTC' } : {};
  const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', ...timeZone }).format(
    tick,
  );
  const day = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', ...timeZone }).format(tick);
  return clock === '00:00' ? day : clock;
}

const LABEL_PX = 26;

interface KeyLabel {
  readonly row: number;
  readonly text: string;
  readonly isKey: boolean;
}

/** Keys where some were sampled, and where shards begin. A place without either has no name: its hash says nothing. */
export function KeyAxis({ cells, view, height }: { cells: HeatCells; view: View; height: number }) {
  const rowPx = height / (view.bottom - view.top);
  const labels = height === 0 ? [] : keyLabels(cells, view, rowPx);
  return (
    <div aria-hidden className="tabular relative h-full w-full text-2xs text-faint">
      {labels.map(({ row, text, isKey }) => (
        <span
          key={row}
          title={text}
          className={cn(
            'absolute right-1.5 max-w-full truncate leading-none',
            isKey ? 'font-medium text-soft' : '',
          )}
          style={{ top: (row - view.top) * rowPx + (isKey ? Math.max(0, rowPx / 2 - LABEL_PX / 4) : 0) }}
        >
          {text}
        </span>
      ))}
    </div>
  );
}

/** The hottest keys first, then shards in the room that is left. */
function keyLabels({ rows }: HeatCells, view: View, rowPx: number): KeyLabel[] {
  const placed: KeyLabel[] = [];
  const place = (label: KeyLabel) => {
    if (placed.every(({ row }) => Math.abs(row - label.row) * rowPx >= LABEL_PX)) placed.push(label);
  };
  const [first, end] = [Math.max(0, Math.ceil(view.top)), Math.min(rows.length, Math.ceil(view.bottom))];
  const inView = Array.from({ length: end - first }, (_, i) => first + i);
  const named = inView.filter((row) => rows[row]!.keyEvents > 0);
  named.sort((a, b) => rows[b]!.keyEvents - rows[a]!.keyEvents || a - b);
  for (const row of named) place({ row, text: rows[row]!.keys[0]!, isKey: true });
  for (const row of inView) {
    const { shard } = rows[row]!;
    if (shard !== null && shard !== rows[row - 1]?.shard)
      place({ row, text: `shard ${shard}`, isKey: false });
  }
  return placed;
}
