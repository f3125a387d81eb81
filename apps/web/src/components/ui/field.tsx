'use client';

import { type ComponentProps, type ReactNode, useId } from 'react';
import { cn } from '../class-names.ts';

export const inputClass =
  'h-9 w-full rounded-md border border-line-strong bg-surface px-3 text-sm text-text placeholder:text-faint aria-invalid:border-bad-mark disabled:opacity-60';

/** A labelled input with its unit, its hint, and what is wrong with it, all tied to it for screen readers. */
export function Field({
  label,
  hint,
  error,
  unit,
  className,
  ...props
}: ComponentProps<'input'> & { label: string; hint?: ReactNode; error?: string | undefined; unit?: string }) {
  const id = useId();
  return (
    <div className="grid content-start gap-1.5">
      <label htmlFor={id} className="text-sm font-medium">
        {label}
      </label>
      <div className="relative">
        <input
          id={id}
          aria-invalid={error !== undefined}
          aria-describedby={`${id}-hint`}
          className={cn(inputClass, unit && 'pr-16', className)}
          {...props}
        />
        {unit === undefined ? null : (
          <span className="pointer-events-none absolute inset-y-0 right-3 grid place-items-center text-xs text-faint">
            {unit}
          </span>
        )}
      </div>
      <p id={`${id}-hint`} className={cn('text-xs', error === undefined ? 'text-faint' : 'text-bad')}>
        {error ?? hint}
      </p>
    </div>
  );
}

/** The same with a label as small as that of a `Select`, for rows of many fields; it has no hint. */
export function SmallField(props: Omit<ComponentProps<typeof Field>, 'hint' | 'error'>) {
  return (
    <div className="[&>div]:gap-1 [&_label]:font-normal [&_label]:text-faint [&_label]:text-xs [&_p]:hidden">
      <Field {...props} />
    </div>
  );
}

export function Select({
  label,
  children,
  className,
  ...props
}: ComponentProps<'select'> & { label: string }) {
  const id = useId();
  return (
    <div className={cn('grid content-start gap-1', className)}>
      <label htmlFor={id} className="text-xs text-faint">
        {label}
      </label>
      <select id={id} className={cn(inputClass, 'pr-8')} {...props}>
        {children}
      </select>
    </div>
  );
}
