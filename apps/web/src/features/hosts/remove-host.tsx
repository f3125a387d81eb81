'use client';

/** Takes a host out of use. What stands in the way is told at once; what does not, asks for the host's name. */
import { hosts } from '@foreshard/core/operations';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { toast } from 'sonner';
import { useTRPC } from '../../components/api.ts';
import { EdgeCurl } from '../../components/edge-curl.tsx';
import { Button } from '../../components/ui/button.tsx';
import { Field } from '../../components/ui/field.tsx';

interface Removed {
  readonly id: number;
  readonly name: string;
}

export function removeWords({ name }: Removed) {
  return {
    title: `Remove ${name}`,
    description:
      'No shardlet is placed there any more, and its server can be switched off. What is stored on it is not touched.',
  };
}

export function RemoveOrder({ host, onDone }: { host: Removed; onDone(): void }) {
  const trpc = useTRPC();
  const client = useQueryClient();
  const [typed, setTyped] = useState('');
  const tried = useQuery({
    ...trpc.hosts.removable.queryOptions({ host: host.id }),
    refetchInterval: LOOK_EVERY_MS,
  });
  const remove = useMutation(
    trpc.operations.hosts.remove.mutationOptions({
      onSuccess: () => {
        toast.success(`${host.name} is out of use`, { description: 'What is stored on it was not touched.' });
        void client.invalidateQueries();
        onDone();
      },
      onError: (error) => toast.error('Not removed', { description: error.message }),
    }),
  );
  const because = tried.error?.message ?? tried.data?.because;
  return (
    <div className="mt-4 grid gap-3">
      {because === undefined ? (
        <p className="text-soft text-sm">Looking whether it can go…</p>
      ) : because !== null ? (
        <p role="status" className="text-sm text-warn">
          It cannot be removed now: {because}. Drain it first.
        </p>
      ) : (
        <Field
          label={`Type ${host.name} to remove it`}
          value={typed}
          onChange={(e) => setTyped(e.target.value)}
          hint="Nothing has a part on it: it can go."
        />
      )}
      <div className="flex flex-wrap items-center gap-2">
        <Button
          look="danger"
          disabled={because !== null || typed !== host.name || remove.isPending}
          onClick={() => remove.mutate({ host: host.id })}
        >
          Remove now
        </Button>
        <EdgeCurl operation={hosts.remove} input={{ host: host.id }} />
      </div>
    </div>
  );
}

/** What stands in the way passes while the dialog is open. */
const LOOK_EVERY_MS = 2_000;
