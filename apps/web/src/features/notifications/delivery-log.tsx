'use client';

/** What was sent to whom, and what the receiver said. */
import { notifications } from '@foreshard/core/operations';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { RotateCw } from 'lucide-react';
import { toast } from 'sonner';
import { LIST_REFRESH_MS, useTRPC } from '../../components/api.ts';
import { useLive } from '../../components/live/live-provider.tsx';
import { MayButton } from '../../components/may-button.tsx';
import { Notice } from '../../components/notice.tsx';
import { Badge, type Tone } from '../../components/ui/badge.tsx';
import { Skeleton } from '../../components/ui/skeleton.tsx';
import { When } from '../../components/when.tsx';
import type { DeliveryRow } from '../../server/routes/notifications.ts';
import { DeliveryDetail } from './delivery-detail.tsx';

const TONES: Record<DeliveryRow['state'], Tone> = { waiting: 'warn', delivered: 'ok', failed: 'bad' };

interface LogProps {
  readonly target: string | null;
  readonly opened: string | null;
  onOpen(id: string): void;
  onClose(): void;
}

export function DeliveryLog({ target, opened, onOpen, onClose }: LogProps) {
  const trpc = useTRPC();
  const { status } = useLive();
  const log = useQuery({
    ...trpc.notifications.deliveries.queryOptions(target === null ? {} : { target }),
    refetchInterval: status === 'paused' ? false : LIST_REFRESH_MS,
  });
  if (log.isPending) return <Skeleton className="m-5 h-32" />;
  if (log.data === undefined)
    return <Notice tone="bad" title="The log could not be read" why={log.error.message} />;
  const { rows, atMs } = log.data;
  if (rows.length === 0)
    return (
      <Notice
        title="Nothing was sent yet"
        why="Send a test to see whether messages arrive; the answer is shown here."
      />
    );
  return (
    <>
      <ul className="border-line border-t">
        {rows.map((row) => (
          <DeliveryLine key={row.id} row={row} nowMs={atMs} onOpen={() => onOpen(row.id)} />
        ))}
      </ul>
      {opened === null ? null : <DeliveryDetail id={opened} onClose={onClose} />}
    </>
  );
}

function DeliveryLine({ row, nowMs, onOpen }: { row: DeliveryRow; nowMs: number; onOpen(): void }) {
  return (
    <li className="grid items-center gap-x-4 gap-y-1 border-line border-b px-5 py-2.5 text-sm last:border-b-0 md:grid-cols-[8rem_minmax(0,1fr)_14rem_auto]">
      <span className="flex items-center gap-2 text-soft text-xs">
        <When ms={row.createdMs} nowMs={nowMs} />
      </span>
      <button type="button" onClick={onOpen} className="min-w-0 text-left">
        <span className="block truncate font-medium hover:underline">{row.title}</span>
        <span className="block truncate text-faint text-xs">to {row.target}</span>
      </button>
      <span className="tabular flex flex-wrap items-center gap-2 text-soft text-xs">
        <Badge tone={TONES[row.state]}>{row.state}</Badge>
        {row.last === null
          ? 'not tried yet'
          : `${row.last.status ?? 'no answer'}, ${row.last.durationMs} ms${row.tries > 1 ? `, ${row.tries} tries` : ''}`}
      </span>
      <Redeliver id={row.id} />
    </li>
  );
}

export function Redeliver({ id }: { id: string }) {
  const trpc = useTRPC();
  const client = useQueryClient();
  const again = useMutation(
    trpc.operations.notifications.redeliver.mutationOptions({
      onSuccess: async () => {
        toast.success('It is sent again, under the same id');
        await client.invalidateQueries();
      },
      onError: (error) => toast.error(error.message),
    }),
  );
  return (
    <MayButton
      may={notifications.redeliver}
      size="sm"
      look="quiet"
      className="justify-self-start"
      disabled={again.isPending}
      onClick={() => again.mutate({ id })}
    >
      <RotateCw /> Redeliver
    </MayButton>
  );
}
