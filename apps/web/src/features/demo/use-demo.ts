'use client';

/** The demo as it is now: asked for often while one is under way, else as seldom as any list. */
import { isUnderWay } from '@foreshard/core/demo';
import { useQuery } from '@tanstack/react-query';
import { LIST_REFRESH_MS, useTRPC } from '../../components/api.ts';

const WATCH_MS = 500;

export function useDemo() {
  const trpc = useTRPC();
  return useQuery({
    ...trpc.operations.demo.status.queryOptions({}),
    refetchInterval: ({ state: { data } }) =>
      data !== undefined && isUnderWay(data) ? WATCH_MS : LIST_REFRESH_MS,
  });
}
