'use client';

import { hints } from '@foreshard/core/operations';
import { zodResolver } from '@hookform/resolvers/zod';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { useForm } from 'react-hook-form';
import { toast } from 'sonner';
import { useTRPC } from '../../components/api.ts';
import { EdgeCurl } from '../../components/edge-curl.tsx';
import { OrderDialog, OrderForm } from '../../components/order-dialog.tsx';
import { Field, Select } from '../../components/ui/field.tsx';
import { type HintForm, hintFormSchema, requestOf } from './hint-form.ts';

function fresh(): HintForm {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  return {
    ...{ stream: 'main', from: '', to: '', zone, kind: 'factor', amount: '2' },
    ...{ keys: '', types: '', shards: '', every: 'once', until: '', because: '' },
  };
}

export function AddHint({ children }: { children: ReactNode }) {
  return (
    <OrderDialog
      trigger={children}
      title="New hint"
      description="Load that people know of and no model can. It counts at once."
    >
      {(close) => <HintFields onDone={close} />}
    </OrderDialog>
  );
}

function HintFields({ onDone }: { onDone(): void }) {
  const trpc = useTRPC();
  const client = useQueryClient();
  const streams = useQuery(trpc.streams.list.queryOptions());
  const form = useForm<HintForm>({ resolver: zodResolver(hintFormSchema), defaultValues: fresh() });
  const add = useMutation(
    trpc.operations.hints.add.mutationOptions({
      onSuccess: async () => {
        onDone();
        toast.success('The hint is in the forecasts from now on');
        await client.invalidateQueries();
      },
    }),
  );
  const errors = form.formState.errors;
  const field = (name: keyof HintForm) => ({ ...form.register(name), error: errors[name]?.message });
  return (
    <OrderForm
      order={add}
      action="Add the hint"
      onSubmit={form.handleSubmit((values) => add.mutate(requestOf(values)))}
    >
      <Field label="Because" placeholder="Sale begins, newsletter goes out" {...field('because')} autoFocus />
      <div className="grid gap-4 sm:grid-cols-2 [&>div]:gap-1.5 [&_label]:font-medium [&_label]:text-sm [&_label]:text-text">
        <Field label="From" type="datetime-local" hint={`in ${form.watch('zone')}`} {...field('from')} />
        <Field label="To" type="datetime-local" {...field('to')} />
        <Select label="Expect" {...form.register('kind')}>
          <option value="factor">times the forecast</option>
          <option value="perSecond">events a second</option>
        </Select>
        <Field label="Amount" inputMode="decimal" {...field('amount')} />
        <Select label="Repeat" {...form.register('every')}>
          <option value="once">once</option>
          <option value="day">every day</option>
          <option value="week">every week</option>
          <option value="month">every month on this date</option>
        </Select>
        <Field label="Until" type="datetime-local" hint="empty: for ever" {...field('until')} />
        <Select label="Stream" {...form.register('stream')}>
          {streams.data?.map(({ id, name }) => <option key={id}>{name}</option>) ?? <option>main</option>}
        </Select>
        <Field label="Shards" hint="numbers with commas; empty: all" {...field('shards')} />
        <Field label="Keys" hint="with commas; empty: all" {...field('keys')} />
        <Field label="Event types" hint="with commas; empty: all" {...field('types')} />
      </div>
      {errors.every === undefined ? null : (
        <p role="alert" className="text-xs text-bad">
          {errors.every.message}
        </p>
      )}
      <div className="justify-self-start">
        <EdgeCurl operation={hints.add} input={requestOf(form.watch())} />
      </div>
    </OrderForm>
  );
}
