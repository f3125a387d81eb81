'use client';

import { events } from '@foreshard/core/operations';
import { useMutation } from '@tanstack/react-query';
import { Play } from 'lucide-react';
import { toast } from 'sonner';
import { useTRPC } from '../../components/api.ts';
import { useLive } from '../../components/live/live-provider.tsx';
import { MayButton } from '../../components/may-button.tsx';

/** what sends needs to be permitted to send */
export const SAMPLE_STREAM = { stream: 'main' };
export const SAMPLE_ROWS_TEXT = '100,000';

export function StartSample({
  label = 'Replay the sample',
  look = 'primary',
}: {
  label?: string;
  look?: 'primary' | 'secondary';
}) {
  const trpc = useTRPC();
  const { sample } = useLive();
  const start = useMutation(
    trpc.sample.start.mutationOptions({
      onError: (error) => toast.error('The sample was not started', { description: error.message }),
    }),
  );
  return (
    <MayButton
      may={events.ingest}
      on={SAMPLE_STREAM}
      look={look}
      disabled={start.isPending || sample.kind === 'running'}
      onClick={() => start.mutate()}
    >
      <Play /> {label}
    </MayButton>
  );
}
