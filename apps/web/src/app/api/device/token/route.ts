import { z } from 'zod';
import { entering, orAway, problem } from '../../../../server/identity/entering.ts';

export const dynamic = 'force-dynamic';

const askedSchema = z.strictObject({ device_code: z.string().min(1).max(100) });
const WHY = {
  authorization_pending: 'Nobody has decided yet.',
  access_denied: 'It was not let in.',
  expired_token: 'The code is over, or was used.',
} as const;

/** The token, once a person has let the command line in. */
export function POST(request: Request): Promise<Response> {
  return orAway(async () => {
    const asked = await entering(request, askedSchema);
    if (asked instanceof Response) return asked;
    const { server, body } = asked;
    const reply = await server.devices.token(body.device_code);
    if (reply.kind === 'refused') return problem(400, WHY[reply.error], { error: reply.error });
    const { token, person, expiresAt } = reply;
    return Response.json(
      { token, email: person.email, edgeUrl: server.edgeUrl, expiresAt: expiresAt.toISOString() },
      { headers: { 'cache-control': 'no-store' } },
    );
  });
}
