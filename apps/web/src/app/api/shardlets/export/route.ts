import { OWN_CLUSTER } from '@foreshard/core/access';
import { z } from 'zod';
import { FORMATS, shardletExport } from '../../../../server/cluster/shardlet-export.ts';
import { SHARDLET_SORTS, shardletQuerySchema } from '../../../../server/cluster/shardlet-query.ts';
import { admitted, refusedTo } from '../../../../server/identity/admitting.ts';
import { lastingAnswer } from '../../../../server/identity/lasting-answer.ts';

export const dynamic = 'force-dynamic';

const querySchema = shardletQuerySchema.pick({ stream: true, host: true, state: true }).extend({
  sort: z.enum(SHARDLET_SORTS).default('id'),
  descending: z.stringbool().default(false),
  format: z.enum(FORMATS).default('csv'),
});

/** Every shardlet that fits, in the order of the table. */
export async function GET(request: Request): Promise<Response> {
  const entered = await admitted(request);
  if (entered instanceof Response) return entered;
  const right = ['cluster:read', { cluster: OWN_CLUSTER }] as const;
  const refusal = await refusedTo(entered, request, 'shardlets.export', right);
  if (refusal !== undefined) return refusal;
  const asked = querySchema.safeParse(Object.fromEntries(new URL(request.url).searchParams));
  if (!asked.success) return new Response(`${z.prettifyError(asked.error)}\n`, { status: 400 });
  const { server, identity } = entered;
  const { map } = server.map;
  if (map === undefined)
    return new Response('The topology was not read yet: its store does not answer.\n', { status: 503 });
  const { format, ...query } = asked.data;
  const rates = server.load.window.ratesByShardlet(Date.now());
  return lastingAnswer({ server, identity, headers: request.headers }, request, right, () =>
    shardletExport(map, rates, { ...query, page: 1, pageSize: 1 }, format),
  );
}
