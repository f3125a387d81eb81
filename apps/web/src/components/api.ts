'use client';

import { QueryClient } from '@tanstack/react-query';
import { createTRPCClient, httpBatchLink, httpLink, httpSubscriptionLink, splitLink } from '@trpc/client';
import { createTRPCContext } from '@trpc/tanstack-react-query';
import type { AppRouter } from '../server/router.ts';

export const { TRPCProvider, useTRPC, useTRPCClient } = createTRPCContext<AppRouter>();

/** They may take a second at the server: what is asked beside them must not wait for them. */
const LARGE: ReadonlySet<string> = new Set([
  'heat.picture',
  'heat.cell',
  'hot.list',
  'shardMap.picture',
  'forecasts.picture',
  'health.subject',
  'overview.standing',
  'operations.checkpoints.effect',
]);

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
        false: splitLink({
          condition: ({ path }) => LARGE.has(path),
          true: httpLink({ url, fetch: fetchOrLeave }),
          false: httpBatchLink({ url, fetch: fetchOrLeave }),
        }),
      }),
    ],
  });
}

/** Nobody is signed in any more: to the sign-in, and from there back to this very view. */
async function fetchOrLeave(input: RequestInfo | URL, init?: object): Promise<Response> {
  const response = await fetch(input, init);
  if (response.status === 401) {
    const { pathname, search, hash } = window.location;
    window.location.assign(`/sign-in?${new URLSearchParams({ next: `${pathname}${search}${hash}` })}`);
  }
  return response;
}
