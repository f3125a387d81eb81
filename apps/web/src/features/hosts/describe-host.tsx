'use client';

/** What only its operator knows of a host: its zone, its labels, and what it can take. */
import { type HostCapacity, hostFactsSchema, readLabels, writeLabels } from '@foreshard/core/topology';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { toast } from 'sonner';
import { useTRPC } from '../../components/api.ts';
import { EdgeCurl } from '../../components/edge-curl.tsx';
import { Button } from '../../components/ui/button.tsx';
import { Dialog, DialogContent } from '../../components/ui/dialog.tsx';
import { Field } from '../../components/ui/field.tsx';
import type { HostView } from '../../server/cluster/host-views.ts';

const RESOURCES = [
  ['eventsPerSecond', 'Events', 'events/s'],
  ['bytesPerSecond', 'Bytes of events', 'bytes/s'],
  ['readsPerSecond', 'Reads', 'reads/s'],
  ['networkBytesPerSecond', 'Network', 'bytes/s'],
] as const satisfies readonly (readonly [keyof HostCapacity, string, string])[];

export function DescribeHost({ host }: { host: HostView }) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <Button size="sm" onClick={() => setOpen(true)} aria-label={`Describe: ${host.name}`}>
        Describe
      </Button>
      {open ? <DescribeDialog host={host} onClose={() => setOpen(false)} /> : null}
    </>
  );
}

function DescribeDialog({ host, onClose }: { host: HostView; onClose(): void }) {
  const trpc = useTRPC();
  const client = useQueryClient();
  const [zone, setZone] = useState(host.zone);
  const [labels, setLabels] = useState(writeLabels(host.labels));
  const [capacity, setCapacity] = useState<Readonly<Record<string, string>>>(() =>
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
    trpc.hosts.describe.mutationOptions({
      onSuccess: () => {
        toast.success(`${host.name} is described`, { description: 'The next plan goes by it.' });
        void client.invalidateQueries();
        onClose();
      },
      onError: (error) => toast.error('Not described', { description: error.message }),
    }),
  );
  return (
    <Dialog open onOpenChange={(open) => !open && onClose()}>
      <DialogContent
        title={`Describe ${host.name}`}
        description="The planner spreads over zones, places by labels, and plans for what the host takes."
      >
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
            value={zone}
            onChange={(e) => setZone(e.target.value)}
            hint="What fails together: a rack, a room, a data centre"
            error={problem('zone')}
          />
          <Field
            label="Labels"
            value={labels}
            onChange={(e) => setLabels(e.target.value)}
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
                  value={capacity[name]}
                  onChange={(e) => setCapacity({ ...capacity, [name]: e.target.value })}
                  error={problem(name)}
                />
              ))}
            </div>
          </fieldset>
          <div className="flex flex-wrap items-center gap-2">
            <Button type="submit" look="primary" disabled={!facts.success || describe.isPending}>
              Save
            </Button>
            <EdgeCurl method="PATCH" path={`/v1/hosts/${host.id}`} body={facts.data ?? {}} />
          </div>
        </form>
      </DialogContent>
    </Dialog>
  );
}
