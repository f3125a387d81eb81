'use client';

/** Which programs may call the API, what each may do, and when their tokens end. */
import { scopeText } from '@foreshard/core/access';
import { useQuery } from '@tanstack/react-query';
import { parseAsBoolean, parseAsString, useQueryStates } from 'nuqs';
import { useTRPC } from '../../components/api.ts';
import { Barred } from '../../components/barred.tsx';
import { useObstacle } from '../../components/may-button.tsx';
import { Notice } from '../../components/notice.tsx';
import { TakeAway, trpcCurl } from '../../components/take-away.tsx';
import { Badge } from '../../components/ui/badge.tsx';
import { inputClass } from '../../components/ui/field.tsx';
import { When } from '../../components/when.tsx';
import { ListPage } from '../list-page.tsx';
import { CreateToken } from './create-token.tsx';
import { type Token, TokenOrders } from './token-orders.tsx';
import { expiryOf, signInOf } from './token-text.ts';

const REFRESH_MS = 5_000;

export function TokensPage() {
  const obstacle = useObstacle('tokens:manage');
  if (obstacle !== undefined) return <Barred why={obstacle} what="API tokens" />;
  return <Tokens />;
}

function Tokens() {
  const trpc = useTRPC();
  const [{ q, ended }, set] = useQueryStates({
    q: parseAsString.withDefault(''),
    ended: parseAsBoolean.withDefault(false),
  });
  const all = useQuery({ ...trpc.operations.tokens.list.queryOptions({}), refetchInterval: REFRESH_MS });
  const every = all.data?.tokens ?? [];
  const rows = every.filter((token) => (ended || isHeld(token)) && matches(token, q));
  return (
    <ListPage
      error={all.data === undefined ? all.error : null}
      loading={all.isPending}
      onRetry={() => void all.refetch()}
      head={
        <div className="flex flex-wrap items-center justify-between gap-3">
          <p className="text-sm text-soft">
            For programs that call the API. A token is shown once; its first characters tell it apart.
          </p>
          <div className="flex flex-wrap items-center gap-2">
            <label className="flex items-center gap-2 px-1 text-sm">
              <input
                type="checkbox"
                className="size-4 accent-(--accent)"
                checked={ended}
                onChange={(event) => void set({ ended: event.target.checked })}
              />
              Also ended ones
            </label>
            <input
              type="search"
              value={q}
              onChange={(event) => void set({ q: event.target.value === '' ? null : event.target.value })}
              placeholder="Filter by name, owner or permission"
              aria-label="Filter tokens"
              className={`${inputClass} sm:w-64`}
            />
            <TakeAway
              name="tokens"
              rows={rows as unknown as readonly Record<string, unknown>[]}
              curl={() => trpcCurl('operations.tokens.list', {})}
            />
            <CreateToken />
          </div>
        </div>
      }
      empty={
        all.data?.tokens.length === 0 ? (
          <Notice
            title="No token yet"
            why="A program that sends, reads or manages needs one. Each is shown once."
          />
        ) : undefined
      }
    >
      {rows.length === 0 ? (
        <p className="border-line border-t px-5 py-10 text-center text-sm text-soft">
          {q === '' ? 'No token is active.' : `No token matches “${q}”.`}
        </p>
      ) : (
        <TokenTable tokens={rows} nowMs={all.dataUpdatedAt} />
      )}
    </ListPage>
  );
}

const HEADS = ['Token', 'May', 'Expires', 'Last used', 'Orders'];

