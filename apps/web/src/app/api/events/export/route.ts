import { z } from 'zod';
import { recordReading } from '../../../../server/audit/record-reading.ts';
import { edgeFor } from '../../../../server/edge/edge-for.ts';
import { type EventFilter, filterOf } from '../../../../server/events/event-query.ts';
import { exportOf, FORMATS } from '../../../../server/events/export.ts';
import { admitted, refusedTo } from '../../../../server/identity/admitting.ts';
import { lastingAnswer } from '../../../../server/identity/lasting-answer.ts';

export const dynamic = 'force-dynamic';

/** Every event that fits, as a file that begins to arrive at once. */
export async function GET(request: Request): Promise<Response> {
  const entered = await admitted(request);
  if (entered instanceof Response) return entered;
  const params = new URL(request.url).searchParams;
  const format = z.enum(FORMATS).safeParse(params.get('format') ?? 'ndjson');
  params.delete('format');
  let filter: EventFilter;
  try {
    filter = filterOf(params);
  } catch (error) {
    if (!(error instanceof z.ZodError)) throw error;
    return new Response(`${z.prettifyError(error)}\n`, { status: 400 });
  }
  const target = { stream: filter.stream };
  const refusal = await refusedTo(entered, request, 'events.export', ['events:export', target]);
  if (refusal !== undefined) return refusal;
  const { server, identity } = entered;
  const { headers } = request;
  const what = { operation: 'events.export', resource: 'event', target: filter.stream } as const;
  await recordReading({ server, headers, identity }, { ...what, input: { ...filter, format: format.data } });
  const edge = edgeFor({ server, headers, identity });
  return lastingAnswer({ server, headers, identity }, request, ['events:export', target], (ending) =>
    exportOf(edge, filter, format.data ?? 'ndjson', ending),
  );
}
