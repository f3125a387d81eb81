/** "Replay the sample": one run at a time for the whole console; every tab sees it in the live picture. */
import { TRPCError } from '@trpc/server';
import { mutation, query, router } from '../trpc.ts';

export const sampleRouter = router({
  status: query.query(({ ctx }) => ctx.server.sample.status),

  start: mutation.mutation(({ ctx }) => {
    if (!ctx.server.sample.start())
      throw new TRPCError({ code: 'CONFLICT', message: 'The sample is already being replayed.' });
    return ctx.server.sample.status;
  }),

  stop: mutation.mutation(({ ctx }) => {
    ctx.server.sample.stop();
    return ctx.server.sample.status;
  }),
});
