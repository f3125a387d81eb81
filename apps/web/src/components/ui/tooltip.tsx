'use client';

import { Tooltip as Primitive } from 'radix-ui';
import type { ReactNode } from 'react';

export const TooltipProvider = Primitive.Provider;

export function Tooltip({ tip, children }: { tip: ReactNode; children: ReactNode }) {
  return (
    <Primitive.Root>
      <Primitive.Trigger asChild>{children}</Primitive.Trigger>
      <Primitive.Portal>
        <Primitive.Content
          sideOffset={6}
          collisionPadding={12}
          className="z-50 max-w-72 animate-fade rounded-md bg-text px-2.5 py-1.5 text-xs text-canvas shadow-raised"
        >
          {tip}
        </Primitive.Content>
      </Primitive.Portal>
    </Primitive.Root>
  );
}
