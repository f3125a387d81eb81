'use client';

/** Each order says before it is given what becomes of the copied data. */
import { migrations } from '@foreshard/core/operations';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useId, useState } from 'react';
import { toast } from 'sonner';
import { useTRPC } from '../../components/api.ts';
import { EdgeCurl } from '../../components/edge-curl.tsx';
import { MayButton } from '../../components/may-button.tsx';
import { Button } from '../../components/ui/button.tsx';
import { inputClass } from '../../components/ui/field.tsx';
import type { MoveView } from '../../server/migrations/move-views.ts';

type Order = MoveView['can'][number];

const ORDERS: Record<Order, { readonly name: string; readonly follows: string }> = {
  pause: {
    name: 'Pause',
    follows: 'It waits before its next chunk. What is copied stays on the destination.',
  },
  resume: { name: 'Resume', follows: 'It goes on where it was: what is copied is not copied again.' },
  abort: {
    name: 'Abort',
    follows: 'The shardlet stays where it is and takes events all the time. The copy is dropped.',
  },
  moveBack: {
    name: 'Move back',
    follows: 'A new move to where it came from. The present copy serves until that one has opened.',
  },
};

export function MoveOrders({ move }: { move: MoveView }) {
  const [chosen, setChosen] = useState<Order | undefined>();
  if (move.can.length === 0) return null;
  return (
    <section className="grid gap-3 rounded-md border border-line p-4">
      <div className="flex flex-wrap gap-2">
        {move.can.map((order) => (
          <MayButton
            key={order}
            may={migrations[order]}
            size="sm"
            look={order === 'abort' ? 'danger' : 'secondary'}
            aria-pressed={chosen === order}
            onClick={() => setChosen(order)}
          >
            {ORDERS[order].name}
          </MayButton>
        ))}
      </div>
      {chosen === undefined || !move.can.includes(chosen) ? (
        <p className="text-soft text-sm">Each order says what follows before it is given.</p>
      ) : (
        <Confirm key={chosen} move={move} chosen={chosen} onDone={() => setChosen(undefined)} />
      )}
    </section>
  );
}

function Confirm({ move, chosen, onDone }: { move: MoveView; chosen: Order; onDone(): void }) {
  const trpc = useTRPC();
  const client = useQueryClient();
  const field = useId();
  const [reason, setReason] = useState('');
  const callbacks = {
    onSuccess: () => {
      toast.success(`${ORDERS[chosen].name}: shardlet ${move.shardlet}`, {
        description: ORDERS[chosen].follows,
      });
      void client.invalidateQueries({ queryKey: trpc.migrations.pathKey() });
      onDone();
    },
    onError: (error: { message: string }) => toast.error('Not done', { description: error.message }),
  };
  const orders = trpc.operations.migrations;
  const back = useMutation(orders.moveBack.mutationOptions(callbacks));
  const order = useMutation(orders[chosen === 'moveBack' ? 'pause' : chosen].mutationOptions(callbacks));
  const give = chosen === 'moveBack' ? back : order;
  const input = { migration: move.id, reason: reason.trim() === '' ? 'asked for in the console' : reason };
  return (
    <div className="grid gap-2">
      <p className="text-sm">{ORDERS[chosen].follows}</p>
      <label htmlFor={field} className="text-faint text-xs">
        Why (kept with the order)
      </label>
      <input id={field} value={reason} onChange={(e) => setReason(e.target.value)} className={inputClass} />
      <div className="flex flex-wrap items-center gap-2">
        <Button look="primary" size="sm" disabled={give.isPending} onClick={() => give.mutate(input)}>
          {ORDERS[chosen].name} now
        </Button>
        <EdgeCurl operation={migrations[chosen]} input={input} />
      </div>
    </div>
  );
}
