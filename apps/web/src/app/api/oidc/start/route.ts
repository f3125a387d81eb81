import { setCookie } from '../../../../server/identity/cookie.ts';
import { localPath } from '../../../../server/identity/local-path.ts';
import { PENDING_SECONDS, pendingCookie, sealed } from '../../../../server/identity/pending-sign-in.ts';
import { toSignIn } from '../../../../server/identity/to-sign-in.ts';
import { consoleServer } from '../../../../server/main.ts';
import { comesFromElsewhere } from '../../../../server/origin.ts';

export const dynamic = 'force-dynamic';

/** To the identity provider, from a button of the sign-in page. */
export async function GET(request: Request): Promise<Response> {
  const { provider, cookie } = consoleServer();
  const next = localPath(new URL(request.url).searchParams.get('next'));
  // another site could begin it, and have its visitor signed in without asking
  if (comesFromElsewhere(request.headers) || provider === undefined) return toSignIn(next, undefined);
  try {
    const { url, pending } = await provider.start();
    const headers = new Headers({ location: url, 'cache-control': 'no-store' });
    headers.append(
      'set-cookie',
      setCookie(cookie, pendingCookie(cookie.name), sealed({ ...pending, next }), PENDING_SECONDS),
    );
    return new Response(null, { status: 303, headers });
  } catch (error) {
    process.stderr.write(`console: the identity provider cannot be used: ${(error as Error).message}\n`);
    return toSignIn(next, 'provider');
  }
}
