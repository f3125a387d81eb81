import { cva, type VariantProps } from 'class-variance-authority';
import { Slot } from 'radix-ui';
import type { ComponentProps } from 'react';
import { cn } from '../class-names.ts';

const button = cva(
  'inline-flex shrink-0 select-none items-center justify-center gap-2 whitespace-nowrap rounded-md font-medium transition-colors disabled:cursor-not-allowed disabled:opacity-55 [&_svg]:size-4 [&_svg]:shrink-0',
  {
    variants: {
      look: {
        primary: 'bg-accent text-on-accent hover:bg-accent-hover',
        secondary: 'border border-line-strong bg-surface text-text hover:bg-hover',
        quiet: 'text-soft hover:bg-hover hover:text-text',
        danger: 'border border-line-strong bg-surface text-bad hover:bg-bad-soft',
      },
      size: {
        md: 'h-9 px-3.5 text-sm',
        sm: 'h-8 px-2.5 text-xs',
        icon: 'size-9',
      },
    },
    defaultVariants: { look: 'secondary', size: 'md' },
  },
);

interface ButtonProps extends ComponentProps<'button'>, VariantProps<typeof button> {
  readonly asChild?: boolean;
  /** its order is under way: a second press does nothing, and whoever uses the keyboard keeps the focus */
  readonly busy?: boolean;
}

export function Button({ className, look, size, asChild = false, busy = false, ...props }: ButtonProps) {
  const Tag = asChild ? Slot.Root : 'button';
  const waiting = busy ? { 'aria-busy': true, 'aria-disabled': true, onClick: undefined } : {};
  return (
    <Tag
      type={asChild ? undefined : 'button'}
      className={cn(button({ look, size }), busy && 'cursor-wait opacity-55', className)}
      {...props}
      {...waiting}
    />
  );
}
