'use client';

/** Restores the state of a shardlet as a member would, and says what came of it. */
import { checkpoints } from '@foreshard/core/operations';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { CircleAlert, CircleCheck, LifeBuoy } from 'lucide-react';
import { useState } from 'react';
import { useTRPC } from '../../components/api.ts';
import { EdgeCurl } from '../../components/edge-curl.tsx';
import { Fact } from '../../components/fact.tsx';
import { MayButton } from '../../components/may-button.tsx';
import { ProblemText } from '../../components/problem-text.tsx';
import { Button } from '../../components/ui/button.tsx';
import { Dialog, DialogClose, DialogContent } from '../../components/ui/dialog.tsx';
import { Loading } from '../../components/ui/skeleton.tsx';
import { formatBytes, formatCounted } from '../../formatting/numbers.ts';
import { type Drill, restoreWords, stepWords, tookWords } from './drill-words.ts';

interface DrillProps {
  readonly shardlet: number;
  readonly on: { readonly group: string; readonly stream: string | null };
}

export function DrillButton({ shardlet, on }: DrillProps) {
  const trpc = useTRPC();
  const client = useQueryClient();
  const [open, setOpen] = useState(false);
  const input = { group: on.group, shardlet };
  const drill = useMutation(
    trpc.operations.checkpoints.drill.mutationOptions({
      onSuccess: () => client.invalidateQueries(trpc.operations.checkpoints.list.pathFilter()),
    }),
  );
  const start = () => {
    setOpen(true);
    drill.mutate(input);
  };
  return (
    <>
      <MayButton
        may={checkpoints.drill}
        on={on}
        size="sm"
        busy={drill.isPending}
        title={`Restores the state of shardlet ${shardlet} as a member would, and throws it away`}
        onClick={start}
      >
        <LifeBuoy /> Restore drill
      </MayButton>
      <Dialog open={open} onOpenChange={setOpen}>
        <DialogContent
          title={`Restore drill of shardlet ${shardlet}`}
          description="Restores the state as a member would that takes over now, and throws it away. Nothing is changed."
          className="w-[min(40rem,calc(100vw-2rem))]"
        >
          <div className="mt-5 grid gap-5">
            {drill.isPending ? (
              <Loading className="h-40" />
            ) : drill.data === undefined ? null : (
              <Result drill={drill.data} />
            )}
            <ProblemText error={drill.error} />
            <div className="flex flex-wrap justify-end gap-2">
              <EdgeCurl operation={checkpoints.drill} input={input} />
              <Button busy={drill.isPending} onClick={() => drill.mutate(input)}>
                Drill again
              </Button>
              <DialogClose asChild>
                <Button look="primary">Close</Button>
              </DialogClose>
            </div>
          </div>
        </DialogContent>
      </Dialog>
    </>
  );
}

function Result({ drill }: { drill: Drill }) {
  const { ok, failures, steps, keys, stateBytes, events, restoreMs, estimatedRestoreMs } = drill;
  return (
    <>
      <Verdict ok={ok} failures={failures} readyMs={drill.readyMs} />
      <dl className="grid grid-cols-2 gap-x-6 gap-y-3 text-sm sm:grid-cols-4">
        <Fact name="State">
          {keys === null ? 'not unpacked' : formatCounted(keys, 'key')}
          {stateBytes === null ? null : (
            <span className="block text-faint text-xs">{formatBytes(stateBytes)} of JSON</span>
          )}
        </Fact>
        <Fact name="Restore, measured">
          {tookWords(restoreMs)}
          <span className="block text-faint text-xs">{restoreWords(drill)}</span>
        </Fact>
        <Fact name="Restore, expected">
          {tookWords(estimatedRestoreMs)}
          <span className="block text-faint text-xs">by the recovery model</span>
        </Fact>
        <Fact name="Replay, expected">
          {tookWords(drill.replayMs)}
          <span className="block text-faint text-xs">{formatCounted(events, 'event')}</span>
        </Fact>
      </dl>
      <div>
        <h3 className="text-faint text-xs">What a member would do now</h3>
        {steps.length === 0 ? (
          <p className="mt-1 text-sm">Nothing: there is neither a state to restore nor an event to replay.</p>
        ) : (
          <ol className="mt-1 grid max-h-60 list-decimal gap-1.5 overflow-y-auto pl-5 text-sm marker:text-faint">
            {steps.map((step) => {
              const { text, detail } = stepWords(step);
              return (
                <li key={text}>
                  {text}
                  <span className="block text-faint text-xs">{detail}</span>
                </li>
              );
            })}
          </ol>
        )}
      </div>
    </>
  );
}

function Verdict({ ok, failures, readyMs }: Pick<Drill, 'ok' | 'failures' | 'readyMs'>) {
  const ready = `A member would be ready in about ${tookWords(readyMs)}.`;
  if (ok)
    return (
      <p role="status" className="flex items-start gap-2 text-sm">
        <CircleCheck aria-hidden className="mt-0.5 size-4 shrink-0 text-ok" />
        <span>
          <strong className="font-medium">The state can be restored.</strong> {ready}
        </span>
      </p>
    );
  return (
    <div role="alert" className="grid gap-2 text-sm">
      <p className="flex items-start gap-2">
        <CircleAlert aria-hidden className="mt-0.5 size-4 shrink-0 text-bad" />
        <strong className="font-medium">The state cannot be restored as it should.</strong>
      </p>
      <ul className="grid max-h-40 gap-1 overflow-y-auto pl-6 text-soft [overflow-wrap:anywhere]">
        {failures.map((one) => (
          <li key={one}>{one}</li>
        ))}
      </ul>
      <p className="pl-6">Without what failed: {ready.charAt(0).toLowerCase() + ready.slice(1)}</p>
    </div>
  );
}
