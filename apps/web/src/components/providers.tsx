'use client';

import { QueryClientProvider } from '@tanstack/react-query';
import { ThemeProvider } from 'next-themes';
import { NuqsAdapter } from 'nuqs/adapters/next/app';
import { type ReactNode, useState } from 'react';
import { Toaster } from 'sonner';
import { createQueryClient, createTrpcClient, TRPCProvider } from './api.ts';
import { LiveProvider } from './live/live-provider.tsx';
import { TooltipProvider } from './ui/tooltip.tsx';
import { ZoneProvider } from './zone.tsx';

/** Of every page, also of those before the sign-in: nothing here asks the server. */
export function PageProviders({ nonce, children }: { nonce: string | undefined; children: ReactNode }) {
  return (
    <ThemeProvider
      attribute="data-theme"
      disableTransitionOnChange
      {...(nonce === undefined ? {} : { nonce })}
    >
      <NuqsAdapter>{children}</NuqsAdapter>
      <Toaster position="bottom-right" toastOptions={{ className: 'font-sans' }} />
    </ThemeProvider>
  );
}

/** Of the pages behind the sign-in. */
export function ConsoleProviders({ children }: { children: ReactNode }) {
  const [queryClient] = useState(createQueryClient);
  const [trpcClient] = useState(createTrpcClient);
  return (
    <QueryClientProvider client={queryClient}>
      <TRPCProvider trpcClient={trpcClient} queryClient={queryClient}>
        <ZoneProvider>
          <LiveProvider>
            <TooltipProvider delayDuration={250}>{children}</TooltipProvider>
          </LiveProvider>
        </ZoneProvider>
      </TRPCProvider>
    </QueryClientProvider>
  );
}
