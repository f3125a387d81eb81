'use client';

/** The picture of a plan: the load of one host with it and without, against what the host can take. */
import { useState } from 'react';
import {
  Area,
  CartesianGrid,
  ComposedChart,
  Line,
  ReferenceLine,
  ResponsiveContainer,
  Tooltip,
  XAxis,
  YAxis,
} from 'recharts';
import { Segmented } from '../../components/ui/segmented.tsx';
import { useZone } from '../../components/zone.tsx';
import { formatPercent } from '../../formatting/numbers.ts';
import { formatClock } from '../../formatting/time.ts';
import type { PlanView } from './plan-view.ts';

type Picture = NonNullable<PlanView['picture']>;
type Course = Picture['hosts'][number];

interface Point {
  readonly ms: number;
  readonly without: number | null;
  readonly with: number | null;
  readonly withoutBand: readonly [number, number] | null;
  readonly withBand: readonly [number, number] | null;
}

const MINUTE_MS = 60_000;

export function PlanChart({ picture, first }: { picture: Picture; first: string | undefined }) {
  const [chosen, setChosen] = useState(first ?? picture.hosts[0]?.host ?? '');
  const course = picture.hosts.find(({ host }) => host === chosen) ?? picture.hosts[0];
  if (course === undefined) return null;
  const choices = picture.hosts.map(({ host, name }) => [host, name] as const);
  return (
    <figure className="grid gap-2">
      <div className="flex flex-wrap items-center justify-between gap-2">
        <Segmented label="Host" value={course.host} choices={choices} onChange={setChosen} />
        <Legend />
      </div>
      <figcaption className="tabular text-sm text-soft">{captionOf(course)}</figcaption>
      <Chart points={pointsOf(picture, course)} />
      {/* a table alone is as wide as its words, also where nobody sees it */}
      <div className="sr-only">
        <table>
          <caption>{`Load of ${course.name}, share of its capacity`}</caption>
          <tbody>
            {pointsOf(picture, course).map(({ ms, without, with: after }) => (
              <tr key={ms}>
                <th scope="row">{new Date(ms).toISOString()}</th>
                <td>{without === null ? '' : `without ${formatPercent(without)}`}</td>
                <td>{after === null ? '' : `with ${formatPercent(after)}`}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </figure>
  );
}

/** Of one step only that was measured there is no course to draw: it is a level then. */
function pointsOf({ at, steps }: Picture, { without, with: after }: Course): Point[] {
  const startMs = Date.parse(at);
  const points = steps.map((step, i) => ({
    ms: startMs + step * MINUTE_MS,
    without: without[i]?.planned ?? null,
    with: after[i]?.planned ?? null,
    withoutBand: bandOf(without[i]),
    withBand: bandOf(after[i]),
  }));
  return points.length === 1 ? [points[0]!, { ...points[0]!, ms: startMs + 30 * MINUTE_MS }] : points;
}

function bandOf(point: Course['with'][number] | undefined): [number, number] | null {
  return point === undefined ? null : [point.low, point.high];
}

function captionOf({ name, without, with: after }: Course): string {
  const most = (points: Course['with']) => Math.max(0, ...points.map(({ planned }) => planned));
  if (without.length === 0) return `${name}: at most ${formatPercent(most(after))} with the plan`;
  return `${name}: at most ${formatPercent(most(without))} without the plan, ${formatPercent(most(after))} with it`;
}

function Legend() {
  return (
    <p aria-hidden className="flex flex-wrap gap-x-4 gap-y-1 text-faint text-xs">
      <Key className="border-bad-mark border-dashed">without</Key>
      <Key className="border-accent">with the plan</Key>
      <Key className="border-text border-dotted">capacity</Key>
      <span>bands: 10 to 90 %</span>
    </p>
  );
}

function Key({ className, children }: { className: string; children: string }) {
  return (
    <span className="inline-flex items-center gap-1.5">
      <span className={`w-4 border-t-2 ${className}`} />
      {children}
    </span>
  );
}

function Chart({ points }: { points: Point[] }) {
  const { zone } = useZone();
  const top =
    Math.max(1.1, ...points.flatMap(({ without, with: after }) => [without ?? 0, after ?? 0])) * 1.1;
  return (
    <div className="h-56">
      <ResponsiveContainer width="100%" height="100%" initialDimension={{ width: 640, height: 224 }}>
        <ComposedChart data={points} margin={{ top: 8, right: 12, bottom: 0, left: 0 }}>
          <CartesianGrid vertical={false} stroke="var(--line)" />
          <XAxis
            dataKey="ms"
            type="number"
            domain={['dataMin', 'dataMax']}
            tickFormatter={(ms: number) => formatClock(ms, zone).slice(0, 5)}
            tick={{ fill: 'var(--text-faint)', fontSize: 11 }}
            axisLine={{ stroke: 'var(--line)' }}
            tickLine={false}
            minTickGap={48}
            height={24}
          />
          <YAxis
            domain={[0, top]}
            allowDataOverflow
            tickFormatter={formatPercent}
            tick={{ fill: 'var(--text-faint)', fontSize: 11 }}
            axisLine={false}
            tickLine={false}
            width={52}
          />
          <Tooltip
            cursor={{ stroke: 'var(--line-strong)' }}
            isAnimationActive={false}
            content={({ active, payload }) => {
              const point = payload?.[0]?.payload as Point | undefined;
              return active && point !== undefined ? <Tip point={point} /> : null;
            }}
          />
          <Area
            dataKey="withoutBand"
            stroke="none"
            fill="var(--bad-mark)"
            fillOpacity={0.12}
            isAnimationActive={false}
          />
          <Area
            dataKey="withBand"
            stroke="none"
            fill="var(--accent)"
            fillOpacity={0.16}
            isAnimationActive={false}
          />
          <ReferenceLine y={1} stroke="var(--text)" strokeDasharray="1 3" strokeWidth={1.5} />
          <Line
            dataKey="without"
            stroke="var(--bad-mark)"
            strokeDasharray="5 3"
            strokeWidth={2}
            dot={false}
            isAnimationActive={false}
          />
          <Line dataKey="with" stroke="var(--accent)" strokeWidth={2} dot={false} isAnimationActive={false} />
        </ComposedChart>
      </ResponsiveContainer>
    </div>
  );
}

function Tip({ point }: { point: Point }) {
  const { zone } = useZone();
  const rows = [
    ['Without', point.without, point.withoutBand],
    ['With the plan', point.with, point.withBand],
  ] as const;
  return (
    <div className="tabular rounded-md border border-line bg-surface px-3 py-2 text-xs shadow-raised">
      <p className="text-faint">{formatClock(point.ms, zone)}</p>
      {rows.map(([name, value, band]) =>
        value === null || band === null ? null : (
          <p key={name}>
            {`${name} ${formatPercent(value)} (${formatPercent(band[0])} to ${formatPercent(band[1])})`}
          </p>
        ),
      )}
    </div>
  );
}
