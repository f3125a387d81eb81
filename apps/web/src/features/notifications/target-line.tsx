'use client';

import { notifications } from '@foreshard/core/operations';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Pause, Play, Send } from 'lucide-react';
import { toast } from 'sonner';
import { useTRPC } from '../../components/api.ts';
import { EdgeCurl } from '../../components/edge-curl.tsx';
import { MayButton } from '../../components/may-button.tsx';
import { RemoveDialog } from '../../components/order-dialog.tsx';
import { Badge } from '../../components/ui/badge.tsx';

interface TargetProps {
  readonly target: {
    readonly name: string;
    readonly url: string;
    readonly format: 'webhook' | 'slack';
    readonly kinds: readonly string[];
    readonly pauseSeconds: number;
    readonly enabled: boolean;
    readonly createdBy: string;
  };
  /** of all there are */
  readonly kindsCount: number;
  onShow(): void;
}

export function TargetLine({ target, kindsCount, onShow }: TargetProps) {
  const { name, url, format, kinds, pauseSeconds, enabled, createdBy } = target;
  const trpc = useTRPC();
  const client = useQueryClient();
  const onSuccess = () => client.invalidateQueries();
  const onError = (error: { message: string }) => void toast.error(error.message);
  const change = useMutation(
    trpc.operations.notifications.changeTarget.mutationOptions({ onSuccess, onError }),
  );
  const test = useMutation(
    trpc.operations.notifications.testTarget.mutationOptions({
      onSuccess: async () => {
        toast.success('The test is under way; the log below tells how it went');
        onShow();
        await onSuccess();
      },
      onError,
    }),
  );
  return (
    <li className="flex flex-wrap items-center justify-between gap-3 border-line border-b px-5 py-3 text-sm last:border-b-0">
      <div className="min-w-0">
        <p className="flex flex-wrap items-center gap-2">
          <button type="button" onClick={onShow} className="font-medium hover:underline">
            {name}
          </button>
          <Badge>{format === 'slack' ? 'Slack' : 'webhook'}</Badge>
          {enabled ? null : <Badge tone="warn">paused</Badge>}
        </p>
        <p className="break-all font-mono text-soft text-xs">{url}</p>
        <p className="text-faint text-xs">
          {kindsText(kinds, kindsCount)}, at most one message in {pauseSeconds} s, added by {createdBy}
        </p>
      </div>
      <div className="flex gap-2">
        <MayButton
          may={notifications.testTarget}
          size="sm"
          disabled={test.isPending || !enabled}
          onClick={() => test.mutate({ name })}
        >
          <Send /> Send a test
        </MayButton>
        <MayButton
          may={notifications.changeTarget}
          size="sm"
          disabled={change.isPending}
          onClick={() => change.mutate({ name, enabled: !enabled })}
        >
          {enabled ? <Pause /> : <Play />} {enabled ? 'Pause' : 'Resume'}
        </MayButton>
        <RemoveTarget name={name} />
      </div>
    </li>
  );
}

function kindsText(kinds: readonly string[], all: number): string {
  if (kinds.length === all) return 'all kinds';
  return kinds.length === 0 ? 'no notices' : kinds.join(', ');
}

function RemoveTarget({ name }: { name: string }) {
  const trpc = useTRPC();
  const client = useQueryClient();
  const remove = useMutation(
    trpc.operations.notifications.removeTarget.mutationOptions({
      onSuccess: async () => {
        toast.success(`${name} is not told any more`);
        await client.invalidateQueries();
      },
    }),
  );
  return (
    <RemoveDialog
      may={notifications.removeTarget}
      name={name}
      title={`Remove ${name}?`}
      description="Its log goes with it, and what waits is not sent. Its secret cannot be made again."
      action="Remove it"
      order={remove}
      onRemove={() => remove.mutate({ name })}
    >
      <EdgeCurl operation={notifications.removeTarget} input={{ name }} />
    </RemoveDialog>
  );
}
