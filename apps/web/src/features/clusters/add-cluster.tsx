'use client';

/** A cluster that is not ours, described by the load of its partitions. */
import { clusters } from '@foreshard/core/operations';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Plus } from 'lucide-react';
import { useState } from 'react';
import { toast } from 'sonner';
import { useTRPC } from '../../components/api.ts';
import { EdgeCurl } from '../../components/edge-curl.tsx';
import { MayButton } from '../../components/may-button.tsx';
import { OrderDialog, OrderForm } from '../../components/order-dialog.tsx';
import { Field, Select } from '../../components/ui/field.tsx';
import { Segmented } from '../../components/ui/segmented.tsx';
import { useTyped } from '../../components/use-typed.ts';
import { CsvField } from './csv-field.tsx';
import { reportText } from './report-text.ts';
import { TargetSelect } from './target-select.tsx';
import { useHostsCsv } from './use-hosts-csv.ts';

const LOAD_COLUMNS = 'time,partition,host,events_per_second[,bytes_per_second,bytes]';
const HOST_COLUMNS = 'host,events_per_second[,bytes_per_second,memory_bytes,zone]';
const SOURCES = [
  ['file', 'A file'],
  ['prometheus', 'Prometheus'],
] as const;

export function AddCluster({ targets }: { targets: readonly string[] }) {
  return (
    <OrderDialog
      trigger={
        <MayButton may={clusters.add} look="primary">
          <Plus /> Add cluster
        </MayButton>
      }
      title="Add a cluster that is not ours"
      description="It is observed, forecast and advised. Nothing of it is moved, and no data of it comes here but its load."
    >
      {(close) => <AddForm targets={targets} onDone={close} />}
    </OrderDialog>
  );
}

function AddForm({ targets, onDone }: { targets: readonly string[]; onDone(): void }) {
  const trpc = useTRPC();
  const client = useQueryClient();
  const [source, setSource] = useState<'file' | 'prometheus'>('file');
  const [typed, field] = useTyped({
    ...{ name: '', url: '', query: '', partitionLabel: 'partition', hostLabel: 'host' },
    ...{ shift: 'auto', webhook: '' },
  });
  const [load, setLoad] = useState<string>();
  const { hosts, isMissing, ...hostsFile } = useHostsCsv();
  const add = useMutation(
    trpc.operations.clusters.add.mutationOptions({
      onSuccess: async (report) => {
        toast.success(`${report.name} is observed now`, { description: reportText(report) });
        await client.invalidateQueries();
        onDone();
      },
    }),
  );
  const { name, url, query, partitionLabel, hostLabel, webhook } = typed;
  const hasSource = source === 'file' ? load !== undefined : url !== '' && query !== '';
  const input = {
    name,
    ...(source === 'file'
      ? { load, shift: typed.shift as 'auto' }
      : { prometheus: { url, query, partitionLabel, hostLabel } }),
    ...(hosts === undefined ? {} : { hosts }),
    ...(webhook === '' ? {} : { webhook }),
  };
  // the file stays a file; beside hosts it is a member of JSON
  const shown = load === undefined || hosts !== undefined ? input : { ...input, load: '@load.csv' };
  return (
    <OrderForm
      order={add}
      action="Add the cluster"
      disabled={name === '' || !hasSource || isMissing}
      onSubmit={() => add.mutate(input)}
    >
      <Field
        label="Name"
        placeholder="legacy"
        hint="small letters, digits, hyphens"
        autoFocus
        {...field('name')}
      />
      <div className="justify-self-start">
        <Segmented
          label="Where its load is read from"
          value={source}
          choices={SOURCES}
          onChange={(one) => setSource(one)}
        />
      </div>
      {source === 'file' ? (
        <>
          <CsvField label="Load of its partitions" hint={LOAD_COLUMNS} onText={setLoad} />
          <Select label="Times of an old record" {...field('shift')}>
            <option value="auto">moved so that it ends now, when it ended long ago</option>
            <option value="end-now">moved so that it ends now</option>
            <option value="none">left as they are</option>
          </Select>
        </>
      ) : (
        <>
          <Field label="Address" type="url" placeholder="http://prometheus:9090" {...field('url')} />
          <Field
            label="Query"
            placeholder="sum by (partition, host) (rate(messages_in_total[2m]))"
            hint="events a second, one series for each partition"
            spellCheck={false}
            {...field('query')}
          />
          <div className="grid gap-4 sm:grid-cols-2">
            <Field label="Label of the partition" {...field('partitionLabel')} />
            <Field label="Label of the host" {...field('hostLabel')} />
          </div>
        </>
      )}
      <CsvField
        label="What its hosts take (may be left out)"
        hint={`${HOST_COLUMNS}; of others the policy's capacity is assumed`}
        {...hostsFile}
      />
      <TargetSelect targets={targets} {...field('webhook')} />
      <div className="justify-self-start">
        <EdgeCurl operation={clusters.add} input={shown} />
      </div>
    </OrderForm>
  );
}
