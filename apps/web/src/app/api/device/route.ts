import { DEVICE_LIFETIME_MS, DEVICE_POLL_MS } from '@foreshard/core/access';
import { z } from 'zod';
import { entering, orAway, problem } from '../../../server/identity/entering.ts';

export const dynamic = 'force-dynamic';

const MS_PER_SECOND = 1_000;
const askedSchema = z.strictObject({ device: z.string().min(1).max(300) });

/** A command line asks to be let in; the answer has the members of RFC 8628. */
export function POST(request: Request): Promise<Response> {
  return orAway(async () => {
    const asked = await entering(request, askedSchema);
    if (asked instanceof Response) return asked;
    const { server, body, client } = asked;
    const codes = await server.devices.start(body.device, client.address);
    if (codes === undefined) return problem(429, 'Too many from your network. Try again in 5 minutes.');
    return Response.json(
      {
        ...{ device_code: codes.deviceCode, user_code: codes.userCode, verification_path: '/device' },
        ...{ expires_in: DEVICE_LIFETIME_MS / MS_PER_SECOND, interval: DEVICE_POLL_MS / MS_PER_SECOND },
      },
      { headers: { 'cache-control': 'no-store' } },
    );
  });
}
