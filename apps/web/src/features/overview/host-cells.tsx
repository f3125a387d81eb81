'use client';

import { cn } from '../../components/class-names.ts';
import { formatRate } from '../../formatting/numbers.ts';
import type { HostCondition } from '../../server/cluster/host-views.ts';
import type { HostCell } from '../../server/cluster/live-frame.ts';
import { CONDITION_WORDS } from '../hosts/condition-words.ts';

/** Used memory in fixed steps, so that a colour means the same today and tomorrow. */
const STEPS = [
  [25, 'bg-accent/20', 'below 25 %'],
  [50, 'bg-accent/40', 'below 50 %'],
  [75, 'bg-accent/70', 'below 75 %'],
  [90, 'bg-warn-mark', 'below 90 %'],
  [Number.POSITIVE_INFINITY, 'bg-bad-mark', '90 % and more'],
] as const;
const UNREACHABLE =
  'bg-bad-mark bg-[linear-gradient(45deg,transparent_42%,var(--surface)_42%,var(--surface)_58%,transparent_58%)]';
const UNMEASURED = 'border border-line-strong';
const QUARANTINED = 'border-2 border-bad-mark bg-surface';
const RECOVERING = 'border-2 border-warn-mark bg-surface';

/** Only what keeps a host from taking events goes before its memory. */
const CONDITION_COLOURS: Partial<Record<HostCondition, string>> = {
  unreachable: UNREACHABLE,
  alarmed: QUARANTINED,
  regressed: QUARANTINED,
  readmitting: RECOVERING,
};

export function HostCells({ cells }: { cells: readonly HostCell[] }) {
  const unreachable = cells.filter(([, condition]) => condition === 'unreachable').length;
  return (
    <div className="border-line border-t px-5 py-4">
      <div
        role="img"
        aria-label={`${cells.length} hosts by used memory, ${unreachable} unreachable. The table of hosts has the same data.`}
        className="flex flex-wrap gap-[3px]"
      >
        {cells.map((cell) => (
          <span
            key={cell[0]}
            title={describeCell(cell)}
            className={cn('size-3.5 rounded-[3px] transition-transform hover:scale-125', colourOf(cell))}
          />
        ))}
      </div>
      <ul aria-label="Legend" className="mt-3 flex flex-wrap gap-x-4 gap-y-1 text-xs text-soft">
        {STEPS.map(([, colour, text]) => (
          <Legend key={text} colour={colour} text={text} />
        ))}
        <Legend colour={UNREACHABLE} text="unreachable" />
        <Legend colour={QUARANTINED} text="quarantined or went back" />
        <Legend colour={RECOVERING} text="recovering" />
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

export function colourOf([, condition, percent]: HostCell): string {
  const ofCondition = CONDITION_COLOURS[condition];
  if (ofCondition !== undefined) return ofCondition;
  if (percent < 0) return UNMEASURED;
  return STEPS.find(([below]) => percent < below)![1];
}

export function describeCell([name, condition, percent, events]: HostCell): string {
  const memory = percent < 0 ? 'memory without a limit or not measured' : `${percent} % of its memory used`;
  return `${name}: ${CONDITION_WORDS[condition].toLowerCase()}, ${memory}, ${formatRate(events)} events/s`;
}
