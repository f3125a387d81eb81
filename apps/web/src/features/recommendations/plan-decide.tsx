'use client';

/** Approve a plan or the chosen parts of it, at once or later, withdraw it, or undo what was done of it. */
import { OWN_CLUSTER } from '@foreshard/core/access';
import { plans } from '@foreshard/core/operations';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { toast } from 'sonner';
import { useTRPC } from '../../components/api.ts';
import { EdgeCurl } from '../../components/edge-curl.tsx';
import { MayButton } from '../../components/may-button.tsx';
import { OrderDialog, OrderForm } from '../../components/order-dialog.tsx';
import { ProblemText } from '../../components/problem-text.tsx';
import { Field, Select } from '../../components/ui/field.tsx';
import type { PlanView } from './plan-view.ts';

type When = 'now' | 'window' | 'time';

/** `chosen`: what is approved, with what it needs. */
export function PlanDecide({ plan, chosen }: { plan: PlanView; chosen: ReadonlySet<number> }) {
  const trpc = useTRPC();
  const client = useQueryClient();
  const [when, setWhen] = useState<When>('now');
  const [time, setTime] = useState('');
  const [note, setNote] = useState('');
  const refresh = () => void client.invalidateQueries();
  const approve = useMutation(
    trpc.operations.plans.schedule.mutationOptions({
      onSuccess: ({ results }) => {
        const approved = results.filter(({ result }) => result !== 'refused').length;
        if (approved === results.length)
          toast.success(`Approved: ${approved === 1 ? '1 part' : `${approved} parts`}`);
        else toast.warning(results.flatMap(({ refusal }) => refusal?.detail ?? []).join(' '));
        refresh();
      },
      onError: refresh,
    }),
  );
  const withdraw = useMutation(
    trpc.operations.plans.withdraw.mutationOptions({
      onSuccess: () => {
        toast.success('Plan withdrawn');
        refresh();
      },
      onError: refresh,
    }),
  );
  const about = { cluster: plan.cluster ?? OWN_CLUSTER };
  const { open, approved } = plan.counts;
  const isAll = chosen.size === open;
  const blocked = plan.rows.filter(({ id, obstacle }) => chosen.has(id) && obstacle !== null);
  const start = when === 'time' ? Date.parse(time) : when;
  const isReady =
    chosen.size > 0 && blocked.length < chosen.size && (typeof start === 'string' || !Number.isNaN(start));
  const approval = () => ({
    ...{ plan: plan.id, revision: plan.revision, topologyVersion: plan.topologyVersion, note },
    ...(isAll && blocked.length === 0
      ? {}
      : { parts: [...chosen].filter((id) => !blocked.some((one) => one.id === id)) }),
    when: typeof start === 'string' ? start : new Date(start).toISOString(),
  });
  return (
    <section aria-label={`Decide on plan ${plan.id}`} className="grid gap-3">
      <Blocked rows={blocked} />
      <div className="grid items-start gap-3 sm:grid-cols-[12rem_minmax(0,1fr)]">
        <Select label="Begin" value={when} onChange={(e) => setWhen(e.target.value as When)}>
          <option value="now">at once</option>
          <option value="window">in the next migration window</option>
          <option value="time">not before a time</option>
        </Select>
        <Field
          label="Note (required to withdraw)"
          value={note}
          onChange={(e) => setNote(e.target.value)}
          hint="One note for all parts"
        />
        {when === 'time' ? (
          <Field
            label="Not before"
            type="datetime-local"
            value={time}
            onChange={(e) => setTime(e.target.value)}
            hint={Intl.DateTimeFormat().resolvedOptions().timeZone}
          />
        ) : null}
      </div>
      <ProblemText error={approve.error ?? withdraw.error} />
      <div className="flex flex-wrap items-center justify-end gap-2">
        {isReady ? <EdgeCurl operation={plans.schedule} input={approval()} /> : null}
        <MayButton
          may={plans.withdraw}
          on={about}
          look="danger"
          disabled={note.trim() === ''}
          busy={withdraw.isPending}
          onClick={() => withdraw.mutate({ plan: plan.id, note })}
        >
          {approved > 0 ? 'Withdraw what waits' : 'Withdraw plan'}
        </MayButton>
        <MayButton
          may={plans.schedule}
          on={about}
          look="primary"
          disabled={!isReady}
          busy={approve.isPending}
          onClick={() => approve.mutate(approval())}
        >
          {isAll
            ? `Approve ${plan.counts.parts > open ? `the other ${open}` : 'plan'}`
            : `Approve ${chosen.size} of ${open}`}
        </MayButton>
      </div>
    </section>
  );
}

/** What cannot be approved yet, each reason once. */
function Blocked({ rows }: { rows: PlanView['rows'] }) {
  const reasons = [...new Set(rows.flatMap(({ obstacle }) => obstacle ?? []))];
  if (reasons.length === 0) return null;
  return (
    <ul className="grid gap-1 text-sm text-warn">
      {reasons.map((reason) => (
        <li key={reason}>{reason}</li>
      ))}
    </ul>
  );
}

export function UndoPlan({ plan }: { plan: PlanView }) {
  const trpc = useTRPC();
  const client = useQueryClient();
  const [note, setNote] = useState('');
  const undo = useMutation(
    trpc.operations.plans.undo.mutationOptions({ onSettled: () => client.invalidateQueries() }),
  );
  const about = { cluster: plan.cluster ?? OWN_CLUSTER };
  return (
    <OrderDialog
      title="Undo this plan"
      description="Moves before their cutover are aborted, finished ones are moved back. Splits, rolls and merges stay: they moved no data."
      trigger={
        <MayButton may={plans.undo} on={about} size="sm">
          Undo plan
        </MayButton>
      }
    >
      {(close) => (
        <OrderForm
          order={undo}
          action="Undo plan"
          cancel="Keep it"
          look="danger"
          onSubmit={() => undo.mutate({ plan: plan.id, note }, { onSuccess: close })}
        >
          <Field
            label="Note"
            value={note}
            onChange={(e) => setNote(e.target.value)}
            hint="Kept with the moves that lead back"
          />
        </OrderForm>
      )}
    </OrderDialog>
  );
}
