'use client';

import { users } from '@foreshard/core/operations';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { UserPlus } from 'lucide-react';
import { useState } from 'react';
import { useTRPC } from '../../components/api.ts';
import { EdgeCurl } from '../../components/edge-curl.tsx';
import { MayButton } from '../../components/may-button.tsx';
import { OrderDialog, OrderForm } from '../../components/order-dialog.tsx';
import { Field } from '../../components/ui/field.tsx';
import { OneTimeLink } from './one-time-link.tsx';
import { RoleEditor } from './role-editor.tsx';
import { NEW_ROLE, type RoleText, roleGrant } from './role-form.ts';

export function Invite() {
  return (
    <OrderDialog
      trigger={
        <MayButton may={users.invite} look="primary">
          <UserPlus /> Invite
        </MayButton>
      }
      title="Invite a person"
      description="No mail is sent: you get a link to hand over. The person chooses name and password there."
    >
      {() => <InviteForm />}
    </OrderDialog>
  );
}

function InviteForm() {
  const trpc = useTRPC();
  const client = useQueryClient();
  const [email, setEmail] = useState('');
  const [roles, setRoles] = useState<readonly RoleText[]>([NEW_ROLE]);
  const invite = useMutation(
    trpc.operations.users.invite.mutationOptions({
      onSuccess: () => client.invalidateQueries({ queryKey: trpc.operations.users.pathKey() }),
    }),
  );
  if (invite.data !== undefined) return <OneTimeLink {...invite.data} />;
  const input = { email: email.trim(), roles: roles.map(roleGrant) };
  return (
    <OrderForm
      order={invite}
      action="Make the link"
      disabled={input.email === '' || roles.length === 0}
      onSubmit={() => invite.mutate(input)}
    >
      <Field
        label="E-mail"
        type="email"
        placeholder="ada@example.org"
        autoComplete="off"
        value={email}
        onChange={(event) => setEmail(event.target.value)}
        autoFocus
      />
      <RoleEditor roles={roles} onChange={setRoles} />
      <div className="justify-self-start">
        <EdgeCurl operation={users.invite} input={input} />
      </div>
    </OrderForm>
  );
}
