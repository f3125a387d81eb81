'use client';

import type { Metric } from '@foreshard/core/telemetry';
import { ArrowUpRight } from 'lucide-react';
import Link from 'next/link';
import { cn } from '../../components/class-names.ts';
import { Badge, type Tone } from '../../components/ui/badge.tsx';
import { formatPercent, formatRate } from '../../formatting/numbers.ts';
import { formatDuration } from '../../formatting/time.ts';
import type { HotCause } from '../../server/hot/hot-cause.ts';
import type { HotRow } from '../../server/hot/hot-rows.ts';
import { formatValue } from '../heat/heat-words.ts';
import { whatIfLink } from '../what-if/what-if-address.ts';
import { Course } from './course.tsx';

const HEAD = 'h-9 whitespace-nowrap px-3 text-left font-medium text-soft text-xs first:pl-5 last:pr-5';
const CELL = 'px-3 py-2.5 align-top first:pl-5 last:pr-5';

export interface HotTableProps {
  readonly rows: readonly HotRow[];
  readonly stream: string;
  readonly metric: Metric;
  readonly fromMs: number;
  readonly toMs: number;
  readonly outdated: boolean;
}

export function HotTable({ rows, outdated, ...view }: HotTableProps) {
  const highest = rows[0]?.value ?? 0;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard
    <section tabIndex={0} aria-label="Hot shardlets" className="overflow-x-auto">
      <table className={cn('w-full text-sm transition-opacity', outdated && 'opacity-60')}>
        <thead>
          <tr className="border-line border-y bg-sunken">
            <th className={cn(HEAD, 'w-10')}>#</th>
            <th className={HEAD}>Shardlet</th>
            <th className={HEAD}>Load</th>
            <th className={cn(HEAD, 'max-md:hidden')}>Course</th>
            <th
              className={cn(HEAD, 'max-md:hidden')}
              title="Above half of its highest without a break, up to now"
            >
              Hot for
            </th>
            <th className={HEAD}>Cause and remedy</th>
            <th className={cn(HEAD, 'max-md:hidden')}>Look</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <HotLine key={row.shardlet} row={row} highest={highest} {...view} />
          ))}
        </tbody>
      </table>
    </section>
  );
}

function HotLine({
  row,
  highest,
  stream,
  metric,
  fromMs,
  toMs,
}: Omit<HotTableProps, 'rows' | 'outdated'> & { row: HotRow; highest: number }) {
  return (
    <tr className="border-line border-b last:border-b-0 hover:bg-hover/60">
      <td className={cn(CELL, 'text-faint')}>{row.rank}</td>
      <td className={cn(CELL, 'whitespace-nowrap')}>
        <p className="font-medium font-mono text-xs leading-5">{row.shardlet}</p>
        <p className="text-faint text-xs">
          {row.shard === null ? 'no longer known' : `shard ${row.shard}`}
          {row.owner === null ? null : (
            <>
              {' on '}
              <Link
                href={`/hosts?q=${encodeURIComponent(row.owner)}`}
                className="text-accent underline underline-offset-4"
              >
                {row.owner}
              </Link>
            </>
          )}
        </p>
      </td>
      <td className={cn(CELL, 'min-w-40')}>
        <p className="font-semibold">{formatValue(metric, row.value)}</p>
        <div aria-hidden className="mt-1 h-1 rounded-full bg-hover">
          <div
            className="h-1 rounded-full bg-accent"
            style={{ width: `${highest > 0 ? (100 * row.value) / highest : 0}%` }}
          />
        </div>
        {row.share === null ? null : (
          <p className="mt-1 text-faint text-xs">
            {formatPercent(row.share)} of all
            {row.timesAverage === null ? '' : `, ${formatRate(row.timesAverage)}× average`}
          </p>
        )}
      </td>
      <td className={cn(CELL, 'max-md:hidden')}>
        <Course values={row.spark} />
      </td>
      <td className={cn(CELL, 'whitespace-nowrap text-soft max-md:hidden')}>{heldText(row.hotForMs)}</td>
      <td className={cn(CELL, 'min-w-52 max-w-md')}>
        <Cause cause={row.cause} />
        <p className="mt-1 text-soft text-xs">{row.cause.remedy}</p>
      </td>
      <td className={cn(CELL, 'max-md:hidden')}>
        <p className="flex flex-col gap-0.5 text-xs">
          <Look href={heatHref(row, stream, metric, fromMs, toMs)}>Heat map</Look>
          <Look href={`/events?stream=${encodeURIComponent(stream)}&shardlet=${row.shardlet}`}>Events</Look>
          <Look href={`/health?kind=shardlet&id=${row.shardlet}`}>Health</Look>
          {row.owner === null ? null : (
            <Look href={whatIfLink([{ kind: 'split', shardlet: String(row.shardlet) }])}>
              Simulate relief
            </Look>
          )}
        </p>
      </td>
    </tr>
  );
}

function Look({ href, children }: { href: string; children: string }) {
  return (
    <Link
      href={href as '/heat'}
      className="inline-flex items-center gap-1 whitespace-nowrap text-accent underline-offset-4 hover:underline"
    >
      {children} <ArrowUpRight aria-hidden className="size-3" />
    </Link>
  );
}

/** The same metric, time and keys. */
function heatHref(row: HotRow, stream: string, metric: Metric, fromMs: number, toMs: number): string {
  const params = new URLSearchParams({ stream, metric, from: String(fromMs), to: String(toMs) });
  if (row.from !== null && row.to !== null) {
    params.set('low', row.from);
    params.set('high', row.to);
  }
  return `/heat?${params}`;
}

const CAUSES: Record<HotCause['kind'], readonly [Tone, string]> = {
  key: ['bad', 'One hot key'],
  few: ['warn', 'A few heavy keys'],
  range: ['accent', 'Hot range'],
  even: ['neutral', 'About the average'],
  unknown: ['neutral', 'Cause not known'],
};

function Cause({ cause }: { cause: HotCause }) {
  const [tone, text] = CAUSES[cause.kind];
  return (
    <p className="flex flex-wrap items-center gap-2">
      <Badge tone={tone}>{text}</Badge>
      {cause.kind === 'key' ? (
        <span className="max-w-40 truncate font-mono text-xs" title={cause.key ?? undefined}>
          {cause.key ?? 'name not sampled'}
        </span>
      ) : null}
      {cause.share === null ? null : (
        <span className="text-soft text-xs">
          {cause.share < TELLING_SHARE
            ? 'no key stands out'
            : `${cause.kind === 'few' ? 'top keys' : 'top key'} ≥ ${formatPercent(cause.share)}`}
        </span>
      )}
    </p>
  );
}

/** Below it a key says nothing about the load. */
const TELLING_SHARE = 0.01;

function heldText(ms: number | null): string {
  if (ms === null) return 'not known';
  return ms === 0 ? 'cooled down' : formatDuration(ms);
}
