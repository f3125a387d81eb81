'use client';

/** Everybody who is signed in, and ending that. */
import { sessions } from '@foreshard/core/operations';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { toast } from 'sonner';
import { LIST_REFRESH_MS, useTRPC } from '../../components/api.ts';
import { EdgeCurl } from '../../components/edge-curl.tsx';
import { useLive } from '../../components/live/live-provider.tsx';
import { MayButton } from '../../components/may-button.tsx';
import { Notice } from '../../components/notice.tsx';
import { OrderDialog, OrderForm } from '../../components/order-dialog.tsx';
import { Card, CardHead } from '../../components/ui/card.tsx';
import { Skeleton } from '../../components/ui/skeleton.tsx';
import { SessionList } from '../account/session-list.tsx';

const EVERYBODY = { user: null };

export function Sessions() {
  const trpc = useTRPC();
  const client = useQueryClient();
  const { status } = useLive();
  const all = useQuery({
    ...trpc.operations.sessions.list.queryOptions({}),
    refetchInterval: status === 'paused' ? false : LIST_REFRESH_MS,
  });
  const end = useMutation(
    trpc.operations.sessions.end.mutationOptions({
      onSuccess: async () => {
        toast.success('The session ends within 5 seconds');
        await client.invalidateQueries({ queryKey: trpc.operations.sessions.pathKey() });
      },
      onError: (error) => toast.error('Not ended', { description: error.message }),
    }),
  );
  const rows = all.data?.sessions;
  return (
    <Card aria-labelledby="sessions-title" className="overflow-hidden">
      <CardHead id="sessions-title" title="Sessions" hint="who is signed in, from where">
        {rows === undefined || rows.length === 0 ? null : <EndAll />}
      </CardHead>
      {rows === undefined ? (
        all.error === null ? (
          <Skeleton className="m-5 h-24" />
        ) : (
          <Notice tone="bad" title="The sessions could not be read" why={all.error.message} />
        )
      ) : rows.length === 0 ? (
        <p className="border-line border-t px-5 py-6 text-sm text-soft">
          Nobody is signed in with a session.
        </p>
      ) : (
        <SessionList
          sessions={rows}
          nowMs={all.dataUpdatedAt}
          withPerson
          orderOf={({ id, email, current }) =>
            current ? null : (
              <MayButton
                may={sessions.end}
                size="sm"
                disabled={end.isPending}
                aria-label={`End the session of ${email}`}
                onClick={() => end.mutate({ session: id })}
              >
                End
              </MayButton>
            )
          }
        />
      )}
    </Card>
  );
}

function EndAll() {
  return (
    <OrderDialog
      trigger={
        <MayButton may={sessions.endAll} size="sm" look="danger">
          End all
        </MayButton>
      }
      title="End the sessions of everybody?"
      description="Everybody but you has to sign in again. API tokens go on."
    >
      {(close) => <EndAllForm onDone={close} />}
    </OrderDialog>
  );
}

function EndAllForm({ onDone }: { onDone(): void }) {
  const trpc = useTRPC();
  const client = useQueryClient();
  const end = useMutation(
    trpc.operations.sessions.endAll.mutationOptions({
      onSuccess: async ({ ended }) => {
        onDone();
        toast.success(ended === 1 ? '1 session ended' : `${ended} sessions ended`);
        await client.invalidateQueries({ queryKey: trpc.operations.sessions.pathKey() });
      },
    }),
  );
  return (
    <OrderForm order={end} action="End all" look="danger" onSubmit={() => end.mutate(EVERYBODY)}>
      <div className="justify-self-start">
        <EdgeCurl operation={sessions.endAll} input={EVERYBODY} />
      </div>
    </OrderForm>
  );
}
