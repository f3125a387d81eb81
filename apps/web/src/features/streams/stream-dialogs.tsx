'use client';

/** Creating, changing and deleting a stream. Each says what will happen before it does. */
import { streams } from '@foreshard/core/operations';
import { SHARDS_MAX } from '@foreshard/core/topology';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { toast } from 'sonner';
import { useTRPC } from '../../components/api.ts';
import { EdgeCurl } from '../../components/edge-curl.tsx';
import { OrderDialog, OrderForm } from '../../components/order-dialog.tsx';
import { Field } from '../../components/ui/field.tsx';
import { formatCount, formatRate } from '../../formatting/numbers.ts';
import type { StreamView } from '../../server/cluster/stream-views.ts';
import { IdentityFields, SettingsFields } from './stream-fields.tsx';
import {
  type FieldErrors,
  NEW_STREAM,
  type ParsedStream,
  parseStream,
  type StreamText,
  textOf,
} from './stream-form.ts';

export function CreateStream({ children }: { children: ReactNode }) {
  return (
    <OrderDialog
      trigger={children}
      title="New stream"
      description="A named log with its own retention, spread over all active hosts."
    >
      {(close) => <CreateForm onDone={close} />}
    </OrderDialog>
  );
}

function CreateForm({ onDone }: { onDone(): void }) {
  const trpc = useTRPC();
  const client = useQueryClient();
  const form = useStreamForm(NEW_STREAM);
  const create = useMutation(
    trpc.operations.streams.create.mutationOptions({
      onSuccess: async (_answer, { name }) => {
        onDone();
        await client.invalidateQueries();
        toast.success(`Stream ${name} was created`, { description: 'Its shardlets open within seconds.' });
      },
    }),
  );
  const orderOf = ({ name, shardCount, settings }: ParsedStream & { readonly ok: true }) => {
    return { name, shardCount, splitKeys: form.text.splitKeys, ...settings };
  };
  function submit() {
    const parsed = form.parse();
    if (parsed.ok) create.mutate(orderOf(parsed));
  }
  const { typed } = form;
  return (
    <OrderForm order={create} action="Create the stream" onSubmit={submit}>
      <IdentityFields text={form.text} errors={form.errors} onChange={form.change} />
      <SettingsFields text={form.text} errors={form.errors} onChange={form.change} />
      <div>{typed.ok ? <EdgeCurl operation={streams.create} input={orderOf(typed)} /> : null}</div>
    </OrderForm>
  );
}

interface StreamProps {
  readonly stream: StreamView;
  readonly children: ReactNode;
}

export function AlterStream({ stream, children }: StreamProps) {
  return (
    <OrderDialog
      trigger={children}
      title={`Settings of ${stream.name}`}
      description="A shorter retention trims what is past it within half a minute; that cannot be undone."
    >
      {(close) => <AlterForm stream={stream} onDone={close} />}
    </OrderDialog>
  );
}

function AlterForm({ stream, onDone }: { stream: StreamView; onDone(): void }) {
  const { name, retentionMs, retentionBytes, dedupWindowMs } = stream;
  const trpc = useTRPC();
  const client = useQueryClient();
  const form = useStreamForm(textOf(stream));
  const undo = useMutation(
    trpc.operations.streams.alter.mutationOptions({
      onSuccess: () => client.invalidateQueries(),
      onError: (error) => toast.error('Not undone', { description: error.message }),
    }),
  );
  const alter = useMutation(
    trpc.operations.streams.alter.mutationOptions({
      // as it was when the order was given: the list may show the change before the answer is here
      onMutate: () => ({ retentionMs, retentionBytes, dedupWindowMs }),
      onSuccess: async (_answer, _order, before) => {
        onDone();
        await client.invalidateQueries();
        toast.success(`Stream ${name} was changed`, {
          action: { label: 'Undo', onClick: () => undo.mutate({ stream: name, ...before }) },
        });
      },
    }),
  );
  function submit() {
    const parsed = form.parse();
    if (parsed.ok) alter.mutate({ stream: name, ...parsed.settings });
  }
  const { typed } = form;
  return (
    <OrderForm order={alter} action="Save" onSubmit={submit}>
      <SettingsFields text={form.text} errors={form.errors} onChange={form.change} />
      <div>
        {typed.ok ? <EdgeCurl operation={streams.alter} input={{ stream: name, ...typed.settings }} /> : null}
      </div>
    </OrderForm>
  );
}

/** Nothing brings it back, so the name is typed, with what is lost in sight. */
export function DeleteStream({ stream, children }: StreamProps) {
  return (
    <OrderDialog
      trigger={children}
      title={`Delete ${stream.name}?`}
      description={`All its events are dropped: ${formatCount(stream.shardlets)} shardlets, ${formatRate(stream.eventsPerSecond)} events a second now. Clients that send to it get 404. It cannot be undone.`}
    >
      {(close) => <DeleteForm name={stream.name} onDone={close} />}
    </OrderDialog>
  );
}

function DeleteForm({ name, onDone }: Pick<StreamView, 'name'> & { onDone(): void }) {
  const trpc = useTRPC();
  const client = useQueryClient();
  const [typed, setTyped] = useState('');
  const remove = useMutation(
    trpc.operations.streams.delete.mutationOptions({
      onSuccess: async () => {
        onDone();
        await client.invalidateQueries();
        toast.success(`Stream ${name} was deleted`);
      },
    }),
  );
  return (
    <OrderForm
      order={remove}
      action="Delete for good"
      look="danger"
      disabled={typed !== name}
      onSubmit={() => remove.mutate({ stream: name })}
    >
      <Field
        label={`Type ${name} to confirm`}
        value={typed}
        onChange={(e) => setTyped(e.target.value)}
        autoComplete="off"
        spellCheck={false}
      />
      <div>
        <EdgeCurl operation={streams.delete} input={{ stream: name }} />
      </div>
    </OrderForm>
  );
}

function useStreamForm(initial: StreamText) {
  const [text, setText] = useState(initial);
  const [errors, setErrors] = useState<FieldErrors>({});
  return {
    text,
    errors,
    /** what the fields mean as they are now */
    typed: parseStream(text, SHARDS_MAX),
    change(change: Partial<StreamText>) {
      setText((before) => ({ ...before, ...change }));
      setErrors((before) => omit(before, Object.keys(change)));
    },
    parse() {
      const parsed = parseStream(text, SHARDS_MAX);
      setErrors(parsed.ok ? {} : parsed.errors);
      return parsed;
    },
  };
}

function omit(errors: FieldErrors, fields: readonly string[]): FieldErrors {
  return Object.fromEntries(Object.entries(errors).filter(([field]) => !fields.includes(field)));
}
