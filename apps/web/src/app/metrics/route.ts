import { exposed, preferredExposition } from '@foreshard/core/exposition';
import { admitted, refusedTo } from '../../server/identity/admitting.ts';

export const dynamic = 'force-dynamic';

/** For a token, or a person, that may see the cluster. */
export async function GET(request: Request): Promise<Response> {
  const entered = await admitted(request);
  if (entered instanceof Response) return entered;
  const refusal = await refusedTo(entered, request, 'console.metrics', ['cluster:read', {}]);
  if (refusal !== undefined) return refusal;
  const { registry } = entered.server.metrics;
  const { contentType, text } = await exposed(
    registry,
    preferredExposition(request.headers.get('accept') ?? undefined),
  );
  return new Response(text, { headers: { 'content-type': contentType, 'cache-control': 'no-store' } });
}
