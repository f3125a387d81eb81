import { cva, type VariantProps } from 'class-variance-authority';
import type { ComponentProps, ReactNode } from 'react';
import { cn } from '../class-names.ts';
import { Tooltip } from './tooltip.tsx';

const badge = cva(
  'inline-flex items-center gap-1.5 whitespace-nowrap rounded-full px-2 py-0.5 text-xs font-medium',
  {
    variants: {
      tone: {
        neutral: 'bg-hover text-soft',
        ok: 'bg-ok-soft text-ok',
        warn: 'bg-warn-soft text-warn',
        bad: 'bg-bad-soft text-bad',
        accent: 'bg-accent-soft text-accent',
      },
    },
    defaultVariants: { tone: 'neutral' },
  },
);

export type Tone = NonNullable<VariantProps<typeof badge>['tone']>;

/** What a badge explains is there for a pointer, for the keyboard and for readers of screens alike. */
export function Badge({
  className,
  tone,
  tip,
  ...props
}: Pick<ComponentProps<'span'>, 'className' | 'children'> &
  VariantProps<typeof badge> & { tip?: ReactNode | undefined }) {
  const look = cn(badge({ tone }), className);
  if (tip === undefined) return <span className={look} {...props} />;
  return (
    <Tooltip tip={tip}>
      <button type="button" className={cn(look, 'cursor-help')} {...props} />
    </Tooltip>
  );
}
