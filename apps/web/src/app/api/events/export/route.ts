import { z } from 'zod';
import { filterOf } from '../../../../server/events/event-query.ts';
import { exportOf, FORMATS } from '../../../../server/events/export.ts';
import { consoleServer } from '../../../../server/main.ts';
import { comesFromElsewhere } from '../../../../server/origin.ts';

export const dynamic = 'force-dynamic';

/** Every event that fits, as a file that begins to arrive at once. */
export function GET(request: Request): Response {
  if (comesFromElsewhere(request.headers))
    return new Response('Not from a page of the console\n', { status: 403 });
  const params = new URL(request.url).searchParams;
  const format = z.enum(FORMATS).safeParse(params.get('format') ?? 'ndjson');
  params.delete('format');
  try {
    const { edge, closing } = consoleServer();
    return exportOf(
      edge,
      filterOf(params),
      format.data ?? 'ndjson',
      AbortSignal.any([request.signal, closing]),
    );
  } catch (error) {
    if (!(error instanceof z.ZodError)) throw error;
    return new Response(`${z.prettifyError(error)}\n`, { status: 400 });
  }
}
