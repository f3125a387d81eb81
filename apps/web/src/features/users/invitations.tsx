'use client';

import { users } from '@foreshard/core/operations';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { toast } from 'sonner';
import { useTRPC } from '../../components/api.ts';
import { MayButton } from '../../components/may-button.tsx';
import { Card, CardHead } from '../../components/ui/card.tsx';
import { When } from '../../components/when.tsx';
import { RoleList } from './role-list.tsx';

/** Nothing of it is shown while there is none. */
export function Invitations() {
  const trpc = useTRPC();
  const client = useQueryClient();
  const open = useQuery(trpc.operations.users.invitations.queryOptions({}));
  const revoke = useMutation(
    trpc.operations.users.revokeInvitation.mutationOptions({
      onSuccess: async () => {
        toast.success('The link of the invitation does not work any more');
        await client.invalidateQueries({ queryKey: trpc.operations.users.pathKey() });
      },
      onError: (error) => toast.error('Not revoked', { description: error.message }),
    }),
  );
  const rows = open.data?.invitations ?? [];
  if (rows.length === 0) return null;
  const nowMs = open.dataUpdatedAt;
  return (
    <Card aria-labelledby="invitations-title" className="overflow-hidden">
      <CardHead id="invitations-title" title="Open invitations" hint="links nobody has used yet" />
      <ul className="border-line border-t">
        {rows.map(({ id, email, roles, createdBy, expiresAt }) => (
          <li
            key={id}
            className="flex flex-wrap items-center justify-between gap-3 border-line border-b px-5 py-3 text-sm last:border-b-0"
          >
            <div className="min-w-0">
              <p className="break-all font-medium">{email}</p>
              <p className="text-faint text-xs">
                by {createdBy}, expires <When ms={Date.parse(expiresAt)} nowMs={nowMs} />
              </p>
            </div>
            <RoleList roles={roles} />
            <MayButton
              may={users.revokeInvitation}
              size="sm"
              disabled={revoke.isPending}
              aria-label={`Revoke the invitation of ${email}`}
              onClick={() => revoke.mutate({ invitation: id })}
            >
              Revoke
            </MayButton>
          </li>
        ))}
      </ul>
    </Card>
  );
}
