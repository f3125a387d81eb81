'use client';

import { parseAsStringLiteral, useQueryStates } from 'nuqs';
import { useMemo } from 'react';
import { Area, AreaChart, CartesianGrid, ResponsiveContainer, Tooltip, XAxis, YAxis } from 'recharts';
import { useLive } from '../../components/live/live-provider.tsx';
import { Card, CardHead } from '../../components/ui/card.tsx';
import { Segmented } from '../../components/ui/segmented.tsx';
import { Skeleton } from '../../components/ui/skeleton.tsx';
import { useZone } from '../../components/zone.tsx';
import { formatBytes, formatRate } from '../../formatting/numbers.ts';
import { formatClock } from '../../formatting/time.ts';
import type { LoadPoint } from '../../server/load/load-window.ts';
import { axisTop, clockTicks } from './chart-axes.ts';

const METRICS = ['events', 'bytes', 'refused', 'duplicates'] as const;
type Metric = (typeof METRICS)[number];
const SPANS = ['2', '5', '10'] as const;

const TITLES: Record<Metric, string> = {
  events: 'Events per second',
  bytes: 'Bytes per second',
  refused: 'Refused per second',
  duplicates: 'Duplicates per second',
};

/** Live load of the whole cluster, one point per second. What it shows is part of the address. */
export function LoadChart() {
  const { frame, points } = useLive();
  const [{ metric, span }, set] = useQueryStates({
    metric: parseAsStringLiteral(METRICS).withDefault('events'),
    span: parseAsStringLiteral(SPANS).withDefault('5'),
  });
  const shown = useMemo(() => points.slice(-Number(span) * 60), [points, span]);
  return (
    <Card aria-labelledby="load-title">
      <CardHead id="load-title" title={TITLES[metric]} hint="one point per second, all streams">
        <div className="flex flex-wrap gap-2">
          <Segmented
            label="What to show"
            value={metric}
            choices={METRICS.map((m) => [m, m[0]!.toUpperCase() + m.slice(1)] as const)}
            onChange={(next) => void set({ metric: next })}
          />
          <Segmented
            label="How far back"
            value={span}
            choices={SPANS.map((s) => [s, `${s} min`] as const)}
            onChange={(next) => void set({ span: next })}
          />
        </div>
      </CardHead>
      {frame === undefined ? (
        <Skeleton className="mx-5 mb-5 h-60" />
      ) : (
        <Picture metric={metric} points={shown} />
      )}
    </Card>
  );
}

function Picture({ metric, points }: { metric: Metric; points: readonly LoadPoint[] }) {
  const { zone } = useZone();
  const format = metric === 'bytes' ? formatBytes : formatRate;
  const peak = points.reduce((max, p) => Math.max(max, p[metric]), 0);
  const now = points.at(-1)?.[metric] ?? 0;
  return (
    <figure className="px-2 pb-3 sm:px-3">
      <figcaption className="sr-only">
        {TITLES[metric]}: {format(now)} now, {format(peak)} at most in the time shown.
      </figcaption>
      <div className="h-60">
        <ResponsiveContainer width="100%" height="100%" initialDimension={{ width: 800, height: 240 }}>
          <AreaChart data={points as LoadPoint[]} margin={{ top: 8, right: 12, bottom: 0, left: 0 }}>
            <defs>
              <linearGradient id="load-fill" x1="0" y1="0" x2="0" y2="1">
                <stop offset="0%" stopColor="var(--accent)" stopOpacity={0.28} />
                <stop offset="100%" stopColor="var(--accent)" stopOpacity={0.02} />
              </linearGradient>
            </defs>
            <CartesianGrid vertical={false} stroke="var(--line)" />
            <XAxis
              dataKey="second"
              type="number"
              domain={['dataMin', 'dataMax']}
              ticks={clockTicks(points[0]?.second ?? 0, points.at(-1)?.second ?? 0)}
              tickFormatter={(s: number) => formatClock(s * 1_000, zone).slice(0, 5)}
              tick={{ fill: 'var(--text-faint)', fontSize: 11 }}
              axisLine={{ stroke: 'var(--line)' }}
              tickLine={false}
              minTickGap={24}
              height={24}
            />
            <YAxis
              domain={[0, axisTop(peak)]}
              tickFormatter={(v: number) => format(v)}
              tick={{ fill: 'var(--text-faint)', fontSize: 11 }}
              axisLine={false}
              tickLine={false}
              tickCount={5}
              width={64}
            />
            <Tooltip
              cursor={{ stroke: 'var(--line-strong)' }}
              isAnimationActive={false}
              content={({ active, payload }) => {
                const point = payload?.[0]?.payload as LoadPoint | undefined;
                return active && point !== undefined ? <PointTip point={point} metric={metric} /> : null;
              }}
            />
            <Area
              dataKey={metric}
              type="linear"
              stroke="var(--accent)"
              strokeWidth={1.5}
              fill="url(#load-fill)"
              isAnimationActive={false}
              dot={false}
              activeDot={{ r: 3, fill: 'var(--accent)', stroke: 'var(--surface)' }}
            />
          </AreaChart>
        </ResponsiveContainer>
      </div>
    </figure>
  );
}

function PointTip({ point, metric }: { point: LoadPoint; metric: Metric }) {
  const { zone } = useZone();
  return (
    <div className="tabular rounded-md border border-line bg-surface px-3 py-2 text-xs shadow-raised">
      <p className="text-faint">{formatClock(point.second * 1_000, zone)}</p>
      <dl className="mt-1 grid grid-cols-[auto_auto] gap-x-4 gap-y-0.5">
        {METRICS.map((m) => (
          <div key={m} className={`contents ${m === metric ? 'font-semibold text-text' : 'text-soft'}`}>
            <dt>{m[0]!.toUpperCase() + m.slice(1)}</dt>
            <dd className="text-right">{m === 'bytes' ? formatBytes(point.bytes) : formatRate(point[m])}</dd>
          </div>
        ))}
      </dl>
    </div>
  );
}
