'use client';

/** Removes the checkpoints that nobody needs, after saying how many they are. */
import { checkpoints } from '@foreshard/core/operations';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Eraser } from 'lucide-react';
import { toast } from 'sonner';
import { useTRPC, useTRPCClient } from '../../components/api.ts';
import { MayButton } from '../../components/may-button.tsx';
import { OrderDialog, OrderForm } from '../../components/order-dialog.tsx';
import { formatBytes, formatCounted } from '../../formatting/numbers.ts';

interface PruneProps {
  readonly group: string;
  readonly stream: string | null;
}

export function PruneCheckpoints({ group, stream }: PruneProps) {
  return (
    <OrderDialog
      trigger={
        <MayButton may={checkpoints.prune} on={{ group, stream }} size="sm">
          <Eraser /> Prune
        </MayButton>
      }
      title={`Prune the checkpoints of ${group}`}
      description="The newest of each shardlet stay, and whatever a recovery would restore now. A worker prunes by itself every ten minutes."
    >
      {(close) => <PruneForm group={group} onPruned={close} />}
    </OrderDialog>
  );
}

function PruneForm({ group, onPruned }: { group: string; onPruned(): void }) {
  const trpc = useTRPC();
  const direct = useTRPCClient();
  const client = useQueryClient();
  const preview = useQuery({
    queryKey: ['prune-checkpoints', group],
    queryFn: () => direct.operations.checkpoints.prune.mutate({ group, dryRun: true }),
    staleTime: 0,
  });
  const prune = useMutation(
    trpc.operations.checkpoints.prune.mutationOptions({
      onSuccess: async (pruned) => {
        onPruned();
        toast.success(`${formatCounted(pruned.checkpoints, 'checkpoint')} removed`);
        await client.invalidateQueries();
      },
    }),
  );
  return (
    <OrderForm
      order={prune}
      action="Prune"
      cancel="Keep them"
      disabled={preview.data?.checkpoints === 0}
      onSubmit={() => prune.mutate({ group })}
    >
      <p role="status" className="text-sm">
        {preview.error !== null
          ? `How many would go is not known: ${preview.error.message}`
          : preview.data === undefined
            ? 'Counting…'
            : preview.data.checkpoints === 0
              ? 'All of them are needed. Nothing would be removed.'
              : `${formatCounted(preview.data.checkpoints, 'checkpoint')} would be removed, ${formatBytes(preview.data.bytes)}.`}
      </p>
    </OrderForm>
  );
}
