'use client';

import { keepPreviousData, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import type { inferRouterOutputs } from '@trpc/server';
import { toast } from 'sonner';
import { useTRPC } from '../../components/api.ts';
import type { AppRouter } from '../../server/router.ts';

export type ShownAnnotation =
  inferRouterOutputs<AppRouter>['operations']['annotations']['list']['annotations'][number];

const REFRESH_MS = 30_000;

/** Those that touch a time; whoever may not read them sees none. */
export function useAnnotations(
  stream: string | undefined,
  { fromMs, toMs }: { readonly fromMs: number; readonly toMs: number },
): readonly ShownAnnotation[] {
  const trpc = useTRPC();
  const time = { from: new Date(fromMs).toISOString(), to: new Date(toMs).toISOString() };
  const { data } = useQuery({
    ...trpc.operations.annotations.list.queryOptions({ stream, ...time }),
    enabled: stream !== undefined,
    placeholderData: keepPreviousData,
    refetchInterval: REFRESH_MS,
  });
  return data?.annotations.filter((one) => one.stream === stream) ?? [];
}

/** What is removed comes back with a click, until the note goes. */
export function useRemoval() {
  const trpc = useTRPC();
  const client = useQueryClient();
  const refresh = () => client.invalidateQueries(trpc.operations.annotations.list.queryFilter());
  const onError = (error: { message: string }) => void toast.error(error.message);
  const restore = useMutation(
    trpc.operations.annotations.restore.mutationOptions({ onSuccess: refresh, onError }),
  );
  return useMutation(
    trpc.operations.annotations.remove.mutationOptions({
      onSuccess: async (_, { id }) => {
        toast.success('The annotation was removed', {
          action: { label: 'Undo', onClick: () => restore.mutate({ id }) },
        });
        await refresh();
      },
      onError,
    }),
  );
}
