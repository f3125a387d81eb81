import { z } from 'zod';
import { FORMATS, shardletExport } from '../../../../server/cluster/shardlet-export.ts';
import { SHARDLET_SORTS, shardletQuerySchema } from '../../../../server/cluster/shardlet-query.ts';
import { consoleServer } from '../../../../server/main.ts';
import { comesFromElsewhere } from '../../../../server/origin.ts';

export const dynamic = 'force-dynamic';

const querySchema = shardletQuerySchema.pick({ stream: true, host: true, state: true }).extend({
  sort: z.enum(SHARDLET_SORTS).default('id'),
  descending: z.stringbool().default(false),
  format: z.enum(FORMATS).default('csv'),
});

/** Every shardlet that fits, in the order of the table. */
export function GET(request: Request): Response {
  if (comesFromElsewhere(request.headers))
    return new Response('Not from a page of the console\n', { status: 403 });
  const asked = querySchema.safeParse(Object.fromEntries(new URL(request.url).searchParams));
  if (!asked.success) return new Response(`${z.prettifyError(asked.error)}\n`, { status: 400 });
  const { map, load } = consoleServer();
  if (map.map === undefined)
    return new Response('The topology was not read yet: its store does not answer.\n', { status: 503 });
  const { format, ...query } = asked.data;
  const rates = load.window.ratesByShardlet(Date.now());
  return shardletExport(map.map, rates, { ...query, page: 1, pageSize: 1 }, format);
}
