import { fetchRequestHandler } from '@trpc/server/adapters/fetch';
import { ORDER_BYTES_MAX, withBoundedBody } from '../../../../server/bounded-body.ts';
import { identityOf } from '../../../../server/identity/admitting.ts';
import { problem } from '../../../../server/identity/entering.ts';
import { consoleServer } from '../../../../server/main.ts';
import { appRouter } from '../../../../server/router.ts';

export const dynamic = 'force-dynamic';

async function handler(request: Request): Promise<Response> {
  const { headers } = request;
  const bounded = await withBoundedBody(request, ORDER_BYTES_MAX);
  if (bounded === undefined) return problem(413, 'The body is too large.');
  return fetchRequestHandler({
    endpoint: '/api/trpc',
    req: bounded,
    router: appRouter,
    createContext: async () => {
      const server = consoleServer();
      return { server, headers, identity: await identityOf(server, headers) };
    },
    // a stream tells its errors inside; browsers and programs look at the status
    responseMeta: ({ ctx, type }) =>
      type === 'subscription' && ctx !== undefined && ctx.identity === undefined ? { status: 401 } : {},
  });
}

export { handler as GET, handler as POST };
