'use client';

/** One question for verdict, tile and list: they count alike because they have the same answer. */
import { useQuery } from '@tanstack/react-query';
import { LIST_REFRESH_MS, useTRPC } from '../../components/api.ts';
import { useLive } from '../../components/live/live-provider.tsx';
import type { WaitingItem } from '../../server/recommendations/waiting.ts';

/** Undefined: not known yet. */
export function useWaiting(): readonly WaitingItem[] | undefined {
  const trpc = useTRPC();
  const { status } = useLive();
  const { data } = useQuery({
    ...trpc.recommendations.waiting.queryOptions(),
    refetchInterval: status === 'paused' ? false : LIST_REFRESH_MS,
  });
  return data?.items;
}
