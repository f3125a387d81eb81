'use client';

/** Decisions about dead letters: a redrive asks first, as it cannot be taken back; a discard can be undone. */
import { deadLetters } from '@foreshard/core/operations';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { RotateCw, Trash2, Undo2 } from 'lucide-react';
import { useState } from 'react';
import { toast } from 'sonner';
import { useTRPC } from '../../components/api.ts';
import { EdgeCurl } from '../../components/edge-curl.tsx';
import { MayButton } from '../../components/may-button.tsx';
import { OrderDialog, OrderForm } from '../../components/order-dialog.tsx';
import { Field } from '../../components/ui/field.tsx';
import { formatCount, formatCounted } from '../../formatting/numbers.ts';

interface LetterOrdersProps {
  readonly on: { readonly group: string; readonly stream: string | null };
  readonly counts: { readonly dead: number; readonly redriven: number; readonly discarded: number };
  readonly state: 'dead' | 'redriven' | 'discarded' | 'any';
  readonly selected: readonly string[];
  onDone(): void;
}

export function LetterOrders({ on, counts, state, selected, onDone }: LetterOrdersProps) {
  const { group } = on;
  const change = useDecisions(onDone);
  const isChosen = selected.length > 0;
  if (!isChosen && (counts.dead === 0 || (state !== 'dead' && state !== 'any'))) return null;
  const letters = [...selected];
  return (
    <fieldset className="flex flex-wrap items-center gap-2 px-5 pb-3">
      <legend className="sr-only">Decide about letters</legend>
      <OrderDialog
        trigger={
          <MayButton may={deadLetters.redrive} on={on} size="sm" look="primary">
            <RotateCw /> {isChosen ? `Re-drive ${formatCount(selected.length)}` : 'Re-drive all'}
          </MayButton>
        }
        title={
          isChosen
            ? `Re-drive ${formatCounted(selected.length, 'letter')}`
            : `Re-drive all ${formatCount(counts.dead)}`
        }
        description={`${group} gets these events again, behind what it is processing. This cannot be taken back; an event that fails again comes back here.`}
      >
        {(close) => (
          <RedriveForm
            group={group}
            {...(isChosen ? { letters } : {})}
            onDone={() => {
              close();
              onDone();
            }}
          />
        )}
      </OrderDialog>
      {isChosen && state !== 'discarded' ? (
        <MayButton
          may={deadLetters.discard}
          on={on}
          size="sm"
          disabled={change.discard.isPending}
          onClick={() => change.discard.mutate({ group, letters })}
        >
          <Trash2 /> Discard {formatCount(selected.length)}
        </MayButton>
      ) : null}
      {isChosen && state === 'discarded' ? (
        <MayButton
          may={deadLetters.restore}
          on={on}
          size="sm"
          disabled={change.restore.isPending}
          onClick={() => change.restore.mutate({ group, letters })}
        >
          <Undo2 /> Restore {formatCount(selected.length)}
        </MayButton>
      ) : null}
      {isChosen ? null : <p className="text-faint text-xs">Choose letters to discard them.</p>}
    </fieldset>
  );
}

function useDecisions(onDone: () => void) {
  const trpc = useTRPC();
  const client = useQueryClient();
  const refresh = () => client.invalidateQueries();
  const onError = (error: { readonly message: string }) =>
    toast.error('Nothing was changed', { description: error.message });
  const restore = useMutation(
    trpc.operations.deadLetters.restore.mutationOptions({
      onSuccess: ({ changed }) => {
        toast.success(`${formatCounted(changed, 'letter')} restored`);
        onDone();
        void refresh();
      },
      onError,
    }),
  );
  const discard = useMutation(
    trpc.operations.deadLetters.discard.mutationOptions({
      onSuccess: ({ changed, unchanged }, { group, letters }) => {
        toast.success(`${formatCounted(changed, 'letter')} discarded`, {
          description:
            unchanged === 0 ? undefined : `${formatCount(unchanged)} were decided about by somebody else.`,
          action: { label: 'Undo', onClick: () => restore.mutate({ group, letters }) },
        });
        onDone();
        void refresh();
      },
      onError,
    }),
  );
  return { discard, restore };
}

function RedriveForm({
  group,
  letters,
  onDone,
}: {
  group: string;
  /** left out: every one */
  letters?: string[];
  onDone(): void;
}) {
  const trpc = useTRPC();
  const client = useQueryClient();
  const [note, setNote] = useState('');
  const redrive = useMutation(
    trpc.operations.deadLetters.redrive.mutationOptions({
      onSuccess: ({ changed, left }) => {
        toast.success(`${formatCounted(changed, 'event')} re-driven`, {
          description: left === 0 ? undefined : `${formatCount(left)} are left: re-drive all again.`,
        });
        onDone();
        void client.invalidateQueries();
      },
    }),
  );
  const input = { group, note, ...(letters === undefined ? { all: true as const } : { letters }) };
  return (
    <OrderForm order={redrive} action="Re-drive" onSubmit={() => redrive.mutate(input)}>
      <Field
        label="Note"
        value={note}
        maxLength={500}
        onChange={(e) => setNote(e.target.value)}
        hint="Kept with each letter, such as what was mended"
      />
      <div className="justify-self-start">
        <EdgeCurl operation={deadLetters.redrive} input={input} />
      </div>
    </OrderForm>
  );
}
