import { cn } from '../../components/class-names.ts';

export type Band = 'well' | 'middling' | 'bad' | 'unknown';

export const BAND_NAMES: Record<Band, string> = {
  well: '80 and more',
  middling: '50 to 79',
  bad: 'below 50',
  unknown: 'not known',
};

export function bandOf(score: number | null): Band {
  if (score === null) return 'unknown';
  return score >= 80 ? 'well' : score >= 50 ? 'middling' : 'bad';
}

export const BAND_MARKS: Record<Band, string> = {
  well: 'bg-ok-mark',
  middling: 'bg-warn-mark',
  bad: 'bg-bad-mark',
  unknown: 'heat-paper border border-line-strong',
};

const TEXTS: Record<Band, string> = {
  well: 'text-ok',
  middling: 'text-warn',
  bad: 'text-bad',
  unknown: 'text-faint',
};

/** The number and a bar: neither needs its colour to be understood. */
export function Score({ score, wide = false }: { score: number | null; wide?: boolean }) {
  const band = bandOf(score);
  return (
    <span className="inline-flex items-center gap-2">
      <span className={cn('tabular w-8 text-right font-semibold', TEXTS[band])}>{score ?? '?'}</span>
      <span aria-hidden className={cn('h-1.5 overflow-hidden rounded-full bg-hover', wide ? 'w-40' : 'w-16')}>
        <span
          className={cn('block h-1.5 rounded-full', BAND_MARKS[band])}
          style={{ width: `${score ?? 0}%` }}
        />
      </span>
      {score === null ? <span className="sr-only">not known</span> : null}
    </span>
  );
}
