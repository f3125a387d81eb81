/** Events, read through the edge's public API. */
import { recordReading } from '../audit/record-reading.ts';
import { edgeFor } from '../edge/edge-for.ts';
import { refusedByEdge } from '../edge/refused-by-edge.ts';
import { eventFilterSchema, eventPageSchema, eventTarget, eventTargetSchema } from '../events/event-query.ts';
import { type EventRow, eventRow } from '../events/event-rows.ts';
import { findEvents, pathOf } from '../events/read-events.ts';
import { type TailBatch, tail } from '../events/tail.ts';
import { endingOf, permitted, router } from '../trpc.ts';

/** What is wrong with the input is said once it is read. */
const reading = permitted('events:read', (input) =>
  eventTarget(eventTargetSchema.safeParse(input).data ?? {}),
);

const EVENTS = { resource: 'event' } as const;

export const eventsRouter = router({
  page: reading.input(eventPageSchema).query(async ({ ctx, input, signal }) => {
    const { server } = ctx;
    await recordReading(ctx, { ...EVENTS, operation: 'events.page', target: input.stream, input });
    const found = await findEvents(edgeFor(ctx), input, signal).catch(refusedByEdge);
    return {
      ...found,
      events: found.events.map(eventRow) as readonly EventRow[],
      call: `${server.edgeUrl}${pathOf(input, input.cursor, input.limit)}`,
    };
  }),

  tail: reading.input(eventFilterSchema).subscription(async function* ({
    ctx,
    input,
    signal,
  }): AsyncGenerator<TailBatch> {
    await recordReading(ctx, { ...EVENTS, operation: 'events.tail', target: input.stream, input });
    const ending = endingOf(ctx, signal, ['events:read', eventTarget(input)]);
    try {
      yield* tail(edgeFor(ctx), input, ending);
    } catch (error) {
      if (!ending.aborted) refusedByEdge(error);
    }
  }),
});
