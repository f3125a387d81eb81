'use client';

import {
  CartesianGrid,
  Line,
  LineChart,
  ReferenceLine,
  ResponsiveContainer,
  Tooltip,
  XAxis,
  YAxis,
} from 'recharts';
import { useZone } from '../../components/zone.tsx';
import { formatRate } from '../../formatting/numbers.ts';
import { formatClock, formatMoment } from '../../formatting/time.ts';
import type { Effects } from './effect-words.ts';

type Hour = Effects['hours'][number];

interface ChartProps {
  readonly hours: readonly Hour[];
  /** without changes both lines are one */
  readonly isChanged: boolean;
  /** undefined: it does not count */
  readonly threshold: number | undefined;
}

const DAY_MS = 86_400_000;
/** A threshold further above would press both lines to the ground. */
const THRESHOLD_SHOWN = 2.5;

/** The largest backlog of each hour: what is saved dashed, what would be drawn through. */
export function BacklogChart({ hours, isChanged, threshold }: ChartProps) {
  const { zone } = useZone();
  const span = (hours.at(-1)?.atMs ?? 0) - (hours[0]?.atMs ?? 0);
  const tick = (ms: number) =>
    span > 2 * DAY_MS
      ? formatMoment(ms, zone === 'utc' ? 'utc' : 'local').slice(5, 10)
      : formatClock(ms, zone).slice(0, 5);
  const peak = (which: 'saved' | 'draft') => Math.max(0, ...hours.map((hour) => hour[which] ?? 0));
  const top = Math.max(peak('saved'), isChanged ? peak('draft') : 0);
  const shownThreshold =
    threshold !== undefined && threshold <= THRESHOLD_SHOWN * top ? threshold : undefined;
  const dot = hours.length < 3 ? { r: 2.5 } : false;
  return (
    <figure className="px-2 pt-4 pb-2 sm:px-3">
      <figcaption className="flex flex-wrap items-baseline gap-x-4 gap-y-1 px-3 pb-2 text-xs">
        <span className="font-medium text-soft">Largest backlog of each hour, events</span>
        <Key className={isChanged ? 'border-faint border-dashed' : 'border-accent'}>
          saved, at most {formatRate(peak('saved'))}
        </Key>
        {isChanged ? <Key className="border-accent">draft, at most {formatRate(peak('draft'))}</Key> : null}
        {shownThreshold === undefined ? null : (
          <Key className="border-warn-mark border-dotted">threshold {formatRate(shownThreshold)}</Key>
        )}
      </figcaption>
      <div className="h-48">
        <ResponsiveContainer width="100%" height="100%" initialDimension={{ width: 560, height: 192 }}>
          <LineChart data={hours as Hour[]} margin={{ top: 8, right: 12, bottom: 0, left: 0 }}>
            <CartesianGrid vertical={false} stroke="var(--line)" />
            <XAxis
              dataKey="atMs"
              type="number"
              domain={['dataMin', 'dataMax']}
              tickFormatter={tick}
              tick={{ fill: 'var(--text-faint)', fontSize: 11 }}
              axisLine={{ stroke: 'var(--line)' }}
              tickLine={false}
              minTickGap={40}
              height={24}
            />
            <YAxis
              domain={[0, 'auto']}
              tickFormatter={formatRate}
              tick={{ fill: 'var(--text-faint)', fontSize: 11 }}
              axisLine={false}
              tickLine={false}
              width={56}
            />
            <Tooltip
              cursor={{ stroke: 'var(--line-strong)' }}
              isAnimationActive={false}
              content={({ active, payload }) => {
                const hour = payload?.[0]?.payload as Hour | undefined;
                return active && hour !== undefined ? <HourTip hour={hour} isChanged={isChanged} /> : null;
              }}
            />
            {shownThreshold === undefined ? null : (
              <ReferenceLine
                y={shownThreshold}
                stroke="var(--warn-mark)"
                strokeDasharray="2 3"
                ifOverflow="extendDomain"
              />
            )}
            <Line
              dataKey="saved"
              stroke={isChanged ? 'var(--text-faint)' : 'var(--accent)'}
              strokeDasharray={isChanged ? '4 3' : '0'}
              strokeWidth={1.5}
              dot={dot}
              isAnimationActive={false}
            />
            {isChanged ? (
              <Line
                dataKey="draft"
                stroke="var(--accent)"
                strokeWidth={1.5}
                dot={dot}
                isAnimationActive={false}
              />
            ) : null}
          </LineChart>
        </ResponsiveContainer>
      </div>
    </figure>
  );
}

function Key({ className, children }: { className: string; children: React.ReactNode }) {
  return (
    <span className="inline-flex items-center gap-1.5 text-faint">
      <span aria-hidden className={`w-5 border-t-2 ${className}`} />
      {children}
    </span>
  );
}

function HourTip({ hour, isChanged }: { hour: Hour; isChanged: boolean }) {
  const { zone } = useZone();
  const rows = [['Saved', hour.saved] as const, ...(isChanged ? [['Draft', hour.draft] as const] : [])];
  return (
    <div className="tabular rounded-md border border-line bg-surface px-3 py-2 text-xs shadow-raised">
      <p className="text-faint">{formatMoment(hour.atMs, zone)}</p>
      <dl className="mt-1 grid grid-cols-[auto_auto] gap-x-4 gap-y-0.5">
        {rows.map(([name, value]) => (
          <div key={name} className="contents">
            <dt className="text-soft">{name}</dt>
            <dd className="text-right">{value === null ? 'not known' : formatRate(value)}</dd>
          </div>
        ))}
      </dl>
    </div>
  );
}
