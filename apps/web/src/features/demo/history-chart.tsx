'use client';

/** The first picture: the day before the runs, of the host that the rush will hit. */
import { type DemoStatus, demoTime, STEP_MINUTES } from '@foreshard/core/demo';
import { Area, AreaChart, CartesianGrid, ReferenceLine, ResponsiveContainer, XAxis, YAxis } from 'recharts';
import { Card, CardHead } from '../../components/ui/card.tsx';
import { formatCount } from '../../formatting/numbers.ts';
import { axisTop } from '../overview/chart-axes.ts';

const TICK_STEPS = 48;

export function HistoryChart({ status }: { status: DemoStatus }) {
  const { history, hosts, busyHost, hostPerSecond, clock } = status;
  const points = history.map((load, step) => ({ step, load }));
  const most = Math.max(...history);
  const minutesBefore = (step: number) => ((step - history.length) * STEP_MINUTES) / clock.minutesPerSecond;
  const name = hosts[busyHost];
  return (
    <Card aria-labelledby="history-title">
      <CardHead
        id="history-title"
        title={`The day before, on ${name}`}
        hint="events a second; the last of seven made-up days from which the models learn"
      />
      <figure className="px-2 pb-3 sm:px-3">
        <figcaption className="sr-only">{`At most ${most} events a second on ${name}, which takes ${hostPerSecond}.`}</figcaption>
        <div className="h-64">
          <ResponsiveContainer width="100%" height="100%" initialDimension={{ width: 800, height: 256 }}>
            <AreaChart data={points} margin={{ top: 8, right: 12, bottom: 0, left: 0 }}>
              <CartesianGrid vertical={false} stroke="var(--line)" />
              <XAxis
                dataKey="step"
                type="number"
                domain={[0, history.length - 1]}
                ticks={points.map(({ step }) => step).filter((step) => step % TICK_STEPS === 0)}
                tickFormatter={(step: number) => demoTime(clock, minutesBefore(step) + 24 * 60)}
                tick={{ fill: 'var(--text-faint)', fontSize: 11 }}
                axisLine={{ stroke: 'var(--line)' }}
                tickLine={false}
                height={24}
              />
              <YAxis
                domain={[0, axisTop(Math.max(most, hostPerSecond ?? 0))]}
                tickFormatter={(value: number) => formatCount(value)}
                tick={{ fill: 'var(--text-faint)', fontSize: 11 }}
                axisLine={false}
                tickLine={false}
                width={44}
              />
              <ReferenceLine
                y={hostPerSecond ?? 0}
                stroke="var(--text)"
                strokeDasharray="1 3"
                strokeWidth={1.5}
              />
              <Area
                dataKey="load"
                stroke="var(--accent)"
                strokeWidth={1.5}
                fill="var(--accent)"
                fillOpacity={0.16}
                isAnimationActive={false}
              />
            </AreaChart>
          </ResponsiveContainer>
        </div>
      </figure>
    </Card>
  );
}
