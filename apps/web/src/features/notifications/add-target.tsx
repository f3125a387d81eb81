'use client';

import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { useTRPC } from '../../components/api.ts';
import { Button } from '../../components/ui/button.tsx';
import { Command } from '../../components/ui/copy-button.tsx';
import { Dialog, DialogClose, DialogContent, DialogTrigger } from '../../components/ui/dialog.tsx';
import { Field, Select } from '../../components/ui/field.tsx';

const PAUSE_DEFAULT = '60';

interface Kind {
  readonly kind: string;
  readonly meaning: string;
}

export function AddTarget({ kinds, children }: { kinds: readonly Kind[]; children: ReactNode }) {
  const [open, setOpen] = useState(false);
  return (
    <Dialog open={open} onOpenChange={setOpen}>
      <DialogTrigger asChild>{children}</DialogTrigger>
      <DialogContent
        title="New target"
        description="Messages are signed as Standard Webhooks say, so that the receiver knows who sent them."
      >
        {/* made anew each time it opens */}
        {open ? <TargetForm kinds={kinds} onDone={() => setOpen(false)} /> : null}
      </DialogContent>
    </Dialog>
  );
}

function TargetForm({ kinds, onDone }: { kinds: readonly Kind[]; onDone(): void }) {
  const trpc = useTRPC();
  const client = useQueryClient();
  const [typed, setTyped] = useState({ name: '', url: '', format: 'webhook', pause: PAUSE_DEFAULT });
  const [unwanted, setUnwanted] = useState<ReadonlySet<string>>(new Set());
  const add = useMutation(
    trpc.notifications.add.mutationOptions({ onSuccess: () => client.invalidateQueries() }),
  );
  const set = (name: keyof typeof typed) => ({
    value: typed[name],
    onChange: (event: { target: { value: string } }) => setTyped({ ...typed, [name]: event.target.value }),
  });
  if (add.data !== undefined) return <Secret name={add.data.name} secret={add.data.secret} onDone={onDone} />;
  return (
    <form
      className="mt-5 grid gap-4"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        const wanted = kinds.map(({ kind }) => kind).filter((kind) => !unwanted.has(kind));
        add.mutate({
          name: typed.name,
          url: typed.url,
          format: typed.format as 'webhook',
          kinds: wanted as never,
          pauseSeconds: Number(typed.pause),
        });
      }}
    >
      <div className="grid gap-4 sm:grid-cols-2">
        <Field label="Name" placeholder="ops" hint="small letters and digits" {...set('name')} autoFocus />
        <Select label="Format" {...set('format')}>
          <option value="webhook">webhook (JSON)</option>
          <option value="slack">Slack</option>
        </Select>
      </div>
      <Field label="Address" type="url" placeholder="https://example.com/hook" {...set('url')} />
      <fieldset className="grid gap-2">
        <legend className="mb-2 font-medium text-sm">Tell it when</legend>
        {kinds.map(({ kind, meaning }) => (
          <label key={kind} className="flex items-start gap-2 text-sm">
            <input
              type="checkbox"
              checked={!unwanted.has(kind)}
              onChange={() => setUnwanted(toggled(unwanted, kind))}
              className="mt-0.5 size-4 accent-(--accent)"
            />
            {meaning}
          </label>
        ))}
      </fieldset>
      <Field
        label="At most one message in"
        inputMode="numeric"
        unit="seconds"
        hint="what comes up meanwhile is told in one"
        {...set('pause')}
      />
      {add.error === null ? null : (
        <p
          role="alert"
          className="whitespace-pre-line break-words rounded-md bg-bad-soft px-3 py-2 text-bad text-sm"
        >
          {add.error.message}
        </p>
      )}
      <div className="flex justify-end gap-2">
        <DialogClose asChild>
          <Button look="quiet">Cancel</Button>
        </DialogClose>
        <Button type="submit" look="primary" disabled={add.isPending}>
          Add the target
        </Button>
      </div>
    </form>
  );
}

function Secret({ name, secret, onDone }: { name: string; secret: string; onDone(): void }) {
  return (
    <div className="mt-5 grid gap-4">
      <p className="text-sm">
        <span className="font-medium">{name}</span> is told from now on. This is the secret of its signatures;
        it is shown this once.
      </p>
      <Command text={secret} />
      <div className="flex justify-end">
        <Button look="primary" onClick={onDone}>
          I have kept it
        </Button>
      </div>
    </div>
  );
}

function toggled(set: ReadonlySet<string>, one: string): ReadonlySet<string> {
  const next = new Set(set);
  if (!next.delete(one)) next.add(one);
  return next;
}
