'use client';

/** What can be done with a person: other roles, a new password, out for a while, out for good. */
import { type OutputOf, users } from '@foreshard/core/operations';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { KeyRound, Pencil, Trash2, UserCheck, UserX } from 'lucide-react';
import { useState } from 'react';
import { toast } from 'sonner';
import { useTRPC } from '../../components/api.ts';
import { EdgeCurl } from '../../components/edge-curl.tsx';
import { MayButton } from '../../components/may-button.tsx';
import { OrderDialog, OrderForm } from '../../components/order-dialog.tsx';
import { Field } from '../../components/ui/field.tsx';
import { OneTimeLink } from './one-time-link.tsx';
import { RoleEditor } from './role-editor.tsx';
import { type RoleText, roleGrant, roleText } from './role-form.ts';

export type User = OutputOf<typeof users.show>;

export function UserOrders({ user }: { user: User }) {
  return (
    <div className="flex flex-wrap gap-1 xl:flex-nowrap">
      <OrderDialog
        trigger={
          <MayButton may={users.change} size="sm" aria-label={`Edit ${user.email}`}>
            <Pencil /> Edit
          </MayButton>
        }
        title={`Edit ${user.name}`}
        description={`${user.email}. New roles hold within 5 seconds, in open sessions as well.`}
      >
        {(close) => <EditForm user={user} onDone={close} />}
      </OrderDialog>
      {user.signIn === 'oidc' ? null : (
        <OrderDialog
          trigger={
            <MayButton may={users.link} look="quiet" size="sm" aria-label={`New password for ${user.email}`}>
              <KeyRound /> Password
            </MayButton>
          }
          title={`New password for ${user.name}`}
          description="No mail is sent: you get a link to hand over, which works once within an hour. The old password works until then."
        >
          {() => <LinkForm user={user} />}
        </OrderDialog>
      )}
      <Turn user={user} />
      <OrderDialog
        trigger={
          <MayButton may={users.remove} look="quiet" size="sm" aria-label={`Remove ${user.email}`}>
            <Trash2 />
          </MayButton>
        }
        title={`Remove ${user.name}?`}
        description="Sessions end, and API tokens of this person are revoked: programs that use them stop. It cannot be undone; to keep somebody out for a while, disable."
      >
        {(close) => <RemoveForm user={user} onDone={close} />}
      </OrderDialog>
    </div>
  );
}

function EditForm({ user, onDone }: { user: User; onDone(): void }) {
  const trpc = useTRPC();
  const client = useQueryClient();
  const [name, setName] = useState(user.name);
  const [roles, setRoles] = useState<readonly RoleText[]>(() => user.roles.map(roleText));
  const change = useMutation(
    trpc.operations.users.change.mutationOptions({
      onSuccess: async () => {
        onDone();
        toast.success(`${user.email} was changed`);
        await client.invalidateQueries();
      },
    }),
  );
  const input = { user: user.id, name: name.trim(), roles: roles.map(roleGrant) };
  return (
    <OrderForm
      order={change}
      action="Save"
      disabled={input.name === ''}
      onSubmit={() => change.mutate(input)}
    >
      <Field label="Name" value={name} onChange={(event) => setName(event.target.value)} autoComplete="off" />
      <RoleEditor roles={roles} onChange={setRoles} />
      <div className="justify-self-start">
        <EdgeCurl operation={users.change} input={input} />
      </div>
    </OrderForm>
  );
}

function LinkForm({ user }: { user: User }) {
  const trpc = useTRPC();
  const link = useMutation(trpc.operations.users.link.mutationOptions());
  if (link.data !== undefined) return <OneTimeLink {...link.data} />;
  return (
    <OrderForm order={link} action="Make the link" onSubmit={() => link.mutate({ user: user.id })}>
      <div className="justify-self-start">
        <EdgeCurl operation={users.link} input={{ user: user.id }} />
      </div>
    </OrderForm>
  );
}

/** It can be taken back, so it asks nothing. */
function Turn({ user }: { user: User }) {
  const trpc = useTRPC();
  const client = useQueryClient();
  const { users: orders } = trpc.operations;
  const isActive = user.state === 'active';
  const change = useMutation(
    orders.change.mutationOptions({
      onSuccess: async ({ state }) => {
        toast.success(
          state === 'active' ? `${user.email} can sign in again` : `${user.email} is disabled; sessions end`,
        );
        await client.invalidateQueries();
      },
      onError: (error) => toast.error('Not done', { description: error.message }),
    }),
  );
  return (
    <MayButton
      may={users.change}
      look="quiet"
      size="sm"
      disabled={change.isPending}
      aria-label={`${isActive ? 'Disable' : 'Enable'} ${user.email}`}
      onClick={() => change.mutate({ user: user.id, state: isActive ? 'disabled' : 'active' })}
    >
      {isActive ? <UserX /> : <UserCheck />} {isActive ? 'Disable' : 'Enable'}
    </MayButton>
  );
}

function RemoveForm({ user, onDone }: { user: User; onDone(): void }) {
  const trpc = useTRPC();
  const client = useQueryClient();
  const [typed, setTyped] = useState('');
  const remove = useMutation(
    trpc.operations.users.remove.mutationOptions({
      onSuccess: async () => {
        onDone();
        toast.success(`${user.email} was removed`);
        await client.invalidateQueries();
      },
    }),
  );
  return (
    <OrderForm
      order={remove}
      action="Remove for good"
      look="danger"
      disabled={typed !== user.email}
      onSubmit={() => remove.mutate({ user: user.id })}
    >
      <Field
        label={`Type ${user.email} to confirm`}
        value={typed}
        onChange={(event) => setTyped(event.target.value)}
        autoComplete="off"
        spellCheck={false}
      />
      <div className="justify-self-start">
        <EdgeCurl operation={users.remove} input={{ user: user.id }} />
      </div>
    </OrderForm>
  );
}
