'use client';

import { X } from 'lucide-react';
import { Dialog as Primitive } from 'radix-ui';
import type { ReactNode } from 'react';
import { cn } from '../class-names.ts';
import { useFocusReturn } from './focus-return.ts';

export const Dialog = Primitive.Root;
export const DialogTrigger = Primitive.Trigger;
export const DialogClose = Primitive.Close;

const overlay = 'fixed inset-0 z-40 animate-fade bg-[oklch(0.15_0.02_240/0.5)]';
const closeButton =
  'absolute top-3.5 right-3.5 grid size-8 place-items-center rounded-md text-faint hover:bg-hover hover:text-text';

export function DialogContent({
  title,
  description,
  children,
  className,
}: {
  title: string;
  description?: ReactNode;
  children: ReactNode;
  className?: string;
}) {
  const focusReturn = useFocusReturn();
  return (
    <Primitive.Portal>
      <Primitive.Overlay className={overlay} />
      <Primitive.Content
        {...(description === undefined ? { 'aria-describedby': undefined } : {})}
        {...focusReturn}
        className={cn(
          'fixed top-[max(1rem,12vh)] left-1/2 z-50 max-h-[82vh] w-[min(32rem,calc(100vw-2rem))] -translate-x-1/2 animate-fade overflow-y-auto rounded-lg border border-line bg-surface p-6 shadow-raised',
          className,
        )}
      >
        <Primitive.Title className="pr-8 text-lg font-semibold">{title}</Primitive.Title>
        {description === undefined ? null : (
          <Primitive.Description className="mt-1 text-sm text-soft">{description}</Primitive.Description>
        )}
        {children}
        <Primitive.Close className={closeButton} aria-label="Close">
          <X className="size-4" />
        </Primitive.Close>
      </Primitive.Content>
    </Primitive.Portal>
  );
}

/** The navigation on a narrow screen: a dialog that comes from the left. */
export function Drawer({ title, children }: { title: string; children: ReactNode }) {
  const focusReturn = useFocusReturn();
  return (
    <Primitive.Portal>
      <Primitive.Overlay className={overlay} />
      <Primitive.Content
        aria-describedby={undefined}
        // by default the first button would be focused, and a tooltip opened over the navigation
        onCloseAutoFocus={focusReturn.onCloseAutoFocus}
        onOpenAutoFocus={(event) => {
          focusReturn.onOpenAutoFocus();
          event.preventDefault();
          if (event.currentTarget instanceof HTMLElement) event.currentTarget.focus();
        }}
        className="outline-none fixed inset-y-0 left-0 z-50 flex w-72 max-w-[85vw] animate-slide-in flex-col border-line border-r bg-surface shadow-raised"
      >
        <Primitive.Title className="sr-only">{title}</Primitive.Title>
        {children}
        <Primitive.Close className={closeButton} aria-label="Close the navigation">
          <X className="size-4" />
        </Primitive.Close>
      </Primitive.Content>
    </Primitive.Portal>
  );
}
