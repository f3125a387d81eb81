import { CircleCheck, CircleHelp, OctagonAlert, TriangleAlert } from 'lucide-react';
import type { Level } from '../server/cluster/host-views.ts';
import { cn } from './class-names.ts';

const MARKS = {
  ok: [CircleCheck, 'text-ok'],
  warn: [TriangleAlert, 'text-warn'],
  bad: [OctagonAlert, 'text-bad'],
  unknown: [CircleHelp, 'text-faint'],
} as const;

/** Colour and shape together: the colour alone would tell nothing to some. */
export function LevelMark({ level, className }: { level: Level; className?: string }) {
  const [Icon, colour] = MARKS[level];
  return <Icon aria-hidden className={cn('size-4 shrink-0', colour, className)} />;
}
