'use client';

/** What people may do with a cluster that is not ours: newer load, who is told, capacities, and forgetting it. */
import { clusters } from '@foreshard/core/operations';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { FileUp, Settings2 } from 'lucide-react';
import { useState } from 'react';
import { toast } from 'sonner';
import { useTRPC } from '../../components/api.ts';
import { EdgeCurl } from '../../components/edge-curl.tsx';
import { MayButton } from '../../components/may-button.tsx';
import { OrderDialog, OrderForm, RemoveDialog } from '../../components/order-dialog.tsx';
import { CsvField } from './csv-field.tsx';
import { reportText } from './report-text.ts';
import { TargetSelect } from './target-select.tsx';
import { useHostsCsv } from './use-hosts-csv.ts';

interface OrdersProps {
  readonly name: string;
  readonly webhook: string | null;
  /** it is read from somewhere by itself */
  readonly isFollowed: boolean;
  readonly targets: readonly string[];
}

export function ClusterOrders({ name, webhook, isFollowed, targets }: OrdersProps) {
  return (
    <div className="flex flex-wrap gap-2 border-line border-t px-5 py-3">
      {isFollowed ? null : (
        <OrderDialog
          trigger={
            <MayButton may={clusters.importLoad} on={{ name }} size="sm">
              <FileUp /> Import newer load
            </MayButton>
          }
          title={`Newer load of ${name}`}
          description="What is known already is left out, so the same file may come again with more at its end."
        >
          {(close) => <ImportLoad name={name} onDone={close} />}
        </OrderDialog>
      )}
      <OrderDialog
        trigger={
          <MayButton may={clusters.change} on={{ name }} size="sm">
            <Settings2 /> Change
          </MayButton>
        }
        title={`Change ${name}`}
        description="Who is told what was approved, and what its hosts take."
      >
        {(close) => <ChangeCluster name={name} webhook={webhook} targets={targets} onDone={close} />}
      </OrderDialog>
      <RemoveCluster name={name} />
    </div>
  );
}

function ImportLoad({ name, onDone }: { name: string; onDone(): void }) {
  const trpc = useTRPC();
  const client = useQueryClient();
  const [load, setLoad] = useState<string>();
  const [replace, setReplace] = useState(false);
  const add = useMutation(
    trpc.operations.clusters.importLoad.mutationOptions({
      onSuccess: async (report) => {
        toast.success(`${name} is known further`, { description: reportText(report) });
        await client.invalidateQueries();
        onDone();
      },
    }),
  );
  return (
    <OrderForm
      order={add}
      action="Import it"
      disabled={load === undefined}
      onSubmit={() => add.mutate({ name, load: load!, replace })}
    >
      <CsvField
        label="Load of its partitions"
        hint="time,partition,host,events_per_second[,bytes_per_second,bytes]"
        onText={setLoad}
      />
      <label className="flex items-start gap-2 text-sm">
        <input
          type="checkbox"
          checked={replace}
          onChange={() => setReplace(!replace)}
          className="mt-0.5 size-4 accent-(--accent)"
        />
        Begin anew: what was recorded before is removed
      </label>
      <div className="justify-self-start">
        <EdgeCurl operation={clusters.importLoad} input={{ name, load: '@load.csv', replace }} />
      </div>
    </OrderForm>
  );
}

function ChangeCluster({
  name,
  webhook,
  targets,
  onDone,
}: Omit<OrdersProps, 'isFollowed'> & { onDone(): void }) {
  const trpc = useTRPC();
  const client = useQueryClient();
  const [target, setTarget] = useState(webhook ?? '');
  const { hosts, isMissing, ...hostsFile } = useHostsCsv();
  const change = useMutation(
    trpc.operations.clusters.change.mutationOptions({
      onSuccess: async () => {
        toast.success(`${name} was changed`);
        await client.invalidateQueries();
        onDone();
      },
    }),
  );
  const input = {
    ...{ name, webhook: target === '' ? null : target },
    ...(hosts === undefined ? {} : { hosts }),
  };
  return (
    <OrderForm order={change} action="Change it" disabled={isMissing} onSubmit={() => change.mutate(input)}>
      <TargetSelect targets={targets} value={target} onChange={(event) => setTarget(event.target.value)} />
      <CsvField
        label="What its hosts take"
        hint="host,events_per_second[,bytes_per_second,memory_bytes,zone]; hosts that are not named stay as they are"
        {...hostsFile}
      />
      <div className="justify-self-start">
        <EdgeCurl operation={clusters.change} input={input} />
      </div>
    </OrderForm>
  );
}

function RemoveCluster({ name }: { name: string }) {
  const trpc = useTRPC();
  const client = useQueryClient();
  const remove = useMutation(
    trpc.operations.clusters.remove.mutationOptions({
      onSuccess: async () => {
        toast.success(`${name} is forgotten, and its load with it`);
        await client.invalidateQueries();
      },
    }),
  );
  return (
    <RemoveDialog
      may={clusters.remove}
      on={{ name }}
      name={name}
      title={`Forget ${name}?`}
      description="Its recorded load goes, and what was recommended for it ends. The cluster itself knows nothing of that."
      action="Forget it"
      order={remove}
      onRemove={() => remove.mutate({ name })}
    >
      <EdgeCurl operation={clusters.remove} input={{ name }} />
    </RemoveDialog>
  );
}
