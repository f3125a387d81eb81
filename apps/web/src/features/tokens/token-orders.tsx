'use client';

/** A token is replaced by another for a while of both, or ended at once. */
import { type OutputOf, tokens } from '@foreshard/core/operations';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { RefreshCw } from 'lucide-react';
import { useState } from 'react';
import { toast } from 'sonner';
import { useTRPC } from '../../components/api.ts';
import { EdgeCurl } from '../../components/edge-curl.tsx';
import { BarredButton, MayButton, useAccount } from '../../components/may-button.tsx';
import { OrderDialog, OrderForm } from '../../components/order-dialog.tsx';
import { Select } from '../../components/ui/field.tsx';
import { useZone } from '../../components/zone.tsx';
import { formatMoment } from '../../formatting/time.ts';
import { ShownToken } from './shown-token.tsx';
import { whyNotMine } from './token-text.ts';

export type Token = OutputOf<typeof tokens.list>['tokens'][number];

const SECONDS_PER_HOUR = 3_600;
const OVERLAPS = [
  ['not at all: it ends now', 0],
  ['1 hour', 1],
  ['1 day', 24],
  ['7 days', 168],
] as const;
const OVERLAP_HOURS = '24';

export function TokenOrders({ token }: { token: Token }) {
  const notMine = whyNotMine(token, useAccount().data?.name);
  return (
    <div className="flex flex-wrap gap-1">
      <OrderDialog
        trigger={
          notMine === undefined ? (
            <MayButton may={tokens.rotate} size="sm" aria-label={`Rotate ${token.name}`}>
              <RefreshCw /> Rotate
            </MayButton>
          ) : (
            <BarredButton why={notMine} size="sm" aria-label={`Rotate ${token.name}`}>
              <RefreshCw /> Rotate
            </BarredButton>
          )
        }
        title={`Rotate ${token.name}`}
        description="A new token with the same name, permissions and limits. Both work for a while, so that the program can be given the new one."
      >
        {() => <RotateForm token={token} />}
      </OrderDialog>
      <OrderDialog
        trigger={
          <MayButton may={tokens.revoke} look="danger" size="sm" aria-label={`Revoke ${token.name}`}>
            Revoke
          </MayButton>
        }
        title={`Revoke ${token.name}?`}
        description="Whoever uses it is refused by every connected edge within 2 seconds. It cannot be undone."
      >
        {(close) => <RevokeForm token={token} onDone={close} />}
      </OrderDialog>
    </div>
  );
}

function RotateForm({ token }: { token: Token }) {
  const trpc = useTRPC();
  const client = useQueryClient();
  const { zone } = useZone();
  const [hours, setHours] = useState(OVERLAP_HOURS);
  const rotate = useMutation(
    trpc.operations.tokens.rotate.mutationOptions({
      onSuccess: () => client.invalidateQueries({ queryKey: trpc.operations.tokens.pathKey() }),
    }),
  );
  if (rotate.data !== undefined) {
    const { name, token: secret, replaces } = rotate.data;
    const until = formatMoment(Date.parse(replaces.expiresAt), zone);
    return <ShownToken name={name} token={secret} more={`The one before works until ${until}.`} />;
  }
  const input = { id: token.id, overlapSeconds: Number(hours) * SECONDS_PER_HOUR };
  return (
    <OrderForm order={rotate} action="Make the new token" onSubmit={() => rotate.mutate(input)}>
      <Select
        label="The one before goes on for"
        value={hours}
        onChange={(event) => setHours(event.target.value)}
      >
        {OVERLAPS.map(([words, value]) => (
          <option key={words} value={value}>
            {words}
          </option>
        ))}
      </Select>
      <div className="justify-self-start">
        <EdgeCurl operation={tokens.rotate} input={input} />
      </div>
    </OrderForm>
  );
}

function RevokeForm({ token, onDone }: { token: Token; onDone(): void }) {
  const trpc = useTRPC();
  const client = useQueryClient();
  const revoke = useMutation(
    trpc.operations.tokens.revoke.mutationOptions({
      onSuccess: async () => {
        onDone();
        toast.success(`${token.name} is revoked`);
        await client.invalidateQueries({ queryKey: trpc.operations.tokens.pathKey() });
      },
    }),
  );
  return (
    <OrderForm
      order={revoke}
      action="Revoke it"
      look="danger"
      onSubmit={() => revoke.mutate({ token: token.id })}
    >
      <div className="justify-self-start">
        <EdgeCurl operation={tokens.revoke} input={{ token: token.id }} />
      </div>
    </OrderForm>
  );
}