function TokenTable({ tokens, nowMs }: { tokens: readonly Token[]; nowMs: number }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard
    <section tabIndex={0} aria-label="Tokens" className="overflow-x-auto">
      <table className="w-full border-collapse text-sm max-md:block">
        <thead className="max-md:sr-only">
          <tr className="border-line border-y bg-sunken text-left text-soft text-xs">
            {HEADS.map((head) => (
              <th key={head} scope="col" className="h-9 px-3 font-medium first:pl-5 last:pr-5">
                {head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody className="max-md:block max-md:border-line max-md:border-t">
          {tokens.map((token) => (
            <TokenRow key={token.id} token={token} nowMs={nowMs} />
          ))}
        </tbody>
      </table>
    </section>
  );
}

function TokenRow({ token, nowMs }: { token: Token; nowMs: number }) {
  const { name, prefix, owner, state, lastUsedAt } = token;
  return (
    <tr className="border-line border-b align-top last:border-b-0 max-md:grid max-md:gap-1.5 max-md:px-2 max-md:py-3">
      <td className="px-3 py-3 first:pl-5 max-md:py-0 max-md:first:pl-3">
        <p className="flex flex-wrap items-center gap-2 font-medium">
          {name} {state === 'active' ? null : <Badge>{state}</Badge>}
        </p>
        <p className="font-mono text-faint text-xs">{prefix}…</p>
        <p className="break-all text-soft text-xs">
          {owner === null ? 'made on the machine' : `of ${owner}`}
        </p>
      </td>
      <td className="max-w-md px-3 py-3 max-md:py-0">
        <May token={token} />
      </td>
      <td className="whitespace-nowrap px-3 py-3 max-md:py-0">
        <Expires token={token} nowMs={nowMs} />
      </td>
      <td className="whitespace-nowrap px-3 py-3 text-soft max-md:py-0 max-md:text-xs">
        <span className="md:hidden">Last used: </span>
        {lastUsedAt === null ? 'never' : <When ms={Date.parse(lastUsedAt)} nowMs={nowMs} />}
      </td>
      <td className="px-3 py-2 last:pr-5 max-md:py-0">
        {isHeld(token) ? <TokenOrders token={token} /> : null}
      </td>
    </tr>
  );
}

const SHOWN_MAX = 4;

function May({ token: { scopes, limits, cidrs } }: { token: Token }) {
  const shown = scopes.length <= SHOWN_MAX + 1 ? scopes : scopes.slice(0, SHOWN_MAX);
  const more = scopes.slice(shown.length);
  return (
    <div className="grid gap-1">
      <ul className="flex flex-wrap gap-1">
        {shown.map((scope) => (
          <li key={scope}>
            <Badge>{scope}</Badge>
          </li>
        ))}
        {more.length === 0 ? null : (
          <li>
            <Badge tip={more.join(', ')}>and {more.length} more</Badge>
          </li>
        )}
      </ul>
      {Object.keys(limits).length === 0 ? null : (
        <p className="break-words text-soft text-xs">only {scopeText(limits)}</p>
      )}
      {cidrs.length === 0 ? null : (
        <p className="break-all font-mono text-soft text-xs">from {cidrs.join(', ')}</p>
      )}
    </div>
  );
}

function Expires({ token, nowMs }: { token: Token; nowMs: number }) {
  const { state, expiresAt, revokedAt, signInBy, owner } = token;
  if (revokedAt !== null)
    return (
      <span className="text-soft">
        revoked <When ms={Date.parse(revokedAt)} nowMs={nowMs} />
      </span>
    );
  const { text, isNear } = expiryOf(expiresAt, nowMs);
  const signIn = isHeld(token) ? signInOf(signInBy, nowMs) : undefined;
  return (
    <div className="grid justify-items-start gap-1">
      {isNear && state === 'active' ? (
        <Badge tone="warn">{text}</Badge>
      ) : (
        <span className="text-soft">{text}</span>
      )}
      {signIn === undefined ? null : (
        <Badge tone="warn" tip={`It works on when ${owner} signs in at the identity provider`}>
          {signIn}
        </Badge>
      )}
    </div>
  );
}

/** Neither revoked nor expired. */
function isHeld({ state }: Token): boolean {
  return state === 'active' || state === 'owner away';
}

function matches({ name, owner, scopes, prefix }: Token, filter: string): boolean {
  return [name, owner ?? '', prefix, ...scopes].join(' ').toLowerCase().includes(filter.toLowerCase());
}
