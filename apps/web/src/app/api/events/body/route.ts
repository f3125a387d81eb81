import { z } from 'zod';
import { recordReading } from '../../../../server/audit/record-reading.ts';
import { EdgeRefusal } from '../../../../server/edge/edge-client.ts';
import { edgeFor } from '../../../../server/edge/edge-for.ts';
import { parsePage } from '../../../../server/events/placed-event.ts';
import { admitted, refusedTo } from '../../../../server/identity/admitting.ts';
import { consoleServer } from '../../../../server/main.ts';

export const dynamic = 'force-dynamic';

const placeSchema = z.object({
  shardlet: z.coerce.number().int().min(1),
  seq: z.coerce.number().int().min(1),
});

/** One event, whole, as a file. */
export async function GET(request: Request): Promise<Response> {
  const entered = await admitted(request);
  if (entered instanceof Response) return entered;
  const place = placeSchema.safeParse(Object.fromEntries(new URL(request.url).searchParams));
  if (!place.success) return new Response(`${z.prettifyError(place.error)}\n`, { status: 400 });
  const { shardlet, seq } = place.data;
  // which stream it is of is known by the map; the edge judges as well
  const refusal = await refusedTo(entered, request, 'events.body', [
    'events:read',
    { stream: streamOf(shardlet) },
  ]);
  if (refusal !== undefined) return refusal;
  const reading = { operation: 'events.body', resource: 'event', target: `${shardlet}/${seq}` } as const;
  await recordReading({ ...entered, headers: request.headers }, { ...reading, input: place.data });
  try {
    const edge = edgeFor({ ...entered, headers: request.headers });
    const text = await edge.get(`/v1/shardlets/${shardlet}/events?from=${seq}&limit=1`);
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

function streamOf(shardlet: number): string | undefined {
  const { map } = consoleServer().map;
  const found = map?.shardlet(shardlet);
  return found && map?.stream(found.stream)?.name;
}
