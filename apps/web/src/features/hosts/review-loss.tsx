'use client';

/** What a host that went back has lost, before a person accepts it; it cannot be undone, so its name is typed. */
import { hosts } from '@foreshard/core/operations';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { toast } from 'sonner';
import { useTRPC } from '../../components/api.ts';
import { EdgeCurl } from '../../components/edge-curl.tsx';
import { MayButton } from '../../components/may-button.tsx';
import { OrderDialog } from '../../components/order-dialog.tsx';
import { ProblemText } from '../../components/problem-text.tsx';
import { inputClass } from '../../components/ui/field.tsx';
import { formatCount } from '../../formatting/numbers.ts';

/** The command line and the API list all of them. */
const SHOWN_MAX = 50;

interface Suspended {
  readonly id: number;
  readonly name: string;
}

export function ReviewLoss({ host }: { host: Suspended }) {
  return (
    <OrderDialog
      trigger={
        <MayButton may={hosts.loss} size="sm" look="primary" aria-label={`Review loss: ${host.name}`}>
          Review loss
        </MayButton>
      }
      title={`What ${host.name} lost`}
      description="It went back to an older state. If a newer copy of its data exists, start it on that first."
    >
      {(close) => <LossOrder host={host} onDone={close} />}
    </OrderDialog>
  );
}

function LossOrder({ host, onDone }: { host: Suspended; onDone(): void }) {
  const trpc = useTRPC();
  const client = useQueryClient();
  const [typed, setTyped] = useState('');
  const review = useQuery({ ...trpc.operations.hosts.loss.queryOptions({ host: host.id }), retry: false });
  const accept = useMutation(
    trpc.operations.hosts.acceptLoss.mutationOptions({
      onSuccess: () => {
        toast.success(`Loss of ${host.name} accepted`, { description: 'The worker readmits it.' });
        void client.invalidateQueries();
        onDone();
      },
    }),
  );
  const { data } = review;
  if (data === undefined)
    return review.error === null ? (
      <p className="mt-4 text-sm text-soft">Looking at the host…</p>
    ) : (
      <ProblemText error={review.error} />
    );
  const { incarnation, shardlets, whole, absent, atRisk, consequences, detail } = data;
  return (
    <div className="mt-4 grid gap-3">
      <p className="text-sm">{detail}</p>
      <p className="text-sm">
        {formatCount(atRisk)} events at risk in {formatCount(shardlets.length)} shardlets,{' '}
        {formatCount(absent)} of them absent; {formatCount(whole)} whole.
      </p>
      {shardlets.length === 0 ? null : <LossTable shardlets={shardlets} />}
      <ul className="grid list-disc gap-1 pl-5 text-sm text-soft">
        {consequences.map((consequence) => (
          <li key={consequence}>{consequence}</li>
        ))}
      </ul>
      <label className="grid gap-1 text-soft text-xs">
        Type the name of the host: accepting cannot be undone
        <input value={typed} onChange={(e) => setTyped(e.target.value)} className={inputClass} />
      </label>
      <ProblemText error={accept.error} />
      <div className="flex flex-wrap items-center gap-2">
        <MayButton
          may={hosts.acceptLoss}
          look="primary"
          disabled={typed !== host.name || accept.isPending}
          onClick={() => accept.mutate({ host: host.id, incarnation })}
        >
          Accept loss
        </MayButton>
        <EdgeCurl operation={hosts.acceptLoss} input={{ host: host.id, incarnation }} />
      </div>
    </div>
  );
}

interface Row {
  readonly shardlet: number;
  readonly stream: string;
  readonly lastSeqBefore: number | null;
  readonly lastSeqNow: number | null;
  readonly certainSeq: number;
  readonly atRisk: number;
}

function LossTable({ shardlets }: { shardlets: readonly Row[] }) {
  const more = shardlets.length - SHOWN_MAX;
  return (
    <div className="max-h-64 overflow-auto">
      <table className="tabular w-full text-xs">
        <thead className="text-left text-faint">
          <tr>
            <th scope="col">Shardlet</th>
            <th scope="col">Stream</th>
            <th scope="col">Last before</th>
            <th scope="col">Last now</th>
            <th scope="col">Certain</th>
            <th scope="col">At risk</th>
          </tr>
        </thead>
        <tbody>
          {shardlets.slice(0, SHOWN_MAX).map((row) => (
            <tr key={row.shardlet}>
              <td>{row.shardlet}</td>
              <td>{row.stream}</td>
              <td>{row.lastSeqBefore ?? 'unknown'}</td>
              <td>{row.lastSeqNow ?? 'absent'}</td>
              <td>{row.certainSeq}</td>
              <td>{formatCount(row.atRisk)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {more > 0 ? <p className="text-xs text-soft">And {formatCount(more)} more.</p> : null}
    </div>
  );
}
