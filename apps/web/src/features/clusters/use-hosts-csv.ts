'use client';

import { useMutation } from '@tanstack/react-query';
import { useTRPC } from '../../components/api.ts';

/** A file of what hosts take: what it says, once it was read. */
export function useHostsCsv() {
  const trpc = useTRPC();
  const read = useMutation(trpc.clusters.readHosts.mutationOptions());
  return {
    hosts: read.data,
    /** it was chosen, and is not understood yet, or not at all */
    isMissing: read.isPending || read.error !== null,
    error: read.error?.message,
    onText: (csv: string | undefined) => (csv === undefined ? read.reset() : read.mutate({ csv })),
  };
}
