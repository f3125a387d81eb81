'use client';

import { cn } from '../../components/class-names.ts';
import { formatRate } from '../../formatting/numbers.ts';
import type { HostCell } from '../../server/cluster/live-frame.ts';

/** Used memory in fixed steps, so that a colour means the same today and tomorrow. */
const STEPS = [
  [25, 'bg-accent/20', 'below 25 %'],
  [50, 'bg-accent/40', 'below 50 %'],
  [75, 'bg-accent/70', 'below 75 %'],
  [90, 'bg-warn-mark', 'below 90 %'],
  [Number.POSITIVE_INFINITY, 'bg-bad-mark', '90 % and more'],
] as const;
const DOWN =
  'bg-bad-mark bg-[linear-gradient(45deg,transparent_42%,var(--surface)_42%,var(--surface)_58%,transparent_58%)]';
const UNMEASURED = 'border border-line-strong';

export function HostCells({ cells }: { cells: readonly HostCell[] }) {
  const down = cells.filter(isDown).length;
  return (
    <div className="border-line border-t px-5 py-4">
      <div
        role="img"
        aria-label={`${cells.length} hosts by used memory, ${down} not reachable. The table of hosts has the same data.`}
        className="flex flex-wrap gap-[3px]"
      >
        {cells.map((cell) => (
          <span
            key={cell[0]}
            title={describe(cell)}
            className={cn('size-3.5 rounded-[3px] transition-transform hover:scale-125', colourOf(cell))}
          />
        ))}
      </div>
      <ul aria-label="Legend" className="mt-3 flex flex-wrap gap-x-4 gap-y-1 text-xs text-soft">
        {STEPS.map(([, colour, text]) => (
          <Legend key={text} colour={colour} text={text} />
        ))}
        <Legend colour={DOWN} text="not reachable" />
        <Legend colour={UNMEASURED} text="no limit, or not measured" />
      </ul>
    </div>
  );
}

function Legend({ colour, text }: { colour: string; text: string }) {
  return (
    <li className="flex items-center gap-1.5">
      <span aria-hidden className={cn('size-3 rounded-[3px]', colour)} /> {text}
    </li>
  );
}

function isDown([, level, percent]: HostCell): boolean {
  return level === 'bad' && percent < 90;
}

function colourOf(cell: HostCell): string {
  if (isDown(cell)) return DOWN;
  const percent = cell[2];
  if (percent < 0) return UNMEASURED;
  return STEPS.find(([below]) => percent < below)![1];
}

function describe([name, , percent, events]: HostCell): string {
  const memory = percent < 0 ? 'memory without a limit or not measured' : `${percent} % of its memory used`;
  return `${name}: ${memory}, ${formatRate(events)} events/s`;
}
