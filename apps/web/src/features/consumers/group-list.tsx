'use client';

/** The groups of one page, with what somebody looks for. */
import { cn } from '../../components/class-names.ts';
import { Badge } from '../../components/ui/badge.tsx';
import { formatCount } from '../../formatting/numbers.ts';
import type { GroupSummary } from '../../server/consumers/group-views.ts';
import { CatchUp } from './catch-up.tsx';

const HEAD = 'h-9 px-3 text-left font-medium text-soft text-xs first:pl-5 last:pr-5';
const CELL = 'h-11 px-3 first:pl-5 last:pr-5';

interface GroupTableProps {
  readonly groups: readonly GroupSummary[];
  readonly open: string | null;
  /** shown in grey while another page is on its way */
  readonly outdated: boolean;
  onOpen(name: string | null): void;
}

export function GroupTable({ groups, open, outdated, onOpen }: GroupTableProps) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard
    <section tabIndex={0} aria-label="Consumer groups" className="overflow-x-auto">
      <table className={cn('w-full text-sm transition-opacity', outdated && 'opacity-60')}>
        <thead>
          <tr className="border-line border-y bg-sunken">
            <th className={HEAD}>Group</th>
            <th className={cn(HEAD, 'max-sm:hidden')}>Stream</th>
            <th className={cn(HEAD, 'max-sm:hidden')}>Delivery</th>
            <th className={cn(HEAD, 'text-right')}>Members</th>
            <th className={cn(HEAD, 'text-right max-md:hidden')}>Shardlets</th>
            <th className={cn(HEAD, 'text-right')}>Lag</th>
            <th className={cn(HEAD, 'text-right max-sm:hidden')}>Caught up</th>
          </tr>
        </thead>
        <tbody>
          {groups.map((group) => (
            <Row key={group.name} group={group} open={open} onOpen={onOpen} />
          ))}
        </tbody>
      </table>
    </section>
  );
}

interface RowProps extends Pick<GroupTableProps, 'open' | 'onOpen'> {
  readonly group: GroupSummary;
}

function Row({ group, open, onOpen }: RowProps) {
  const isOpen = group.name === open;
  return (
    <tr
      className={cn(
        'border-line border-b last:border-b-0 hover:bg-hover/60',
        isOpen && 'bg-accent-soft hover:bg-accent-soft',
      )}
    >
      <td className={CELL}>
        <button
          type="button"
          aria-expanded={isOpen}
          onClick={() => onOpen(isOpen ? null : group.name)}
          className="break-all text-left font-medium text-accent underline-offset-4 hover:underline"
        >
          {group.name}
        </button>
        {group.redriveOf === null ? null : (
          <Badge className="ml-2" tip={`It reads what is re-driven of ${group.redriveOf}, and goes with it.`}>
            internal
          </Badge>
        )}
      </td>
      <td className={cn(CELL, 'text-soft max-sm:hidden')}>{group.stream ?? 'deleted'}</td>
      <td className={cn(CELL, 'text-soft max-sm:hidden')}>{group.delivery}</td>
      <td className={cn(CELL, 'tabular text-right')}>
        <Members group={group} />
      </td>
      <td className={cn(CELL, 'tabular text-right text-soft max-md:hidden')}>
        {formatCount(group.shardlets)}
        <Unassigned group={group} />
      </td>
      <td className={cn(CELL, 'tabular text-right font-medium')}>
        <Lag lag={group.lag} skipped={group.skipped} />
        {group.lag === 0 ? null : (
          <span className="mt-1 block sm:hidden">
            <CatchUp catchUp={group.progress.catchUp} />
          </span>
        )}
      </td>
      <td className={cn(CELL, 'text-right max-sm:hidden')}>
        <CatchUp catchUp={group.progress.catchUp} />
      </td>
    </tr>
  );
}

/** A pulled group without a member goes nowhere; a pushed one needs none. */
function Members({ group: { members, delivery, lag, free } }: { group: GroupSummary }) {
  if (members === 0 && delivery === 'pull' && (lag !== 0 || free > 0))
    return <Badge tone="warn">nobody reads</Badge>;
  return formatCount(members);
}

/** Nobody has them: for want of a member that takes them, or of parents that are processed. */
function Unassigned({ group: { free, waiting } }: { group: GroupSummary }) {
  if (free + waiting === 0) return null;
  const parts = [
    ...(free === 0 ? [] : [`${formatCount(free)} free`]),
    ...(waiting === 0 ? [] : [`${formatCount(waiting)} wait`]),
  ];
  return <span className="block text-faint text-xs">{parts.join(', ')}</span>;
}

function Lag({ lag, skipped }: { lag: number | null; skipped: number }) {
  return (
    <>
      {lag === null ? <span className="font-normal text-faint">a host is away</span> : formatCount(lag)}
      {skipped === 0 ? null : (
        <span className="block font-normal text-warn text-xs">{formatCount(skipped)} past retention</span>
      )}
    </>
  );
}
