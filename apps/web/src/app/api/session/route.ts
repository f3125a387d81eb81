import { z } from 'zod';
import { setCookie } from '../../../server/identity/cookie.ts';
import { endSession, entered, entering, orAway, problem } from '../../../server/identity/entering.ts';
import { recordExit } from '../../../server/identity/recording.ts';
import { consoleServer } from '../../../server/main.ts';
import { comesFromElsewhere } from '../../../server/origin.ts';

export const dynamic = 'force-dynamic';

const passwordSchema = z.strictObject({ email: z.string().max(300), password: z.string().max(1_000) });

/** Signs in with e-mail and password. */
export function POST(request: Request): Promise<Response> {
  return orAway(async () => {
    const asked = await entering(request, passwordSchema);
    if (asked instanceof Response) return asked;
    const { server, body, client } = asked;
    const attempt = { by: 'password', email: body.email } as const;
    return entered(request, server, attempt, await server.signingIn.withPassword(body, client));
  });
}

/** Signs out. */
export function DELETE({ headers }: Request): Promise<Response> {
  return orAway(async () => {
    if (comesFromElsewhere(headers))
      return problem(403, 'This request does not come from a page of the console.');
    const server = consoleServer();
    const identity = await server.identify(headers);
    await endSession(headers, server);
    if (identity !== undefined) await recordExit(server, headers, identity.principal, identity.sessionId);
    // otherwise the next click on "sign in" would come in without asking
    const elsewhere = identity?.isProvided === true ? await server.provider?.logoutUrl() : undefined;
    const gone = setCookie(server.cookie, server.cookie.name, '', 0);
    return Response.json(elsewhere === undefined ? {} : { elsewhere }, {
      headers: { 'set-cookie': gone, 'cache-control': 'no-store' },
    });
  });
}
