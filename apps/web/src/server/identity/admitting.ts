/** Who may use a route that is no procedure: downloads, which a browser asks for with a link. */
import { allows, PERMISSION_TABLE, type Permission, type Target } from '@foreshard/core/access';
import { TRPCError } from '@trpc/server';
import { recordDenial } from '../audit/record-denial.ts';
import { type ConsoleServer, consoleServer } from '../main.ts';
import { comesFromElsewhere } from '../origin.ts';
import type { Identity } from './identify.ts';

interface Admitted {
  readonly server: ConsoleServer;
  readonly identity: Identity;
}

/** Somebody who is known, or the refusal. */
export async function admitted({ headers }: Request): Promise<Admitted | Response> {
  if (comesFromElsewhere(headers)) return refusal(403, 'Not from a page of the console');
  const server = consoleServer();
  const identity = await server.identify(headers).catch(() => null);
  if (identity === null) return refusal(503, 'PostgreSQL does not answer, so it is not known who you are.');
  if (identity === undefined) return refusal(401, 'Sign in first. Programs send an API token.');
  return { server, identity };
}

/** The refusal, for who may not do this; undefined: they may. `view`: for the row of a denial. */
export async function refusedTo(
  { server, identity }: Admitted,
  { headers }: Request,
  view: string,
  [permission, target]: readonly [Permission, Target],
): Promise<Response | undefined> {
  const { grants, name } = identity.principal;
  if (allows(grants, permission, target)) return undefined;
  await recordDenial({ server, headers, identity }, { name: view, permission, target });
  const { allows: what } = PERMISSION_TABLE[permission];
  return refusal(403, `${name} may not ${what} here (permission ${permission}).`);
}

function refusal(status: number, text: string): Response {
  return new Response(`${text}\n`, { status, headers: { 'cache-control': 'no-store' } });
}

/** For the context of procedures, whose errors have codes. @throws TRPCError */
export async function identityOf(server: ConsoleServer, headers: Headers): Promise<Identity | undefined> {
  try {
    return await server.identify(headers);
  } catch (cause) {
    if ((cause as Error).name !== 'DatabaseUnreachable') throw cause;
    const message = `${(cause as Error).message}, so it is not known who you are. It is tried again by itself.`;
    throw new TRPCError({ code: 'SERVICE_UNAVAILABLE', message, cause });
  }
}
