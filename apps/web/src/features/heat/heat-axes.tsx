'use client';

import { scaleTime, scaleUtc } from 'd3-scale';
import { useZone } from '../../components/zone.tsx';
import type { Zone } from '../../formatting/time.ts';
import type { HeatCells } from './heat-cells.ts';
import type { View } from './heat-view.ts';
import { shortPosition } from './heat-words.ts';

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

/** Where shards (or, nearer, rows) begin. */
export function KeyAxis({ cells, view, height }: { cells: HeatCells; view: View; height: number }) {
  const rowPx = height / (view.bottom - view.top);
  const labels: { row: number; text: string }[] = [];
  let lastPx = Number.NEGATIVE_INFINITY;
  let lastShard: number | null = -1;
  for (let row = Math.ceil(view.top); row < view.bottom && height > 0; row++) {
    const { from, shard } = cells.rows[row]!;
    const at = (row - view.top) * rowPx;
    if (shard === lastShard && rowPx < LABEL_PX) continue;
    if (at - lastPx < LABEL_PX) continue;
    labels.push({
      row,
      text: shard === lastShard || shard === null ? shortPosition(from) : `shard ${shard}`,
    });
    lastPx = at;
    lastShard = shard;
  }
  return (
    <div aria-hidden className="tabular relative h-full w-full font-mono text-2xs text-faint">
      {labels.map(({ row, text }) => (
        <span
          key={row}
          className="absolute right-1.5 whitespace-nowrap leading-none"
          style={{ top: (row - view.top) * rowPx }}
        >
          {text}
        </span>
      ))}
    </div>
  );
}
