import { readCookie, setCookie } from '../../../../server/identity/cookie.ts';
import { clientOf, entered } from '../../../../server/identity/entering.ts';
import { opened, pendingCookie } from '../../../../server/identity/pending-sign-in.ts';
import { toSignIn } from '../../../../server/identity/to-sign-in.ts';
import { type ConsoleServer, consoleServer } from '../../../../server/main.ts';

export const dynamic = 'force-dynamic';

/** Back from the identity provider: its site leads here, so the cookie of the start shows that it was begun here. */
export async function GET(request: Request): Promise<Response> {
  const server = consoleServer();
  const answer = await finished(request, server);
  // once: an answer that is brought again finds nothing
  answer.headers.append('set-cookie', setCookie(server.cookie, pendingCookie(server.cookie.name), '', 0));
  return answer;
}

async function finished(request: Request, server: ConsoleServer): Promise<Response> {
  const { provider, cookie, signingIn } = server;
  const pending = opened(readCookie(request.headers, pendingCookie(cookie.name)));
  const next = pending?.next ?? '/';
  if (provider === undefined) return toSignIn(next, undefined);
  const reply = await provider.finish(new URL(request.url).search, pending);
  if (reply.kind === 'refused') {
    process.stderr.write(`console: nobody was signed in by the identity provider: ${reply.detail}\n`);
    return toSignIn(next, reply.reason);
  }
  try {
    const entry = await signingIn.withProvider(reply.person, clientOf(request.headers, server));
    const made = await entered(request, server, { by: 'provider', email: reply.person.email }, entry);
    if (entry.kind === 'refused') return toSignIn(next, entry.reason);
    const headers = new Headers({ location: next, 'cache-control': 'no-store' });
    headers.append('set-cookie', made.headers.get('set-cookie')!);
    return new Response(null, { status: 303, headers });
  } catch (error) {
    if ((error as Error).name !== 'DatabaseUnreachable') throw error;
    return toSignIn(next, 'store');
  }
}
