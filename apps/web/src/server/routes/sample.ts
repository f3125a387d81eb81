/** "Replay the sample": one run at a time for the whole console; every tab sees it in the live picture. */
import { TRPCError } from '@trpc/server';
import { mayOrThrow, ordering, query, router } from '../trpc.ts';

/** It sends events as the console's own token does: whoever starts it could send them. */
const replaying = ordering.use(({ ctx, next }) => {
  mayOrThrow(ctx, 'events:write', { stream: 'main' });
  return next();
});

export const sampleRouter = router({
  status: query.query(({ ctx }) => ctx.server.sample.status),

  start: replaying.mutation(({ ctx }) => {
    if (!ctx.server.sample.start())
      throw new TRPCError({ code: 'CONFLICT', message: 'The sample is already being replayed.' });
    return ctx.server.sample.status;
  }),

  stop: replaying.mutation(({ ctx }) => {
    ctx.server.sample.stop();
    return ctx.server.sample.status;
  }),
});
