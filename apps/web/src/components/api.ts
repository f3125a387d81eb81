'use client';

import { QueryClient } from '@tanstack/react-query';
import { createTRPCClient, httpBatchLink, httpSubscriptionLink, splitLink } from '@trpc/client';
import { createTRPCContext } from '@trpc/tanstack-react-query';
import type { AppRouter } from '../server/router.ts';

export const { TRPCProvider, useTRPC } = createTRPCContext<AppRouter>();

/** Lists follow the live picture at a calmer pace: a row that moves each second cannot be read. */
export const LIST_REFRESH_MS = 2_000;

export function createQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: { queries: { staleTime: LIST_REFRESH_MS, retry: 1, refetchOnWindowFocus: true } },
  });
}

export function createTrpcClient() {
  const url =
    typeof window === 'undefined' ? 'http://127.0.0.1/api/trpc' : `${window.location.origin}/api/trpc`;
  return createTRPCClient<AppRouter>({
    links: [
      splitLink({
        condition: (op) => op.type === 'subscription',
        true: httpSubscriptionLink({ url }),
        false: httpBatchLink({ url }),
      }),
    ],
  });
}
