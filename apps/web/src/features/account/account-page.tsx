'use client';

/** Who I am, what I may do, where I am signed in, and my password. */
import { PERMISSION_TABLE, scopeText } from '@foreshard/core/access';
import type { account, OutputOf } from '@foreshard/core/operations';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { toast } from 'sonner';
import { useTRPC } from '../../components/api.ts';
import { Fact } from '../../components/fact.tsx';
import { useAccount } from '../../components/may-button.tsx';
import { Notice } from '../../components/notice.tsx';
import { Button } from '../../components/ui/button.tsx';
import { Card, CardHead } from '../../components/ui/card.tsx';
import { Skeleton } from '../../components/ui/skeleton.tsx';
import { Unreadable } from '../../components/unreadable.tsx';
import { When } from '../../components/when.tsx';
import { RoleList } from '../users/role-list.tsx';
import { ChangePassword } from './change-password.tsx';
import { SessionList } from './session-list.tsx';

type Account = OutputOf<typeof account.show>;

export function AccountPage() {
  const own = useAccount();
  if (own.data === undefined)
    return own.error === null ? (
      <Skeleton className="h-64" />
    ) : (
      <Card>
        <Unreadable
          title="The account could not be read"
          error={own.error}
          onRetry={() => void own.refetch()}
        />
      </Card>
    );
  return (
    <div className="grid gap-5 xl:grid-cols-2 xl:items-start">
      <div className="grid gap-5">
        <Who own={own.data} nowMs={own.dataUpdatedAt} />
        {own.data.person === null ? null : <OwnSessions />}
        {own.data.person === null ? null : <ChangePassword signIn={own.data.person.signIn} />}
      </div>
      <May own={own.data} />
    </div>
  );
}

function Who({ own: { name, kind, person }, nowMs }: { own: Account; nowMs: number }) {
  return (
    <Card aria-labelledby="who-title">
      <CardHead id="who-title" title={person?.name ?? name} hint={person === null ? kind : name} />
      {person === null ? (
        <p className="border-line border-t px-5 py-4 text-sm text-soft">
          You are not signed in as a person, so there is no password and no session here.
        </p>
      ) : (
        <dl className="grid gap-4 border-line border-t px-5 py-4 text-sm sm:grid-cols-2">
          <Fact name="Roles">
            <RoleList roles={person.roles} />
          </Fact>
          <Fact name="Last sign-in">
            {person.lastSignInAt === null ? (
              'never'
            ) : (
              <When ms={Date.parse(person.lastSignInAt)} nowMs={nowMs} />
            )}
          </Fact>
        </dl>
      )}
    </Card>
  );
}

function OwnSessions() {
  const trpc = useTRPC();
  const client = useQueryClient();
  const own = useQuery(trpc.operations.account.sessions.queryOptions({}));
  const end = useMutation(
    trpc.operations.account.endSession.mutationOptions({
      onSuccess: async () => {
        toast.success('The session ends within 5 seconds');
        await client.invalidateQueries({ queryKey: trpc.operations.account.pathKey() });
      },
      onError: (error) => toast.error('Not ended', { description: error.message }),
    }),
  );
  const endOthers = useMutation(
    trpc.operations.account.endOtherSessions.mutationOptions({
      onSuccess: async ({ ended }) => {
        toast.success(`${ended} other ${ended === 1 ? 'session ends' : 'sessions end'} within 5 seconds`);
        await client.invalidateQueries({ queryKey: trpc.operations.account.pathKey() });
      },
      onError: (error) => toast.error('Not ended', { description: error.message }),
    }),
  );
  return (
    <Card aria-labelledby="own-sessions-title" className="overflow-hidden">
      <CardHead id="own-sessions-title" title="Sessions" hint="where you are signed in">
        {own.data?.sessions.some(({ current }) => !current) === true ? (
          <Button size="sm" disabled={endOthers.isPending} onClick={() => endOthers.mutate({})}>
            End all others
          </Button>
        ) : null}
      </CardHead>
      {own.data === undefined ? (
        own.error === null ? (
          <Skeleton className="m-5 h-20" />
        ) : (
          <Notice tone="bad" title="Your sessions could not be read" why={own.error.message} />
        )
      ) : own.data.sessions.length === 0 ? (
        <p className="border-line border-t px-5 py-6 text-sm text-soft">You have no session.</p>
      ) : (
        <SessionList
          sessions={own.data.sessions}
          nowMs={own.dataUpdatedAt}
          orderOf={({ id, current, userAgent }) =>
            current ? null : (
              <Button
                size="sm"
                disabled={end.isPending}
                aria-label={`End the session of ${userAgent}`}
                onClick={() => end.mutate({ session: id })}
              >
                End
              </Button>
            )
          }
        />
      )}
    </Card>
  );
}

/** All permissions, with where each holds: what is missing is worth knowing as well. */
function May({ own: { grants } }: { own: Account }) {
  return (
    <Card aria-labelledby="may-title" className="overflow-hidden">
      <CardHead id="may-title" title="What you may do" />
      <ul className="border-line border-t">
        {Object.entries(PERMISSION_TABLE).map(([permission, { allows }]) => {
          const scopes = grants
            .filter(({ permissions }) => (permissions as readonly string[]).includes(permission))
            .map(({ scope }) => scopeText(scope));
          return (
            <li
              key={permission}
              className="grid gap-x-4 border-line border-b px-5 py-2 text-sm last:border-b-0 sm:grid-cols-[minmax(0,1fr)_minmax(0,12rem)]"
            >
              <span className={scopes.length === 0 ? 'text-faint' : undefined}>{sentence(allows)}</span>
              <span className={scopes.length === 0 ? 'text-faint text-xs' : 'text-soft text-xs'}>
                {scopes.length === 0
                  ? 'no'
                  : scopes.includes('everywhere')
                    ? 'everywhere'
                    : scopes.join('; ')}
              </span>
            </li>
          );
        })}
      </ul>
    </Card>
  );
}

function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
