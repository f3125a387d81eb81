/** "Replay the sample": one run at a time for the whole console; every tab sees it in the live picture. */
import { TRPCError } from '@trpc/server';
import { originOf } from '../identity/identify.ts';
import { SAMPLE_PERMISSIONS, SAMPLE_STREAM } from '../sample/sample-token.ts';
import { ordering, query, router, type SignedInContext } from '../trpc.ts';

/** It sends events for whoever starts it, who could send them. */
const replaying = ordering(SAMPLE_PERMISSIONS, { stream: SAMPLE_STREAM });

export const sampleRouter = router({
  status: query.query(({ ctx }) => ctx.server.sample.status),

  start: replaying.mutation(async ({ ctx, path }) => {
    await recorded(ctx, path);
    const { server, identity } = ctx;
    if (!(await server.sample.start(server.sampleTokens(identity.principal))))
      throw new TRPCError({ code: 'CONFLICT', message: 'The sample is already being replayed.' });
    return server.sample.status;
  }),

  stop: replaying.mutation(async ({ ctx, path }) => {
    ctx.server.sample.stop();
    // it stops, recorded or not
    await recorded(ctx, path).catch(() => {});
    return ctx.server.sample.status;
  }),
});

/** @throws what the audit log throws */
async function recorded({ server, headers, identity }: SignedInContext, operation: string): Promise<void> {
  const { principal, sessionId } = identity;
  const origin = originOf(headers, server.proxies, sessionId);
  const what = { resource: 'event', target: SAMPLE_STREAM, reason: '', input: {} };
  await server.audit.done({ principal, origin, operation, ...what });
}
