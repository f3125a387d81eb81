import type { ComponentProps, ReactNode } from 'react';
import { cn } from '../class-names.ts';

export function Card({ className, ...props }: ComponentProps<'section'>) {
  return <section className={cn('card', className)} {...props} />;
}

/** A card's head: what it shows, over which window, and what can be chosen. */
export function CardHead({
  title,
  id,
  hint,
  children,
}: {
  title: string;
  id: string;
  hint?: ReactNode;
  children?: ReactNode;
}) {
  return (
    <div className="flex flex-wrap items-center justify-between gap-x-4 gap-y-2 px-5 pt-4 pb-3">
      <div className="flex flex-wrap items-baseline gap-x-2.5">
        <h2 id={id} className="text-base font-semibold">
          {title}
        </h2>
        {hint === undefined ? null : <p className="text-xs text-faint">{hint}</p>}
      </div>
      {children}
    </div>
  );
}
