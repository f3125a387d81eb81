'use client';

/** Empties a host, or calls that off. What would move, and where to, is shown before anything is decided. */
import { hosts } from '@foreshard/core/operations';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { toast } from 'sonner';
import { useTRPC } from '../../components/api.ts';
import { EdgeCurl } from '../../components/edge-curl.tsx';
import { ProblemText } from '../../components/problem-text.tsx';
import { Button } from '../../components/ui/button.tsx';
import { inputClass } from '../../components/ui/field.tsx';
import { formatCount } from '../../formatting/numbers.ts';

/** From this many shardlets on the name of the host has to be typed. */
const MANY = 10;

interface Drained {
  readonly id: number;
  readonly name: string;
  readonly isDraining: boolean;
}

export function drainWords({ name, isDraining }: Drained) {
  return isDraining
    ? {
        title: `Undo the drain of ${name}`,
        description: 'It takes shardlets again. What has moved stays where it is.',
      }
    : {
        title: `Drain ${name}`,
        description:
          'Everything on it, open and closed, moves to the others while events go on. It can be undone.',
      };
}

export function DrainOrder({ host, onDone }: { host: Drained; onDone(): void }) {
  const trpc = useTRPC();
  const client = useQueryClient();
  const [typed, setTyped] = useState('');
  const { drain: start, undrain } = trpc.operations.hosts;
  const preview = useMutation(start.mutationOptions());
  const drain = useMutation(
    (host.isDraining ? undrain : start).mutationOptions({
      onSuccess: ({ left }) => {
        toast.success(
          host.isDraining ? `${host.name} takes shardlets again` : `${host.name} is being drained`,
          {
            description: `${formatCount(left)} shardlets are on it. Moves are listed under Migrations.`,
          },
        );
        void client.invalidateQueries();
        onDone();
      },
      onError: (error) => toast.error('Not done', { description: error.message }),
    }),
  );
  const { data, isPending, error } = preview;
  const isSure = host.isDraining || (data !== undefined && (data.left < MANY || typed === host.name));
  return (
    <div className="mt-4 grid gap-3">
      {host.isDraining ? null : data === undefined ? (
        <>
          <Button
            className="justify-self-start"
            disabled={isPending}
            onClick={() => preview.mutate({ host: host.id, dryRun: true })}
          >
            Show what would move
          </Button>
          <ProblemText error={error} />
        </>
      ) : (
        <>
          <p className="text-sm">
            {data.waiting.length === 0
              ? `${formatCount(data.left)} shardlets leave it.`
              : `${formatCount(data.moves.length)} of ${formatCount(data.left)} shardlets can leave it now.`}
          </p>
          {data.waiting.map(({ why, shardlets }) => (
            <p key={why} role="alert" className="text-sm text-warn">
              {formatCount(shardlets.length)} {shardlets.length === 1 ? 'shardlet waits' : 'shardlets wait'}:{' '}
              {why}.
            </p>
          ))}
          {data.left < MANY ? null : (
            <label className="grid gap-1 text-soft text-xs">
              Type the name of the host: this moves {formatCount(data.left)} shardlets
              <input value={typed} onChange={(e) => setTyped(e.target.value)} className={inputClass} />
            </label>
          )}
        </>
      )}
      <div className="flex flex-wrap items-center gap-2">
        <Button
          look="primary"
          disabled={!isSure || drain.isPending}
          onClick={() => drain.mutate({ host: host.id })}
        >
          {host.isDraining ? 'Take shardlets again' : 'Drain now'}
        </Button>
        <EdgeCurl operation={host.isDraining ? hosts.undrain : hosts.drain} input={{ host: host.id }} />
      </div>
    </div>
  );
}
