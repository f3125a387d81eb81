import { z } from 'zod';
import { entering, orAway, problem } from '../../../../server/identity/entering.ts';

export const dynamic = 'force-dynamic';

/** What a link opens, so that the page asks for what is needed; using it is another call. */
export function POST(request: Request): Promise<Response> {
  return orAway(async () => {
    const asked = await entering(request, z.strictObject({ secret: z.string().max(100) }));
    if (asked instanceof Response) return asked;
    const { server, body, client } = asked;
    const link = await server.signingIn.describe(body.secret, client);
    if (link === undefined) return problem(410, 'This link was used already or has expired.');
    return Response.json(
      { kind: link.kind, email: link.email ?? null, expiresAt: link.expiresAt.toISOString() },
      { headers: { 'cache-control': 'no-store' } },
    );
  });
}
