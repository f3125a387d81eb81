'use client';

/** What only its operator knows of a host: its zone, its labels, and what it can take. */
import { hosts } from '@foreshard/core/operations';
import { type HostCapacity, hostFactsSchema, readLabels, writeLabels } from '@foreshard/core/topology';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { toast } from 'sonner';
import { useTRPC } from '../../components/api.ts';
import { EdgeCurl } from '../../components/edge-curl.tsx';
import { Button } from '../../components/ui/button.tsx';
import { Field } from '../../components/ui/field.tsx';
import { useTyped } from '../../components/use-typed.ts';
import type { HostView } from '../../server/cluster/host-views.ts';

const RESOURCES = [
  ['eventsPerSecond', 'Events', 'events/s'],
  ['bytesPerSecond', 'Bytes of events', 'bytes/s'],
  ['readsPerSecond', 'Reads', 'reads/s'],
  ['networkBytesPerSecond', 'Network', 'bytes/s'],
] as const satisfies readonly (readonly [keyof HostCapacity, string, string])[];

export function editWords({ name }: HostView) {
  return {
    title: `Edit ${name}`,
    description: 'The planner spreads over zones, places by labels, and plans for what the host takes.',
  };
}

export function EditForm({ host, onDone }: { host: HostView; onDone(): void }) {
  const trpc = useTRPC();
  const client = useQueryClient();
  const [{ zone, labels }, field] = useTyped({ zone: host.zone, labels: writeLabels(host.labels) });
  const [capacity, capacityField] = useTyped(
    Object.fromEntries(RESOURCES.map(([name]) => [name, String(host.capacity[name] ?? '')])),
  );
  const facts = hostFactsSchema.safeParse({
    zone: zone.trim(),
    labels: readLabels(labels),
    capacity: Object.fromEntries(
      Object.entries(capacity).flatMap(([name, text]) => (text.trim() === '' ? [] : [[name, Number(text)]])),
    ),
  });
  const hasBareWord = Object.values(readLabels(labels)).includes('');
  const problem = (field: string) =>
    facts.error?.issues.find(({ path }) => path[0] === field || path[1] === field)?.message;
  const describe = useMutation(
    trpc.operations.hosts.describe.mutationOptions({
      onSuccess: () => {
        toast.success(`${host.name} is saved`, { description: 'The next plan uses it.' });
        void client.invalidateQueries();
        onDone();
      },
      onError: (error) => toast.error('Not saved', { description: error.message }),
    }),
  );
  return (
    <form
      className="mt-4 grid gap-3"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        if (facts.success) describe.mutate({ host: host.id, ...facts.data });
      }}
    >
      <Field
        label="Zone"
        {...field('zone')}
        hint="What fails together: a rack, a room, a data centre"
        error={problem('zone')}
      />
      <Field
        label="Labels"
        {...field('labels')}
        placeholder="disk=ssd rack=r1"
        hint="What rules of placement in the policy may ask for"
        error={hasBareWord ? 'NAME=VALUE, parted by blanks' : problem('labels')}
      />
      <fieldset className="grid gap-3">
        <legend className="mb-1 text-soft text-sm">
          What it takes; left empty, what the policy says of all hosts
        </legend>
        <div className="grid gap-3 sm:grid-cols-2">
          {RESOURCES.map(([name, label, unit]) => (
            <Field
              key={name}
              label={label}
              unit={unit}
              inputMode="decimal"
              {...capacityField(name)}
              error={problem(name)}
            />
          ))}
        </div>
      </fieldset>
      <div className="flex flex-wrap items-center gap-2">
        <Button type="submit" look="primary" disabled={!facts.success || describe.isPending}>
          Save
        </Button>
        <EdgeCurl operation={hosts.describe} input={{ host: host.id, ...facts.data }} />
      </div>
    </form>
  );
}
