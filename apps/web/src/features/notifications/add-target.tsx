'use client';

import type { NoticeKind } from '@foreshard/core/notifying';
import { notifications } from '@foreshard/core/operations';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { useTRPC } from '../../components/api.ts';
import { EdgeCurl } from '../../components/edge-curl.tsx';
import { OrderDialog, OrderForm } from '../../components/order-dialog.tsx';
import { Button } from '../../components/ui/button.tsx';
import { Command } from '../../components/ui/copy-button.tsx';
import { Field, Select } from '../../components/ui/field.tsx';
import { useTyped } from '../../components/use-typed.ts';

const PAUSE_DEFAULT = '60';

interface Kind {
  readonly kind: NoticeKind;
  readonly meaning: string;
}

export function AddTarget({ kinds, children }: { kinds: readonly Kind[]; children: ReactNode }) {
  return (
    <OrderDialog
      trigger={children}
      title="New target"
      description="Messages are signed as Standard Webhooks say, so that the receiver knows who sent them."
    >
      {(close) => <TargetForm kinds={kinds} onDone={close} />}
    </OrderDialog>
  );
}

function TargetForm({ kinds, onDone }: { kinds: readonly Kind[]; onDone(): void }) {
  const trpc = useTRPC();
  const client = useQueryClient();
  const [typed, field] = useTyped({ name: '', url: '', format: 'webhook', pause: PAUSE_DEFAULT });
  const [unwanted, setUnwanted] = useState<ReadonlySet<string>>(new Set());
  const add = useMutation(
    trpc.operations.notifications.addTarget.mutationOptions({ onSuccess: () => client.invalidateQueries() }),
  );
  if (add.data !== undefined)
    return <Secret name={add.data.target.name} secret={add.data.secret} onDone={onDone} />;
  const target = {
    ...{ name: typed.name, url: typed.url, format: typed.format as 'webhook' },
    kinds: kinds.map(({ kind }) => kind).filter((kind) => !unwanted.has(kind)),
    pauseSeconds: Number(typed.pause),
  };
  return (
    <OrderForm order={add} action="Add the target" onSubmit={() => add.mutate(target)}>
      <div className="grid gap-4 sm:grid-cols-2">
        <Field label="Name" placeholder="ops" hint="small letters and digits" {...field('name')} autoFocus />
        <Select label="Format" {...field('format')}>
          <option value="webhook">webhook (JSON)</option>
          <option value="slack">Slack</option>
        </Select>
      </div>
      <Field label="Address" type="url" placeholder="https://example.com/hook" {...field('url')} />
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
        {...field('pause')}
      />
      <div className="justify-self-start">
        <EdgeCurl operation={notifications.addTarget} input={target} />
      </div>
    </OrderForm>
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
