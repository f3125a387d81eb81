/** The course of a value from zero to its own peak, with gaps where nothing is known. */
const WIDTH = 112;
const HEIGHT = 28;

export function Course({ values }: { values: readonly (number | null)[] }) {
  const peak = Math.max(0, ...values.filter((v) => v !== null));
  const step = WIDTH / Math.max(1, values.length - 1);
  const y = (v: number) => HEIGHT - 1 - (peak === 0 ? 0 : (v / peak) * (HEIGHT - 3));
  const parts: string[] = [];
  let isOpen = false;
  for (const [i, v] of values.entries()) {
    if (v === null) isOpen = false;
    else {
      parts.push(`${isOpen ? 'L' : 'M'}${(i * step).toFixed(1)} ${y(v).toFixed(1)}`);
      isOpen = true;
    }
  }
  return (
    <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} className="h-7 w-28" aria-hidden="true">
      <line x1="0" x2={WIDTH} y1={HEIGHT - 0.5} y2={HEIGHT - 0.5} className="stroke-line" />
      <path
        d={parts.join('')}
        fill="none"
        strokeWidth="1.5"
        className="stroke-accent"
        strokeLinecap="round"
      />
    </svg>
  );
}
