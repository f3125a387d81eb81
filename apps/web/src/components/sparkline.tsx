const WIDTH = 96;
const HEIGHT = 24;

/** The shape of the last ten minutes, from zero to its own peak; the number beside it gives the size. */
export function Sparkline({ values }: { values: readonly number[] }) {
  const peak = Math.max(...values, 0);
  if (peak === 0) return <span aria-hidden className="block h-6 w-24 border-line border-b" />;
  const step = WIDTH / Math.max(1, values.length - 1);
  const points = values.map(
    (v, i) => `${(i * step).toFixed(1)},${(HEIGHT - 1 - (v / peak) * (HEIGHT - 3)).toFixed(1)}`,
  );
  return (
    <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} className="h-6 w-24" aria-hidden="true">
      <polygon points={`0,${HEIGHT} ${points.join(' ')} ${WIDTH},${HEIGHT}`} className="fill-accent-soft" />
      <polyline points={points.join(' ')} fill="none" strokeWidth="1.25" className="stroke-accent" />
    </svg>
  );
}
