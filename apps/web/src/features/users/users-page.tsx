'use client';

/** Who may use the console and what each may do, whom a link waits for, and who is signed in. */
import { useQuery } from '@tanstack/react-query';
import { parseAsString, useQueryState } from 'nuqs';
import { useTRPC } from '../../components/api.ts';
import { Barred } from '../../components/barred.tsx';
import { useAccount, useObstacle } from '../../components/may-button.tsx';
import { Notice } from '../../components/notice.tsx';
import { TakeAway, trpcCurl } from '../../components/take-away.tsx';
import { Badge } from '../../components/ui/badge.tsx';
import { inputClass } from '../../components/ui/field.tsx';
import { When } from '../../components/when.tsx';
import { ListPage } from '../list-page.tsx';
import { Invitations } from './invitations.tsx';
import { Invite } from './invite.tsx';
import { RoleList } from './role-list.tsx';
import { Sessions } from './sessions.tsx';
import { type User, UserOrders } from './user-orders.tsx';

const REFRESH_MS = 5_000;

export function UsersPage() {
  const obstacle = useObstacle('users:manage');
  if (obstacle !== undefined) return <Barred why={obstacle} what="who may use the console" />;
  return <Everybody />;
}

function Everybody() {
  const trpc = useTRPC();
  const [filter, setFilter] = useQueryState('q', parseAsString.withDefault(''));
  const all = useQuery({ ...trpc.operations.users.list.queryOptions({}), refetchInterval: REFRESH_MS });
  const rows = (all.data?.users ?? []).filter((user) => matches(user, filter));
  return (
    <div className="grid gap-5">
      <ListPage
        error={all.data === undefined ? all.error : null}
        loading={all.isPending}
        onRetry={() => void all.refetch()}
        head={
          <div className="flex flex-wrap items-center justify-between gap-3">
            <p className="text-sm text-soft">Everybody who can sign in, and what each may do.</p>
            <div className="flex flex-wrap gap-2">
              <input
                type="search"
                value={filter}
                onChange={(event) => void setFilter(event.target.value === '' ? null : event.target.value)}
                placeholder="Filter by name, e-mail or role"
                aria-label="Filter people"
                className={`${inputClass} sm:w-60`}
              />
              <TakeAway
                name="people"
                rows={rows as unknown as readonly Record<string, unknown>[]}
                curl={() => trpcCurl('operations.users.list', {})}
              />
              <Invite />
            </div>
          </div>
        }
        empty={
          all.data?.users.length === 0 ? (
            <Notice
              title="Nobody has an account yet"
              why="Invite the first person: you get a link to hand over. On the machine itself, foreshard users link makes one for an administrator."
            />
          ) : undefined
        }
      >
        {rows.length === 0 ? (
          <p className="border-line border-t px-5 py-10 text-center text-sm text-soft">
            Nobody matches “{filter}”.
          </p>
        ) : (
          <People users={rows} nowMs={all.dataUpdatedAt} />
        )}
      </ListPage>
      <Invitations />
      <Sessions />
    </div>
  );
}

function People({ users, nowMs }: { users: readonly User[]; nowMs: number }) {
  const own = useAccount().data?.id;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard
    <section tabIndex={0} aria-label="People" className="overflow-x-auto">
      <table className="w-full border-collapse text-sm max-md:block">
        <thead className="max-md:sr-only">
          <tr className="border-line border-y bg-sunken text-left text-soft text-xs">
            {['Person', 'Roles', 'State', 'Last sign-in', 'Orders'].map((head) => (
              <th key={head} scope="col" className="h-9 px-3 font-medium first:pl-5 last:pr-5">
                {head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody className="max-md:block max-md:border-line max-md:border-t">
          {users.map((user) => (
            <tr
              key={user.id}
              className="border-line border-b align-top last:border-b-0 max-md:grid max-md:gap-1 max-md:px-2 max-md:py-3"
            >
              <td className="px-3 py-3 first:pl-5 max-md:py-0 max-md:first:pl-3">
                <p className="flex flex-wrap items-center gap-2 font-medium">
                  {user.name} {user.id === own ? <Badge tone="accent">you</Badge> : null}
                </p>
                <p className="break-all text-soft text-xs">{user.email}</p>
              </td>
              <td className="px-3 py-3 max-md:py-0">
                <RoleList roles={user.roles} />
              </td>
              <td className="px-3 py-3 max-md:py-0">
                <StateOf user={user} nowMs={nowMs} />
              </td>
              <td className="whitespace-nowrap px-3 py-3 text-soft max-md:py-0 max-md:text-xs">
                <span className="md:hidden">Last sign-in: </span>
                {user.lastSignInAt === null ? (
                  'never'
                ) : (
                  <When ms={Date.parse(user.lastSignInAt)} nowMs={nowMs} />
                )}
                {user.signIn === 'oidc' ? (
                  <p className="text-faint text-xs">by the identity provider</p>
                ) : null}
              </td>
              <td className="px-3 py-2 last:pr-5 max-md:py-0">
                <UserOrders user={user} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function StateOf({ user: { state, lockedUntil }, nowMs }: { user: User; nowMs: number }) {
  if (state === 'disabled') return <Badge tone="warn">disabled</Badge>;
  if (lockedUntil === null) return <Badge tone="ok">active</Badge>;
  return (
    <div className="grid justify-items-start gap-1">
      <Badge tone="bad" tip="Too many wrong passwords. A new password opens the account at once.">
        locked
      </Badge>
      <p className="text-faint text-xs">
        until <When ms={Date.parse(lockedUntil)} nowMs={nowMs} />
      </p>
    </div>
  );
}

function matches({ name, email, roles }: User, filter: string): boolean {
  const text = [name, email, ...roles.map(({ role }) => role)].join(' ').toLowerCase();
  return text.includes(filter.toLowerCase());
}
