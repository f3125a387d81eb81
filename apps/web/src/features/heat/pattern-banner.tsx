'use client';

import { Activity, Flame, KeyRound, MoveUpRight, Rows3, TrendingUp, Zap } from 'lucide-react';
import { Badge } from '../../components/ui/badge.tsx';
import { useZone } from '../../components/zone.tsx';
import type { HeatCells } from './heat-cells.ts';
import { patternWords } from './heat-words.ts';

const ICONS = {
  hotKey: KeyRound,
  hotRange: Flame,
  sequential: MoveUpRight,
  burst: Zap,
  growing: TrendingUp,
  periodic: Activity,
  even: Rows3,
} as const;

/** Names what the colours show, and what to do about it; the most urgent in full, the others by name. */
export function PatternBanner({ cells }: { cells: HeatCells }) {
  const { zone } = useZone();
  const [first, ...others] = cells.patterns;
  if (first === undefined) return null;
  const words = patternWords(first, cells, zone);
  const Icon = ICONS[first.kind];
  return (
    <section
      aria-label="Pattern"
      className="flex items-start gap-3 border-line border-t bg-sunken px-5 py-3 text-sm"
    >
      <Icon aria-hidden className="mt-0.5 size-4 shrink-0 text-accent" />
      <p className="min-w-0">
        <strong className="font-semibold">{words.title}.</strong>{' '}
        <span className="text-soft">{words.why}</span> {words.remedy}
      </p>
      {others.length === 0 ? null : (
        <ul aria-label="Also seen" className="ml-auto flex shrink-0 flex-wrap justify-end gap-1.5">
          {others.map((pattern) => {
            const also = patternWords(pattern, cells, zone);
            return (
              <li key={pattern.kind} title={`${also.why} ${also.remedy}`}>
                <Badge>{also.title}</Badge>
              </li>
            );
          })}
        </ul>
      )}
    </section>
  );
}
