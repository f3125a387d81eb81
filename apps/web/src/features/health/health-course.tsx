'use client';

import {
  Area,
  AreaChart,
  CartesianGrid,
  ReferenceLine,
  ResponsiveContainer,
  Tooltip,
  XAxis,
  YAxis,
} from 'recharts';
import { useZone } from '../../components/zone.tsx';
import { formatClock, formatMoment } from '../../formatting/time.ts';

const TICK = { fontSize: 11, fill: 'var(--text-faint)' };

/** The score over time; a gap where nothing was known. */
export function HealthCourse({
  points,
}: {
  points: readonly { readonly atMs: number; readonly score: number | null }[];
}) {
  const { zone } = useZone();
  const lowest = points.reduce((low, { score }) => Math.min(low, score ?? 100), 100);
  return (
    <figure>
      <figcaption className="sr-only">
        The score over time: {points.length} points, the lowest is {lowest}.
      </figcaption>
      <div aria-hidden className="h-36">
        <ResponsiveContainer width="100%" height="100%">
          <AreaChart
            data={points as { atMs: number; score: number | null }[]}
            margin={{ top: 6, right: 4, bottom: 0, left: -24 }}
          >
            <CartesianGrid vertical={false} stroke="var(--line)" />
            <XAxis
              dataKey="atMs"
              type="number"
              domain={['dataMin', 'dataMax']}
              tickFormatter={(ms: number) => formatClock(ms, zone).slice(0, 5)}
              tick={TICK}
              tickLine={false}
              axisLine={{ stroke: 'var(--line)' }}
              minTickGap={48}
            />
            <YAxis domain={[0, 100]} ticks={[0, 50, 80, 100]} tick={TICK} tickLine={false} axisLine={false} />
            <ReferenceLine y={80} stroke="var(--ok-mark)" strokeDasharray="3 4" />
            <ReferenceLine y={50} stroke="var(--bad-mark)" strokeDasharray="3 4" />
            <Tooltip
              isAnimationActive={false}
              labelFormatter={(ms) => formatMoment(Number(ms), zone)}
              formatter={(value) => [value, 'Score']}
              contentStyle={{
                background: 'var(--surface)',
                border: '1px solid var(--line)',
                borderRadius: 8,
                fontSize: 12,
              }}
            />
            <Area
              dataKey="score"
              stroke="var(--accent)"
              strokeWidth={1.75}
              fill="var(--accent-soft)"
              isAnimationActive={false}
              dot={points.length < 3}
            />
          </AreaChart>
        </ResponsiveContainer>
      </div>
    </figure>
  );
}
