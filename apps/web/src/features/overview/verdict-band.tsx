'use client';

import { ArrowRight } from 'lucide-react';
import Link from 'next/link';
import { cn } from '../../components/class-names.ts';
import { LevelMark } from '../../components/level-mark.tsx';
import { useLive } from '../../components/live/live-provider.tsx';
import { CopyButton } from '../../components/ui/copy-button.tsx';
import { Skeleton } from '../../components/ui/skeleton.tsx';
import type { Finding } from '../../server/cluster/verdict.ts';
import { withUrgent } from './urgent.ts';
import { useWaiting } from './use-waiting.ts';

const BANDS = {
  ok: 'border-line [--tint:var(--glow)]',
  warn: 'border-warn-mark/60 [--tint:var(--warn-soft)]',
  bad: 'border-bad-mark/60 [--tint:var(--bad-soft)]',
  unknown: 'border-line [--tint:transparent]',
} as const;

/** The verdict before the charts; what is wrong comes with its reason and the next step. */
export function VerdictBand() {
  const { frame } = useLive();
  const waiting = useWaiting();
  if (frame === undefined) return <Skeleton className="h-16 rounded-lg" />;
  const verdict = withUrgent(frame.verdict, waiting ?? []);
  return (
    <section aria-label="Verdict" className={cn('card relative overflow-hidden', BANDS[verdict.level])}>
      <div className="pointer-events-none absolute inset-0 bg-[radial-gradient(60rem_12rem_at_0%_-20%,var(--tint),transparent)]" />
      <div className="relative flex items-center gap-3 px-5 py-4">
        <LevelMark level={verdict.level} className="size-5" />
        <p role="status" className="text-md font-medium tracking-tight sm:text-lg">
          {verdict.headline}
        </p>
      </div>
      {verdict.findings.length === 0 ? null : (
        <ul className="relative border-line border-t">
          {verdict.findings.map((finding) => (
            <FindingRow key={finding.what} finding={finding} alone={verdict.findings.length === 1} />
          ))}
        </ul>
      )}
    </section>
  );
}

function FindingRow({ finding, alone }: { finding: Finding; alone: boolean }) {
  return (
    <li className="flex flex-wrap items-start gap-x-6 gap-y-2 border-line border-b px-5 py-3.5 last:border-b-0">
      <div className="flex min-w-64 flex-1 gap-3">
        <LevelMark level={finding.level} className={cn('mt-0.5', alone && 'invisible')} />
        <div className="grid gap-0.5">
          {alone ? null : <p className="font-medium">{finding.what}</p>}
          <p className="text-sm text-soft">{finding.why}</p>
          <p className="text-sm">{finding.todo}</p>
        </div>
      </div>
      {finding.command === undefined ? null : (
        <div className="flex items-center gap-2">
          <code className="rounded-md bg-sunken px-2 py-1 font-mono text-xs">{finding.command}</code>
          <CopyButton text={finding.command} />
        </div>
      )}
      {finding.href === undefined ? null : (
        <Link
          href={finding.href}
          className="inline-flex h-8 items-center gap-1.5 rounded-md px-1 text-sm font-medium text-accent hover:underline"
        >
          Show {finding.href.slice(1)} <ArrowRight aria-hidden className="size-3.5" />
        </Link>
      )}
    </li>
  );
}
