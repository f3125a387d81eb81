'use client';

import { migrations } from '@foreshard/core/operations';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Pause, Play } from 'lucide-react';
import { toast } from 'sonner';
import { useTRPC } from '../../components/api.ts';
import { EdgeCurl } from '../../components/edge-curl.tsx';
import { MayButton } from '../../components/may-button.tsx';

/** The switch for all moves: it survives every restart. */
export function PauseAll({
  controls,
}: {
  controls: { paused: boolean; reason: string; changedBy: string | null };
}) {
  const trpc = useTRPC();
  const client = useQueryClient();
  const { pauseAll, resumeAll } = trpc.operations.migrations;
  const change = useMutation(
    (controls.paused ? resumeAll : pauseAll).mutationOptions({
      onSuccess: ({ paused }) => {
        toast.success(paused ? 'All moves are paused' : 'All moves go on', {
          description: paused ? 'What is copied stays. A cutover under way is finished.' : undefined,
        });
        void client.invalidateQueries({ queryKey: trpc.migrations.pathKey() });
      },
      onError: (error) => toast.error('The switch could not be turned', { description: error.message }),
    }),
  );
  const { paused, reason, changedBy } = controls;
  return (
    <>
      <MayButton
        may={paused ? migrations.resumeAll : migrations.pauseAll}
        size="sm"
        disabled={change.isPending}
        onClick={() => change.mutate({ reason: 'asked for in the console' })}
      >
        {paused ? <Play /> : <Pause />} {paused ? 'Resume all' : 'Pause all'}
      </MayButton>
      <EdgeCurl operation={paused ? migrations.resumeAll : migrations.pauseAll} input={{}} />
      {paused ? (
        <p className="text-sm text-warn">
          All moves are paused by {changedBy ?? 'somebody'}: {reason}
        </p>
      ) : null}
    </>
  );
}
