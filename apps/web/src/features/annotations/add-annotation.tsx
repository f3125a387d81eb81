'use client';

import { annotations } from '@foreshard/core/operations';
import { zodResolver } from '@hookform/resolvers/zod';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { useForm } from 'react-hook-form';
import { toast } from 'sonner';
import { useTRPC } from '../../components/api.ts';
import { EdgeCurl } from '../../components/edge-curl.tsx';
import { OrderDialog, OrderForm } from '../../components/order-dialog.tsx';
import { Field, Select } from '../../components/ui/field.tsx';
import {
  type AnnotationForm,
  type AnnotationPlace,
  annotationFormSchema,
  freshForm,
  requestOf,
} from './annotation-form.ts';

export function AddAnnotation({ place, children }: { place: AnnotationPlace; children: ReactNode }) {
  return (
    <OrderDialog
      trigger={children}
      title="New annotation"
      description="Shown on the heat map and on the chart of forecasts. It changes no forecast: add a hint for that."
    >
      {(close) => <Fields place={place} onDone={close} />}
    </OrderDialog>
  );
}

function Fields({ place, onDone }: { place: AnnotationPlace; onDone(): void }) {
  const trpc = useTRPC();
  const client = useQueryClient();
  const form = useForm<AnnotationForm>({
    resolver: zodResolver(annotationFormSchema(place)),
    defaultValues: freshForm(place),
  });
  const add = useMutation(
    trpc.operations.annotations.add.mutationOptions({
      onSuccess: async () => {
        onDone();
        toast.success('The annotation was added');
        await client.invalidateQueries(trpc.operations.annotations.list.queryFilter());
      },
    }),
  );
  const errors = form.formState.errors;
  const field = (name: keyof AnnotationForm) => ({ ...form.register(name), error: errors[name]?.message });
  return (
    <OrderForm
      order={add}
      action="Add the annotation"
      onSubmit={form.handleSubmit((values) => add.mutate(requestOf(values, place)))}
    >
      <Field label="Text" placeholder="Sale begins" {...field('text')} autoFocus />
      <div className="grid gap-4 sm:grid-cols-2">
        <Field label="From" type="datetime-local" hint="local time" {...field('from')} />
        <Field label="To" type="datetime-local" hint="empty: a moment" {...field('to')} />
      </div>
      {place.range === undefined ? null : (
        <Select label="Keys" {...form.register('keys')}>
          <option value="range">{place.range.name}</option>
          <option value="all">all keys</option>
        </Select>
      )}
      <div className="justify-self-start">
        <EdgeCurl operation={annotations.add} input={requestOf(form.watch(), place)} />
      </div>
    </OrderForm>
  );
}
