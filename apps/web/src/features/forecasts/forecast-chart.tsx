'use client';

import {
  Area,
  CartesianGrid,
  ComposedChart,
  Line,
  ReferenceArea,
  ReferenceLine,
  ResponsiveContainer,
  Tooltip,
  XAxis,
  YAxis,
} from 'recharts';
import { useZone } from '../../components/zone.tsx';
import { formatClock, formatMoment } from '../../formatting/time.ts';
import type { ForecastPicture } from '../../server/forecasts/forecast-picture.ts';
import type { ForecastPoint } from '../../server/forecasts/forecast-points.ts';
import type { ShownAnnotation } from '../annotations/use-annotations.ts';
import { inUnit, type RateUnit, rateNumber, rateText, SHORT_UNIT } from './rate-unit.ts';

const DAY_MS = 86_400_000;

/** Solid: what came. Dashed: what was forecast one step ahead, and what is. The band holds 80 % of the time. */
export function ForecastChart({
  picture,
  unit,
  show,
  annotations,
}: {
  picture: ForecastPicture;
  unit: RateUnit;
  show: 'load' | 'residual';
  annotations: readonly ShownAnnotation[];
}) {
  const { zone } = useZone();
  const { points, nowMs } = picture;
  const span = (points.at(-1)?.ms ?? 0) - (points[0]?.ms ?? 0);
  const tick = (ms: number) =>
    span > 2 * DAY_MS
      ? formatMoment(ms, zone === 'utc' ? 'utc' : 'local').slice(5, 10)
      : formatClock(ms, zone).slice(0, 5);
  const ahead = points.filter(({ ms, forecast }) => ms >= nowMs && forecast !== null);
  const peak = ahead.reduce((most, point) => Math.max(most, point.forecast!), 0);
  return (
    <figure className="px-2 pb-4 sm:px-3">
      <figcaption className="sr-only">
        {ahead.length} steps ahead of now are forecast, at most {rateText(peak, unit)}.
      </figcaption>
      <div className="h-72">
        <ResponsiveContainer width="100%" height="100%" initialDimension={{ width: 800, height: 288 }}>
          <ComposedChart data={points as ForecastPoint[]} margin={{ top: 8, right: 12, bottom: 0, left: 0 }}>
            <CartesianGrid vertical={false} stroke="var(--line)" />
            <XAxis
              dataKey="ms"
              type="number"
              domain={['dataMin', 'dataMax']}
              tickFormatter={tick}
              tick={{ fill: 'var(--text-faint)', fontSize: 11 }}
              axisLine={{ stroke: 'var(--line)' }}
              tickLine={false}
              minTickGap={48}
              height={24}
            />
            <YAxis
              tickFormatter={(perSecond: number) => rateNumber(inUnit(perSecond, unit))}
              unit={SHORT_UNIT[unit]}
              tick={{ fill: 'var(--text-faint)', fontSize: 11 }}
              axisLine={false}
              tickLine={false}
              width={64}
            />
            <Tooltip
              cursor={{ stroke: 'var(--line-strong)' }}
              isAnimationActive={false}
              content={({ active, payload }) => {
                const point = payload?.[0]?.payload as ForecastPoint | undefined;
                return active && point !== undefined ? <PointTip point={point} unit={unit} /> : null;
              }}
            />
            {annotations.map(annotationMark)}
            <ReferenceLine
              x={nowMs}
              stroke="var(--line-strong)"
              label={{ value: 'now', fill: 'var(--text-faint)', fontSize: 11, position: 'insideTopRight' }}
            />
            {show === 'residual' ? (
              <>
                <ReferenceLine y={0} stroke="var(--line-strong)" />
                <Line
                  dataKey="residual"
                  stroke="var(--accent)"
                  dot={false}
                  isAnimationActive={false}
                  strokeWidth={1.5}
                />
              </>
            ) : (
              <>
                <Area
                  dataKey="band"
                  stroke="none"
                  fill="var(--accent)"
                  fillOpacity={0.15}
                  isAnimationActive={false}
                />
                <Line
                  dataKey="baseline"
                  stroke="var(--text-faint)"
                  strokeDasharray="2 3"
                  dot={false}
                  isAnimationActive={false}
                />
                <Line
                  dataKey="forecast"
                  stroke="var(--accent)"
                  strokeDasharray="5 3"
                  dot={false}
                  isAnimationActive={false}
                  strokeWidth={1.5}
                />
                <Line
                  dataKey="actual"
                  stroke="var(--text)"
                  dot={false}
                  isAnimationActive={false}
                  strokeWidth={1.5}
                />
              </>
            )}
          </ComposedChart>
        </ResponsiveContainer>
      </div>
      <p className="px-3 pt-2 text-xs text-faint">
        Solid: what came. Dashed: what was forecast one step ahead and, right of now, what is forecast. The
        band should hold 80 % of the time. Dotted: the forecast without hints.
      </p>
    </figure>
  );
}

/** A line for a moment, an area for a time; what reaches beyond the chart is cut at its edges. */
function annotationMark({ id, from, to, text }: ShownAnnotation) {
  const [x1, x2] = [Date.parse(from), Date.parse(to)];
  const label = {
    value: shortened(text),
    fill: 'var(--text-soft)',
    fontSize: 11,
    position: 'insideTopLeft',
  } as const;
  return x1 === x2 ? (
    <ReferenceLine
      key={id}
      x={x1}
      stroke="var(--accent)"
      strokeDasharray="2 2"
      label={label}
      ifOverflow="hidden"
    />
  ) : (
    <ReferenceArea
      key={id}
      x1={x1}
      x2={x2}
      stroke="var(--accent)"
      fill="var(--accent)"
      fillOpacity={0.08}
      label={label}
      ifOverflow="hidden"
    />
  );
}

const LABEL_CHARS_MAX = 24;

function shortened(text: string): string {
  return text.length > LABEL_CHARS_MAX ? `${text.slice(0, LABEL_CHARS_MAX - 1)}…` : text;
}

function PointTip({ point, unit }: { point: ForecastPoint; unit: RateUnit }) {
  const { zone } = useZone();
  const rows = [
    ['Actual', point.actual],
    ['Forecast', point.forecast],
    ['Without hints', point.baseline],
    ['Residual', point.residual],
  ] as const;
  return (
    <div className="tabular rounded-md border border-line bg-surface px-3 py-2 text-xs shadow-raised">
      <p className="text-faint">{formatMoment(point.ms, zone)}</p>
      <dl className="mt-1 grid grid-cols-[auto_auto] gap-x-4 gap-y-0.5">
        {rows.map(([name, value]) =>
          value === null ? null : (
            <div key={name} className="contents">
              <dt className="text-soft">{name}</dt>
              <dd className="text-right">{rateText(value, unit)}</dd>
            </div>
          ),
        )}
        {point.band === null ? null : (
          <div className="contents">
            <dt className="text-soft">80 % interval</dt>
            <dd className="text-right">
              {rateText(point.band[0], unit)} to {rateText(point.band[1], unit)}
            </dd>
          </div>
        )}
      </dl>
    </div>
  );
}
