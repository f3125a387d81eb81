'use client';

/** Approve at once, in a window or at a time, or reject with the reason. What is refused says why. */
import { OWN_CLUSTER } from '@foreshard/core/access';
import { recommendations } from '@foreshard/core/operations';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { toast } from 'sonner';
import { useTRPC } from '../../components/api.ts';
import { EdgeCurl } from '../../components/edge-curl.tsx';
import { MayButton } from '../../components/may-button.tsx';
import { ProblemText } from '../../components/problem-text.tsx';
import { Field, Select } from '../../components/ui/field.tsx';
import { formatMoment } from '../../formatting/time.ts';
import type { RecommendationView } from '../../server/recommendations/recommendation-view.ts';

type When = 'now' | 'best' | 'window' | 'time';

export function Decide({ row, onDone }: { row: RecommendationView; onDone(): void }) {
  const trpc = useTRPC();
  const client = useQueryClient();
  const bestAt = row.body.prepares?.bestAt;
  const [when, setWhen] = useState<When>(bestAt === undefined ? 'now' : 'best');
  const [time, setTime] = useState('');
  const [note, setNote] = useState('');
  const done = (text: string) => async () => {
    toast.success(text);
    onDone();
    await client.invalidateQueries();
  };
  // what was refused as stale is simulated anew: the list is read again, the dialog shows the new revision
  const onError = () => void client.invalidateQueries();
  const approve = useMutation(
    trpc.operations.recommendations.approve.mutationOptions({
      onSuccess: ({ state }) =>
        done(state === 'open' ? 'Approved by you. Another person has to approve it as well.' : 'Approved')(),
      onError,
    }),
  );
  const reject = useMutation(
    trpc.operations.recommendations.reject.mutationOptions({ onSuccess: done('Rejected'), onError }),
  );
  const canTakeBack = row.state === 'approved';
  if (row.state !== 'open' && !canTakeBack) return null;
  const error = approve.error ?? reject.error;
  const start = when === 'time' ? Date.parse(time) : when === 'best' ? Date.parse(bestAt ?? '') : when;
  const isReady = typeof start === 'string' || !Number.isNaN(start);
  const approval = () => ({
    ...{ recommendation: row.id, revision: row.revision, topologyVersion: row.topologyVersion, note },
    when: typeof start === 'string' ? start : new Date(start).toISOString(),
  });
  const about = { cluster: row.cluster === '' ? OWN_CLUSTER : row.cluster };
  const rejection = { recommendation: row.id, note };
  return (
    <section className="grid gap-3 border-line border-t pt-4">
      {row.obstacle === null ? null : <p className="text-sm text-warn">{row.obstacle}</p>}
      <div className="grid gap-3 sm:grid-cols-2">
        {canTakeBack ? null : (
          <Select label="Begin" value={when} onChange={(e) => setWhen(e.target.value as When)}>
            {bestAt === undefined ? null : (
              <option value="best">{`in the trough before the peak (${formatMoment(Date.parse(bestAt), 'local')})`}</option>
            )}
            <option value="now">at once</option>
            <option value="window">{`in the next window (${windowsText(row)})`}</option>
            <option value="time">not before a time</option>
          </Select>
        )}
        {when === 'time' && !canTakeBack ? (
          <Field
            label="Not before"
            type="datetime-local"
            value={time}
            onChange={(e) => setTime(e.target.value)}
            hint={Intl.DateTimeFormat().resolvedOptions().timeZone}
          />
        ) : null}
      </div>
      <Field
        label="Note"
        value={note}
        onChange={(e) => setNote(e.target.value)}
        hint="kept with the decision; needed to reject"
      />
      <ProblemText error={error} />
      <div className="flex flex-wrap justify-end gap-2">
        {canTakeBack ? (
          <EdgeCurl operation={recommendations.reject} input={rejection} />
        ) : isReady ? (
          <EdgeCurl operation={recommendations.approve} input={approval()} />
        ) : null}
        <MayButton
          may={recommendations.reject}
          on={about}
          look="danger"
          disabled={note.trim() === ''}
          busy={reject.isPending}
          onClick={() => reject.mutate(rejection)}
        >
          {canTakeBack ? 'Take the approval back' : 'Reject'}
        </MayButton>
        {canTakeBack ? null : (
          <MayButton
            may={recommendations.approve}
            on={about}
            look="primary"
            disabled={row.obstacle !== null || !isReady}
            busy={approve.isPending}
            onClick={() => approve.mutate(approval())}
          >
            Approve
          </MayButton>
        )}
      </div>
    </section>
  );
}

function windowsText({ windows }: Pick<RecommendationView, 'windows'>): string {
  if (windows.length === 0) return 'any time: the policy has none';
  return windows.map(({ from, to, zone }) => `${from} to ${to} ${zone}`).join(', ');
}
