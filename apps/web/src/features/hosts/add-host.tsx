'use client';

/** Takes a storage server into use. Its settings are judged before anything is decided. */
import { ADDRESS_FORMS } from '@foreshard/core/hosts';
import { hosts } from '@foreshard/core/operations';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Plus } from 'lucide-react';
import { useState } from 'react';
import { toast } from 'sonner';
import { useTRPC } from '../../components/api.ts';
import { EdgeCurl } from '../../components/edge-curl.tsx';
import { MayButton } from '../../components/may-button.tsx';
import { OrderDialog } from '../../components/order-dialog.tsx';
import { Button } from '../../components/ui/button.tsx';
import { Field } from '../../components/ui/field.tsx';

export function AddHost() {
  return (
    <OrderDialog
      trigger={
        <MayButton may={hosts.add} look="primary">
          <Plus /> Add host
        </MayButton>
      }
      title="Add a host"
      description="An empty, durable Redis or Valkey primary, or a PostgreSQL database. It is looked at first; nothing is changed by that."
    >
      {(close) => <AddForm onDone={close} />}
    </OrderDialog>
  );
}

function AddForm({ onDone }: { onDone(): void }) {
  const trpc = useTRPC();
  const client = useQueryClient();
  const [url, setUrl] = useState('');
  const [name, setName] = useState('');
  const host = { url: url.trim(), ...(name.trim() === '' ? {} : { name: name.trim() }) };
  const check = useMutation(trpc.operations.hosts.add.mutationOptions());
  const add = useMutation(
    trpc.operations.hosts.add.mutationOptions({
      onSuccess: ({ result, host: added }) => {
        toast.success(
          result === 'known' ? `It is ${added?.name} already` : `${added?.name} takes shardlets now`,
          { description: 'Nothing moves there by itself: drain another host, or move shardlets to it.' },
        );
        void client.invalidateQueries();
        onDone();
      },
      onError: (error) => toast.error('Not added', { description: error.message }),
    }),
  );
  const edit = (set: (text: string) => void) => (e: { target: { value: string } }) => {
    set(e.target.value);
    check.reset();
  };
  const isChecked = check.data !== undefined && check.data.result !== 'known';
  return (
    <form
      className="mt-4 grid gap-3"
      onSubmit={(e) => {
        e.preventDefault();
        if (isChecked) add.mutate(host);
        else check.mutate({ ...host, dryRun: true });
      }}
    >
      <Field
        label="Address"
        value={url}
        onChange={edit(setUrl)}
        placeholder="redis://10.0.0.5:6379"
        autoComplete="off"
        spellCheck={false}
        hint={ADDRESS_FORMS}
        error={check.error?.message}
      />
      <Field label="Name" value={name} onChange={edit(setName)} hint="How it is called; else its address" />
      {check.data === undefined ? null : (
        <p role="status" className="text-sm">
          {check.data.result === 'known'
            ? `The topology store knows it already, as ${check.data.host?.name ?? 'one of its hosts'}.`
            : 'It keeps what it acknowledges and would join as a new host.'}
        </p>
      )}
      <div className="flex flex-wrap items-center gap-2">
        <Button type="submit" look="primary" disabled={host.url === '' || check.isPending || add.isPending}>
          {isChecked ? 'Add now' : 'Look at it'}
        </Button>
        <EdgeCurl operation={hosts.add} input={host} />
      </div>
    </form>
  );
}
