import { z } from 'zod';
import { entered, entering, orAway } from '../../../server/identity/entering.ts';

export const dynamic = 'force-dynamic';

const entrySchema = z.strictObject({
  secret: z.string().max(100),
  password: z.string().max(1_000),
  email: z.string().max(300).optional(),
  name: z.string().max(300).optional(),
});

/** Uses a one-time link: the first administrator, an invitation, a new password. */
export function POST(request: Request): Promise<Response> {
  return orAway(async () => {
    const asked = await entering(request, entrySchema);
    if (asked instanceof Response) return asked;
    const { server, body, client } = asked;
    const { secret, password, email, name } = body;
    const entry = {
      ...{ secret, password },
      ...(email === undefined ? {} : { email }),
      ...(name === undefined ? {} : { name }),
    };
    return entered(request, server, { by: 'link', email }, await server.signingIn.withLink(entry, client));
  });
}
