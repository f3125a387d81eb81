'use client';

/** Removes a group with its dead letters: says how many go, and asks for its name. */
import { groups } from '@foreshard/core/operations';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Trash2 } from 'lucide-react';
import { useState } from 'react';
import { toast } from 'sonner';
import { useTRPC, useTRPCClient } from '../../components/api.ts';
import { MayButton } from '../../components/may-button.tsx';
import { OrderDialog, OrderForm } from '../../components/order-dialog.tsx';
import { Field } from '../../components/ui/field.tsx';
import { letterCounts } from './group-words.ts';

interface Removed {
  readonly group: string;
  readonly stream: string | null;
  onRemoved(): void;
}

export function RemoveGroup({ group, stream, onRemoved }: Removed) {
  return (
    <OrderDialog
      trigger={
        <MayButton may={groups.remove} on={{ group, stream }} look="danger" size="sm">
          <Trash2 /> Remove
        </MayButton>
      }
      title={`Remove ${group}`}
      description="How far it was is forgotten: a group of this name begins anew. Events of its stream are not touched."
    >
      {(close) => (
        <RemoveForm
          group={group}
          onRemoved={() => {
            close();
            onRemoved();
          }}
        />
      )}
    </OrderDialog>
  );
}

function RemoveForm({ group, onRemoved }: Omit<Removed, 'stream'>) {
  const trpc = useTRPC();
  const direct = useTRPCClient();
  const client = useQueryClient();
  const [typed, setTyped] = useState('');
  const preview = useQuery({
    queryKey: ['remove-group', group],
    queryFn: () => direct.operations.groups.remove.mutate({ group, dryRun: true }),
    staleTime: 0,
  });
  const remove = useMutation(
    trpc.operations.groups.remove.mutationOptions({
      onSuccess: () => {
        toast.success(`Group ${group} was removed`);
        void client.invalidateQueries();
        onRemoved();
      },
    }),
  );
  const letters = preview.data?.letters;
  return (
    <OrderForm
      order={remove}
      action="Remove the group"
      cancel="Keep it"
      look="danger"
      disabled={typed !== group}
      onSubmit={() => remove.mutate({ group })}
    >
      <p role="status" className="text-sm">
        {preview.error !== null
          ? `How many dead letters go is not known: ${preview.error.message}`
          : preview.data === undefined
            ? 'Counting its dead letters…'
            : letters === null || letters === undefined
              ? 'It has no dead letters.'
              : `Its dead letters are deleted with it: ${letterCounts(letters)}.`}
      </p>
      <Field label={`Type ${group} to remove it`} value={typed} onChange={(e) => setTyped(e.target.value)} />
    </OrderForm>
  );
}
