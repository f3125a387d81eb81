/** For pages: who looks at them. Whoever is not known is led to the sign-in, and comes back from there. */
import { headers } from 'next/headers';
import { redirect } from 'next/navigation';
import { consoleServer } from '../main.ts';
import { localPath } from './local-path.ts';
import { PATH_HEADER } from './path-header.ts';

export interface SignedInUser {
  readonly email: string;
  readonly name: string;
  readonly roles: readonly string[];
  /** which this console shows; null: PostgreSQL has not said it yet */
  readonly cluster: string | null;
}

export async function whoIsSignedIn(): Promise<SignedInUser> {
  const asked = await headers();
  const next = localPath(asked.get(PATH_HEADER));
  const search = new URLSearchParams(next === '/' ? {} : { next });
  const identity = await consoleServer()
    .identify(asked)
    .catch((error: Error) => {
      if (error.name !== 'DatabaseUnreachable') throw error;
      search.set('because', 'store');
      return undefined;
    });
  if (identity === undefined) redirect(search.size === 0 ? '/sign-in' : `/sign-in?${search}`);
  const { principal, displayName, roles } = identity;
  const cluster = (await consoleServer().identity())?.name ?? null;
  return { email: principal.name, name: displayName ?? principal.name, roles, cluster };
}
