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

export function Providers({ nonce, children }: { nonce: string | undefined; children: ReactNode }) {
  const [queryClient] = useState(createQueryClient);
  const [trpcClient] = useState(createTrpcClient);
  return (
    <ThemeProvider
      attribute="data-theme"
      disableTransitionOnChange
      {...(nonce === undefined ? {} : { nonce })}
    >
      <NuqsAdapter>
        <QueryClientProvider client={queryClient}>
          <TRPCProvider trpcClient={trpcClient} queryClient={queryClient}>
            <ZoneProvider>
              <LiveProvider>
                <TooltipProvider delayDuration={250}>{children}</TooltipProvider>
              </LiveProvider>
            </ZoneProvider>
          </TRPCProvider>
        </QueryClientProvider>
      </NuqsAdapter>
      <Toaster position="bottom-right" toastOptions={{ className: 'font-sans' }} />
    </ThemeProvider>
  );
}
