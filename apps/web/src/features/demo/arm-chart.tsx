'use client';

/** One run as it is: what is asked of each host, what the busy one is forecast to be asked, and what it takes. */
import { type DemoRun, type DemoStatus, demoTime } from '@foreshard/core/demo';
import {
  Area,
  Bar,
  CartesianGrid,
  ComposedChart,
  Line,
  ReferenceLine,
  ResponsiveContainer,
  Tooltip,
  XAxis,
  YAxis,
} from 'recharts';
import { formatCount } from '../../formatting/numbers.ts';
import { axisTop } from '../overview/chart-axes.ts';
import { type ArmPoint, pointsOf } from './arm-points.ts';

/** The highest that is asked in the rush, with its forecast, so that the scale is the same for both arms. */
const TOP_OF_LIMIT = 1.7;

export function ArmChart({ run, status }: { run: DemoRun; status: DemoStatus }) {
  const { clock, hosts, busyHost, hostPerSecond } = status;
  const points = pointsOf(run, status);
  const limit = hostPerSecond ?? 0;
  const refused = points.reduce((sum, point) => sum + (point.refused ?? 0), 0);
  const caption = captionOf(run, status, refused);
  return (
    <figure className="px-2 pb-3 sm:px-3">
      <figcaption className="sr-only">{caption}</figcaption>
      <div className="h-64">
        <ResponsiveContainer width="100%" height="100%" initialDimension={{ width: 560, height: 256 }}>
          <ComposedChart data={points} margin={{ top: 18, right: 12, bottom: 0, left: 0 }}>
            <CartesianGrid vertical={false} stroke="var(--line)" />
            <XAxis
              dataKey="second"
              type="number"
              domain={[0, clock.runSeconds]}
              ticks={[0, 5, 10, 15, 20].filter((second) => second <= clock.runSeconds)}
              tickFormatter={(second: number) => demoTime(clock, second)}
              tick={{ fill: 'var(--text-faint)', fontSize: 11 }}
              axisLine={{ stroke: 'var(--line)' }}
              tickLine={false}
              height={24}
              allowDataOverflow
            />
            <YAxis
              domain={[0, axisTop(limit * TOP_OF_LIMIT)]}
              allowDataOverflow
              tickFormatter={(value: number) => formatCount(value)}
              tick={{ fill: 'var(--text-faint)', fontSize: 11 }}
              axisLine={false}
              tickLine={false}
              tickCount={5}
              width={44}
            />
            <Tooltip
              cursor={{ stroke: 'var(--line-strong)' }}
              isAnimationActive={false}
              content={({ active, payload }) => {
                const point = payload?.[0]?.payload as ArmPoint | undefined;
                return active && point !== undefined ? <Tip point={point} status={status} /> : null;
              }}
            />
            <Area
              dataKey="band"
              stroke="none"
              fill="var(--accent)"
              fillOpacity={0.16}
              isAnimationActive={false}
            />
            <Bar dataKey="refused" fill="var(--bad-mark)" barSize={6} isAnimationActive={false} />
            {hosts.map((name, i) =>
              i === busyHost ? null : (
                <Line
                  key={name}
                  dataKey={`host${i}`}
                  stroke="var(--text-faint)"
                  strokeWidth={1}
                  dot={false}
                  isAnimationActive={false}
                />
              ),
            )}
            <Line
              dataKey="middle"
              stroke="var(--accent)"
              strokeDasharray="4 3"
              strokeWidth={1.5}
              dot={false}
              isAnimationActive={false}
            />
            <Line
              dataKey={`host${busyHost}`}
              stroke="var(--text)"
              strokeWidth={2}
              dot={false}
              isAnimationActive={false}
            />
            <ReferenceLine
              y={limit}
              stroke="var(--text)"
              strokeDasharray="1 3"
              strokeWidth={1.5}
              label={{
                value: `takes ${formatCount(limit)}/s`,
                position: 'insideTopLeft',
                fill: 'var(--text-soft)',
                fontSize: 11,
              }}
            />
            {run.plans.slice(0, 1).map(({ second }) => (
              <Mark key={second} second={second} name="plan" colour="var(--accent)" />
            ))}
            {firstArrival(run).map((second) => (
              <Mark key={second} second={second} name="moved" colour="var(--ok)" />
            ))}
          </ComposedChart>
        </ResponsiveContainer>
      </div>
    </figure>
  );
}

/** Of several moves the first is marked: the list below has them all. */
function firstArrival({ moves }: DemoRun): number[] {
  const ends = moves.flatMap(({ endSecond }) => endSecond ?? []);
  return ends.length === 0 ? [] : [Math.min(...ends)];
}

function Mark({ second, name, colour }: { second: number; name: string; colour: string }) {
  return (
    <ReferenceLine
      x={second}
      stroke={colour}
      strokeWidth={1.5}
      label={{ value: name, position: 'top', fill: 'var(--text-soft)', fontSize: 11 }}
    />
  );
}

function captionOf(run: DemoRun, { hosts, busyHost, hostPerSecond }: DemoStatus, refused: number): string {
  const most = Math.max(0, ...run.samples.map(({ loads }) => loads[busyHost] ?? 0));
  return `Run ${run.number}: at most ${most} events a second asked of ${hosts[busyHost]}, which takes ${hostPerSecond}; ${refused} refused.`;
}

function Tip({ point, status }: { point: ArmPoint; status: DemoStatus }) {
  const { clock, hosts, busyHost } = status;
  return (
    <div className="tabular rounded-md border border-line bg-surface px-3 py-2 text-xs shadow-raised">
      <p className="text-faint">{demoTime(clock, point.second)}</p>
      {hosts.map((name, i) => {
        const load = point[`host${i}`];
        return load === undefined ? null : (
          <p key={name} className={i === busyHost ? 'font-semibold' : 'text-soft'}>
            {`${name} ${formatCount(load)}/s`}
          </p>
        );
      })}
      {point.middle === undefined || point.band === undefined ? null : (
        <p>{`${hosts[busyHost]} forecast ${formatCount(Math.round(point.middle))}/s (${Math.round(point.band[0])} to ${Math.round(point.band[1])})`}</p>
      )}
      {point.refused === undefined || point.refused === 0 ? null : (
        <p className="text-bad">{`${formatCount(point.refused)} refused`}</p>
      )}
    </div>
  );
}
