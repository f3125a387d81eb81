'use client';

/** What can be done about a checkpoint: reading it, restoring its shardlet as a drill, removing it. */
import { checkpoints } from '@foreshard/core/operations';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { ShieldCheck, Trash2 } from 'lucide-react';
import { toast } from 'sonner';
import { useTRPC } from '../../components/api.ts';
import { MayButton } from '../../components/may-button.tsx';
import { OrderDialog, OrderForm } from '../../components/order-dialog.tsx';
import { formatBytes, formatCounted } from '../../formatting/numbers.ts';
import { formatDuration } from '../../formatting/time.ts';
import type { CheckpointRow } from './checkpoint-words.ts';
import { DrillButton } from './restore-drill.tsx';

interface ActionsProps {
  readonly row: CheckpointRow;
  readonly on: { readonly group: string; readonly stream: string | null };
}

export function CheckpointActions({ row, on }: ActionsProps) {
  if (row.state !== 'valid') return null;
  return (
    <div className="flex justify-end gap-1.5">
      <Verify row={row} on={on} />
      <DrillButton shardlet={row.shardlet} on={on} />
      <Remove row={row} on={on} />
    </div>
  );
}

function Verify({ row: { id }, on }: ActionsProps) {
  const trpc = useTRPC();
  const client = useQueryClient();
  const verify = useMutation(
    trpc.operations.checkpoints.verify.mutationOptions({
      onSuccess: async ({ ok, error, read, bytes, ms }) => {
        const what = `${formatCounted(read, 'object')}, ${formatBytes(bytes)}, in ${formatDuration(ms)}`;
        if (ok) toast.success('The checkpoint is whole', { description: `Read ${what}.` });
        else toast.error('The checkpoint is damaged', { description: error ?? undefined });
        await client.invalidateQueries();
      },
      onError: ({ message }) => void toast.error('It was not read', { description: message }),
    }),
  );
  return (
    <MayButton
      may={checkpoints.verify}
      on={on}
      size="sm"
      busy={verify.isPending}
      title="Reads it with all that it is based on, and compares it with its digest"
      onClick={() => verify.mutate({ group: on.group, checkpoint: id })}
    >
      <ShieldCheck /> Verify
    </MayButton>
  );
}

function Remove({ row: { id, shardlet, seq }, on }: ActionsProps) {
  const trpc = useTRPC();
  const client = useQueryClient();
  return (
    <OrderDialog
      trigger={
        <MayButton
          may={checkpoints.remove}
          on={on}
          look="quiet"
          size="icon"
          aria-label={`Remove the checkpoint of shardlet ${shardlet} at ${seq}`}
        >
          <Trash2 />
        </MayButton>
      }
      title={`Remove the checkpoint of shardlet ${shardlet}`}
      description={`It holds the state up to seq ${seq}. The next recovery takes an older one and replays more. This cannot be taken back.`}
    >
      {(close) => (
        <RemoveForm
          group={on.group}
          checkpoint={id}
          onRemoved={() => {
            close();
            toast.success('The checkpoint was removed');
            void client.invalidateQueries(trpc.operations.checkpoints.list.pathFilter());
          }}
        />
      )}
    </OrderDialog>
  );
}

function RemoveForm({
  group,
  checkpoint,
  onRemoved,
}: {
  group: string;
  checkpoint: string;
  onRemoved(): void;
}) {
  const trpc = useTRPC();
  const remove = useMutation(
    trpc.operations.checkpoints.remove.mutationOptions({ onSuccess: () => onRemoved() }),
  );
  return (
    <OrderForm
      order={remove}
      action="Remove it"
      cancel="Keep it"
      look="danger"
      onSubmit={() => remove.mutate({ group, checkpoint })}
    >
      {null}
    </OrderForm>
  );
}
