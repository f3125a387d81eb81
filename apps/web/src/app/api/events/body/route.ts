import { z } from 'zod';
import { EdgeRefusal } from '../../../../server/edge/edge-client.ts';
import { parsePage } from '../../../../server/events/placed-event.ts';
import { consoleServer } from '../../../../server/main.ts';
import { comesFromElsewhere } from '../../../../server/origin.ts';

export const dynamic = 'force-dynamic';

const placeSchema = z.object({
  shardlet: z.coerce.number().int().min(1),
  seq: z.coerce.number().int().min(1),
});

/** One event, whole, as a file. */
export async function GET(request: Request): Promise<Response> {
  if (comesFromElsewhere(request.headers))
    return new Response('Not from a page of the console\n', { status: 403 });
  const place = placeSchema.safeParse(Object.fromEntries(new URL(request.url).searchParams));
  if (!place.success) return new Response(`${z.prettifyError(place.error)}\n`, { status: 400 });
  const { shardlet, seq } = place.data;
  try {
    const text = await consoleServer().edge.get(`/v1/shardlets/${shardlet}/events?from=${seq}&limit=1`);
    const found = parsePage(text).events[0];
    if (found?.seq !== seq) return new Response('There is no such event (any more).\n', { status: 404 });
    return new Response(JSON.stringify(found.event), {
      headers: {
        'content-type': 'application/json',
        'content-disposition': `attachment; filename="event-${shardlet}-${seq}.json"`,
        'cache-control': 'no-store',
      },
    });
  } catch (error) {
    if (!(error instanceof EdgeRefusal)) throw error;
    return new Response(`${error.message}\n`, { status: error.status });
  }
}
