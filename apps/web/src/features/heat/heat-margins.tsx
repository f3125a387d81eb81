'use client';

/** The sums beside the picture: over time on top, over keys at the side; they share the picture's view. */
import { useMemo } from 'react';

export function Margin({
  values,
  from,
  to,
  upright,
  label,
}: {
  values: Float64Array;
  from: number;
  to: number;
  /** bars grow upwards (over time); else to the right (over keys) */
  upright: boolean;
  label: string;
}) {
  const path = useMemo(() => barsPath(values, from, to, upright), [values, from, to, upright]);
  return (
    <svg
      role="img"
      aria-label={label}
      viewBox="0 0 1000 1000"
      preserveAspectRatio="none"
      className="block size-full overflow-hidden"
    >
      <path d={path} className="fill-accent/60" shapeRendering="crispEdges" />
    </svg>
  );
}

/** Neighbouring cells are drawn as one bar of their highest where there are more cells than pixels. */
const BARS_MAX = 500;

function barsPath(values: Float64Array, from: number, to: number, upright: boolean): string {
  const [first, last] = [Math.floor(from), Math.ceil(to)];
  const perBar = Math.max(1, Math.ceil((last - first) / BARS_MAX));
  let max = 0;
  for (let i = first; i < last; i++) if (values[i]! > max) max = values[i]!;
  if (max === 0) return '';
  const scale = 1_000 / (to - from);
  let path = '';
  for (let i = first; i < last; i += perBar) {
    let value = 0;
    for (let k = i; k < Math.min(last, i + perBar); k++) if (values[k]! > value) value = values[k]!;
    const [begin, end] = [Math.max(0, (i - from) * scale), Math.min(1_000, (i + perBar - from) * scale)];
    const size = (value / max) * 1_000;
    path += upright
      ? `M${r(begin)} 1000V${r(1_000 - size)}H${r(end)}V1000Z`
      : `M0 ${r(begin)}H${r(size)}V${r(end)}H0Z`;
  }
  return path;
}

function r(n: number): string {
  return n.toFixed(1);
}
