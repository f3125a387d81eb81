'use client';

/** What people may do with a cluster that is not ours: newer load, who is told, capacities, and forgetting it. */
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { FileUp, Settings2, Trash2 } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import { toast } from 'sonner';
import { useTRPC } from '../../components/api.ts';
import { Button } from '../../components/ui/button.tsx';
import { Dialog, DialogClose, DialogContent, DialogTrigger } from '../../components/ui/dialog.tsx';
import { CsvField } from './csv-field.tsx';
import { OrderProblem } from './order-problem.tsx';
import { reportText } from './report-text.ts';
import { TargetSelect } from './target-select.tsx';

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
      {isFollowed ? null : <ImportLoad name={name} />}
      <ChangeCluster name={name} webhook={webhook} targets={targets} />
      <RemoveCluster name={name} />
    </div>
  );
}

function ImportLoad({ name }: { name: string }) {
  const trpc = useTRPC();
  const client = useQueryClient();
  const [open, setOpen] = useState(false);
  const [load, setLoad] = useState<string>();
  const [replace, setReplace] = useState(false);
  const add = useMutation(
    trpc.clusters.importLoad.mutationOptions({
      onSuccess: async (report) => {
        toast.success(`${name} is known further`, { description: reportText(report) });
        await client.invalidateQueries();
        setOpen(false);
      },
    }),
  );
  return (
    <OrderDialog
      open={open}
      onOpen={(next) => {
        setOpen(next);
        setLoad(undefined);
        add.reset();
      }}
      trigger={
        <>
          <FileUp /> Import newer load
        </>
      }
      title={`Newer load of ${name}`}
      description="What is known already is left out, so the same file may come again with more at its end."
      submit="Import it"
      disabled={load === undefined || add.isPending}
      onSubmit={() => add.mutate({ name, order: { load: load!, replace } })}
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
      <OrderProblem error={add.error} />
    </OrderDialog>
  );
}

function ChangeCluster({ name, webhook, targets }: Omit<OrdersProps, 'isFollowed'>) {
  const trpc = useTRPC();
  const client = useQueryClient();
  const [open, setOpen] = useState(false);
  const [target, setTarget] = useState(webhook ?? '');
  const [hostsCsv, setHostsCsv] = useState<string>();
  const change = useMutation(
    trpc.clusters.change.mutationOptions({
      onSuccess: async () => {
        toast.success(`${name} was changed`);
        await client.invalidateQueries();
        setOpen(false);
      },
    }),
  );
  return (
    <OrderDialog
      open={open}
      onOpen={(next) => {
        setOpen(next);
        setTarget(webhook ?? '');
        setHostsCsv(undefined);
        change.reset();
      }}
      trigger={
        <>
          <Settings2 /> Change
        </>
      }
      title={`Change ${name}`}
      description="Who is told what was approved, and what its hosts take."
      submit="Change it"
      disabled={change.isPending}
      onSubmit={() => change.mutate({ name, webhook: target === '' ? null : target, hostsCsv })}
    >
      <TargetSelect targets={targets} value={target} onChange={(event) => setTarget(event.target.value)} />
      <CsvField
        label="What its hosts take"
        hint="host,events_per_second[,bytes_per_second,memory_bytes,zone]; hosts that are not named stay as they are"
        onText={setHostsCsv}
      />
      <OrderProblem error={change.error} />
    </OrderDialog>
  );
}

interface OrderDialogProps {
  readonly open: boolean;
  onOpen(open: boolean): void;
  readonly trigger: ReactNode;
  readonly title: string;
  readonly description: string;
  readonly submit: string;
  readonly disabled: boolean;
  onSubmit(): void;
  readonly children: ReactNode;
}

function OrderDialog(props: OrderDialogProps) {
  const { open, onOpen, trigger, title, description, submit, disabled, onSubmit, children } = props;
  return (
    <Dialog open={open} onOpenChange={onOpen}>
      <DialogTrigger asChild>
        <Button size="sm">{trigger}</Button>
      </DialogTrigger>
      <DialogContent title={title} description={description}>
        <form
          className="mt-5 grid gap-4"
          onSubmit={(event) => {
            event.preventDefault();
            onSubmit();
          }}
        >
          {children}
          <div className="flex justify-end gap-2">
            <DialogClose asChild>
              <Button look="quiet">Cancel</Button>
            </DialogClose>
            <Button type="submit" look="primary" disabled={disabled}>
              {submit}
            </Button>
          </div>
        </form>
      </DialogContent>
    </Dialog>
  );
}

function RemoveCluster({ name }: { name: string }) {
  const trpc = useTRPC();
  const client = useQueryClient();
  const remove = useMutation(
    trpc.clusters.remove.mutationOptions({
      onSuccess: async () => {
        toast.success(`${name} is forgotten, and its load with it`);
        await client.invalidateQueries();
      },
      onError: (error) => toast.error(error.message),
    }),
  );
  return (
    <Dialog>
      <DialogTrigger asChild>
        <Button look="quiet" size="sm" aria-label={`Remove ${name}`}>
          <Trash2 />
        </Button>
      </DialogTrigger>
      <DialogContent
        title={`Forget ${name}?`}
        description="Its recorded load goes, and what was recommended for it ends. The cluster itself knows nothing of that."
      >
        <div className="mt-5 flex justify-end gap-2">
          <DialogClose asChild>
            <Button look="quiet">Keep it</Button>
          </DialogClose>
          <Button look="danger" disabled={remove.isPending} onClick={() => remove.mutate({ name })}>
            Forget it
          </Button>
        </div>
      </DialogContent>
    </Dialog>
  );
}
