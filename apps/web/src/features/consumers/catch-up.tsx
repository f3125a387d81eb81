'use client';

/** When a group has caught up, and the lag that is expected until then. */
import { Badge } from '../../components/ui/badge.tsx';
import { useZone } from '../../components/zone.tsx';
import { formatCount } from '../../formatting/numbers.ts';
import { formatClock } from '../../formatting/time.ts';
import type { ProgressView } from '../../server/consumers/group-views.ts';
import { catchUpWords } from './group-words.ts';

const WIDTH = 320;
const HEIGHT = 56;
const CLOCK_CHARS = 'hh:mm'.length;

export function CatchUp({ catchUp }: Pick<ProgressView, 'catchUp'>) {
  const clock = useClock();
  const { tone, text, tip } = catchUpWords(catchUp, clock);
  return (
    <Badge tone={tone} tip={tip}>
      {text}
    </Badge>
  );
}

/** From 0 to the highest lag that is expected; the numbers stand at both ends. */
export function LagForecast({ forecast }: Pick<ProgressView, 'forecast'>) {
  const clock = useClock();
  const [first, last] = [forecast[0], forecast.at(-1)];
  if (first === undefined || last === undefined || first === last) return null;
  const top = Math.max(1, ...forecast.map(({ lag }) => lag));
  const x = (ms: number) => ((ms - first.atMs) / (last.atMs - first.atMs)) * WIDTH;
  const points = forecast.map(
    ({ atMs, lag }) => `${x(atMs).toFixed(1)},${(HEIGHT - (lag / top) * (HEIGHT - 2)).toFixed(1)}`,
  );
  const words = `Expected lag: ${formatCount(first.lag)} now, ${formatCount(last.lag)} at ${clock(last.atMs)}, at most ${formatCount(top)}`;
  return (
    <figure className="grid gap-1">
      <svg
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        preserveAspectRatio="none"
        className="h-14 w-full border-line border-b"
        role="img"
        aria-label={words}
      >
        <polygon points={`0,${HEIGHT} ${points.join(' ')} ${WIDTH},${HEIGHT}`} className="fill-accent-soft" />
        <polyline
          points={points.join(' ')}
          fill="none"
          vectorEffect="non-scaling-stroke"
          strokeWidth="1.5"
          className="stroke-accent"
        />
      </svg>
      <figcaption className="tabular flex justify-between text-faint text-xs">
        <span>now: {formatCount(first.lag)}</span>
        <span>expected lag, top {formatCount(top)}</span>
        <span>
          {clock(last.atMs)}: {formatCount(last.lag)}
        </span>
      </figcaption>
    </figure>
  );
}

/** Marks on a clock stay moments also for a reader who wants distances. */
export function useClock(): (ms: number) => string {
  const { zone } = useZone();
  return (ms) => formatClock(ms, zone).slice(0, CLOCK_CHARS);
}
