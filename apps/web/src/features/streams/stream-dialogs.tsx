'use client';

import { SHARDS_MAX } from '@foreshard/core/topology';
/** Creating, changing and deleting a stream. Each says what will happen before it does. */
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, type ReactNode, useState } from 'react';
import { toast } from 'sonner';
import { useTRPC } from '../../components/api.ts';
import { Button } from '../../components/ui/button.tsx';
import { Dialog, DialogClose, DialogContent, DialogTrigger } from '../../components/ui/dialog.tsx';
import { Field } from '../../components/ui/field.tsx';
import { formatCount, formatRate } from '../../formatting/numbers.ts';
import type { StreamView } from '../../server/cluster/stream-views.ts';
import { IdentityFields, SettingsFields } from './stream-fields.tsx';
import { type FieldErrors, NEW_STREAM, parseStream, type StreamText, textOf } from './stream-form.ts';

export function CreateStream({ children }: { children: ReactNode }) {
  const trpc = useTRPC();
  const form = useStreamForm(NEW_STREAM);
  const create = useStreamMutation(trpc.streams.create.mutationOptions(), form.close);
  function submit(event: FormEvent) {
    event.preventDefault();
    const parsed = form.parse();
    if (!parsed.ok) return;
    const { name, shardCount, settings } = parsed;
    create.mutate(
      { name, shardCount, splitKeys: form.text.splitKeys, settings },
      {
        onSuccess: () =>
          toast.success(`Stream ${name} was created`, { description: 'Its shardlets open within seconds.' }),
      },
    );
  }
  return (
    <Dialog open={form.open} onOpenChange={form.setOpen}>
      <DialogTrigger asChild>{children}</DialogTrigger>
      <DialogContent
        title="New stream"
        description="A named log with its own retention, spread over all active hosts."
      >
        <form onSubmit={submit} className="mt-5 grid gap-4" noValidate>
          <IdentityFields text={form.text} errors={form.errors} onChange={form.change} />
          <SettingsFields text={form.text} errors={form.errors} onChange={form.change} />
          <Refusal message={create.error?.message} />
          <FormEnd pending={create.isPending} action="Create the stream" />
        </form>
      </DialogContent>
    </Dialog>
  );
}

export function AlterStream({ stream, children }: { stream: StreamView; children: ReactNode }) {
  const trpc = useTRPC();
  const form = useStreamForm(textOf(stream));
  const alter = useStreamMutation(trpc.streams.alter.mutationOptions(), form.close);
  function submit(event: FormEvent) {
    event.preventDefault();
    const parsed = form.parse();
    if (!parsed.ok) return;
    const before = {
      retentionMs: stream.retentionMs,
      retentionBytes: stream.retentionBytes,
      dedupWindowMs: stream.dedupWindowMs,
    };
    alter.mutate(
      { id: stream.id, settings: parsed.settings },
      {
        onSuccess: () =>
          toast.success(`Stream ${stream.name} was changed`, {
            action: { label: 'Undo', onClick: () => alter.mutate({ id: stream.id, settings: before }) },
          }),
      },
    );
  }
  return (
    <Dialog open={form.open} onOpenChange={form.setOpen}>
      <DialogTrigger asChild>{children}</DialogTrigger>
      <DialogContent
        title={`Settings of ${stream.name}`}
        description="A shorter retention trims what is past it within half a minute; that cannot be undone."
      >
        <form onSubmit={submit} className="mt-5 grid gap-4" noValidate>
          <SettingsFields text={form.text} errors={form.errors} onChange={form.change} />
          <Refusal message={alter.error?.message} />
          <FormEnd pending={alter.isPending} action="Save" />
        </form>
      </DialogContent>
    </Dialog>
  );
}

/** Nothing brings it back, so the name is typed, with what is lost in sight. */
export function DeleteStream({ stream, children }: { stream: StreamView; children: ReactNode }) {
  const trpc = useTRPC();
  const [open, setOpen] = useState(false);
  const [typed, setTyped] = useState('');
  const remove = useStreamMutation(trpc.streams.delete.mutationOptions(), () => setOpen(false));
  function submit(event: FormEvent) {
    event.preventDefault();
    remove.mutate({ id: stream.id }, { onSuccess: () => toast.success(`Stream ${stream.name} was deleted`) });
  }
  return (
    <Dialog
      open={open}
      onOpenChange={(next) => {
        setOpen(next);
        setTyped('');
        remove.reset();
      }}
    >
      <DialogTrigger asChild>{children}</DialogTrigger>
      <DialogContent
        title={`Delete ${stream.name}?`}
        description={`All its events are dropped: ${formatCount(stream.shardlets)} shardlets, ${formatRate(stream.eventsPerSecond)} events a second now. Clients that send to it get 404. It cannot be undone.`}
      >
        <form onSubmit={submit} className="mt-5 grid gap-4">
          <Field
            label={`Type ${stream.name} to confirm`}
            value={typed}
            onChange={(e) => setTyped(e.target.value)}
            autoComplete="off"
            spellCheck={false}
          />
          <Refusal message={remove.error?.message} />
          <FormEnd
            pending={remove.isPending}
            action="Delete for good"
            danger
            disabled={typed !== stream.name}
          />
        </form>
      </DialogContent>
    </Dialog>
  );
}

function useStreamForm(initial: StreamText) {
  const [open, setOpenState] = useState(false);
  const [text, setText] = useState(initial);
  const [errors, setErrors] = useState<FieldErrors>({});
  return {
    open,
    text,
    errors,
    setOpen(next: boolean) {
      setOpenState(next);
      // every opening starts from the present state of the stream
      setText(initial);
      setErrors({});
    },
    close: () => setOpenState(false),
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

/** Lists are read again after every change; the dialog closes when it was accepted. */
function useStreamMutation<I, O, E extends { message: string }>(
  options: Parameters<typeof useMutation<O, E, I>>[0],
  onDone: () => void,
) {
  const client = useQueryClient();
  return useMutation<O, E, I>({
    ...options,
    onSuccess: async () => {
      onDone();
      await client.invalidateQueries();
    },
  });
}

function Refusal({ message }: { message: string | undefined }) {
  if (message === undefined) return null;
  return (
    <p role="alert" className="rounded-md bg-bad-soft px-3 py-2 text-sm text-bad">
      {message}
    </p>
  );
}

function FormEnd({
  pending,
  action,
  danger = false,
  disabled = false,
}: {
  pending: boolean;
  action: string;
  danger?: boolean;
  disabled?: boolean;
}) {
  return (
    <div className="mt-1 flex justify-end gap-2">
      <DialogClose asChild>
        <Button look="quiet">Cancel</Button>
      </DialogClose>
      <Button type="submit" look={danger ? 'danger' : 'primary'} disabled={pending || disabled}>
        {pending ? 'Working' : action}
      </Button>
    </div>
  );
}
