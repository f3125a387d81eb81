'use client';

/** The sums beside the picture: over time on top, over keys at the side; they share the picture's view. */
import { useMemo } from 'react';

export function Margin({
  values,
  from,
  to,
  upright,
  forecastFrom,
  label,
}: {
  values: Float64Array;
  from: number;
  to: number;
  /** bars grow upwards (over time); else to the right (over keys) */
  upright: boolean;
  /** bars from here on are forecast, and drawn as such */
  forecastFrom?: number;
  label: string;
}) {
  const [known, forecast] = useMemo(() => {
    const frame = { values, from, to, upright, max: highest(values, from, to) };
    const end = forecastFrom ?? values.length;
    return [barsPath(frame, 0, end), barsPath(frame, end, values.length)];
  }, [values, from, to, upright, forecastFrom]);
  return (
    <svg
      role="img"
      aria-label={label}
      viewBox="0 0 1000 1000"
      preserveAspectRatio="none"
      className="block size-full overflow-hidden"
    >
      <path d={known} className="fill-accent/60" shapeRendering="crispEdges" />
      <path d={forecast} className="fill-accent/25" shapeRendering="crispEdges" />
    </svg>
  );
}

/** Neighbouring cells are drawn as one bar of their highest where there are more cells than pixels. */
const BARS_MAX = 500;

interface Frame {
  readonly values: Float64Array;
  readonly from: number;
  readonly to: number;
  readonly upright: boolean;
  readonly max: number;
}

function highest(values: Float64Array, from: number, to: number): number {
  let max = 0;
  for (let i = Math.floor(from); i < Math.ceil(to); i++) if (values[i]! > max) max = values[i]!;
  return max;
}

/** The bars of the cells in [begin, end) that are shown. */
function barsPath({ values, from, to, upright, max }: Frame, start: number, end: number): string {
  const [first, last] = [Math.max(start, Math.floor(from)), Math.min(end, Math.ceil(to))];
  const perBar = Math.max(1, Math.ceil((to - from) / BARS_MAX));
  if (max === 0) return '';
  const scale = 1_000 / (to - from);
  let path = '';
  for (let i = first; i < last; i += perBar) {
    let value = 0;
    for (let k = i; k < Math.min(last, i + perBar); k++) if (values[k]! > value) value = values[k]!;
    const [start, stop] = [Math.max(0, (i - from) * scale), Math.min(1_000, (i + perBar - from) * scale)];
    const size = (value / max) * 1_000;
    path += upright
      ? `M${r(start)} 1000V${r(1_000 - size)}H${r(stop)}V1000Z`
      : `M0 ${r(start)}H${r(size)}V${r(stop)}H0Z`;
  }
  return path;
}

function r(n: number): string {
  return n.toFixed(1);
}
