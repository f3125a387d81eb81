/** Events, read through the edge's public API. */
import { refusedByEdge } from '../edge/refused-by-edge.ts';
import { eventFilterSchema, eventPageSchema } from '../events/event-query.ts';
import { type EventRow, eventRow } from '../events/event-rows.ts';
import { findEvents, pathOf } from '../events/read-events.ts';
import { type TailBatch, tail } from '../events/tail.ts';
import { query, router } from '../trpc.ts';

export const eventsRouter = router({
  page: query.input(eventPageSchema).query(async ({ ctx: { server }, input, signal }) => {
    const found = await findEvents(server.edge, input, signal).catch(refusedByEdge);
    return {
      ...found,
      events: found.events.map(eventRow) as readonly EventRow[],
      call: `${server.edgeUrl}${pathOf(input, input.cursor, input.limit)}`,
    };
  }),

  tail: query.input(eventFilterSchema).subscription(async function* ({
    ctx: { server },
    input,
    signal,
  }): AsyncGenerator<TailBatch> {
    const ending = AbortSignal.any(signal === undefined ? [server.closing] : [signal, server.closing]);
    try {
      yield* tail(server.edge, input, ending);
    } catch (error) {
      if (!ending.aborted) refusedByEdge(error);
    }
  }),
});
