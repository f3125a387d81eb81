import { CircleAlert, Compass } from 'lucide-react';
import type { ReactNode } from 'react';
import { cn } from './class-names.ts';

/** Instead of a blank page or chart: what is the matter, why, and the next step. */
export function Notice({
  title,
  why,
  tone = 'neutral',
  children,
}: {
  title: string;
  why: ReactNode;
  tone?: 'neutral' | 'bad';
  children?: ReactNode;
}) {
  const Icon = tone === 'bad' ? CircleAlert : Compass;
  return (
    <div className="mx-auto grid max-w-xl justify-items-center gap-3 px-6 py-14 text-center">
      <span
        className={cn(
          'grid size-11 place-items-center rounded-full',
          tone === 'bad' ? 'bg-bad-soft text-bad' : 'bg-accent-soft text-accent',
        )}
      >
        <Icon className="size-5" aria-hidden />
      </span>
      <h2 className="text-lg font-semibold">{title}</h2>
      <div className="text-soft">{why}</div>
      {children === undefined ? null : <div className="mt-2">{children}</div>}
    </div>
  );
}
