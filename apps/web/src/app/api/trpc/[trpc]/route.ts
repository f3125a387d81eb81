import { fetchRequestHandler } from '@trpc/server/adapters/fetch';
import { identityOf } from '../../../../server/identity/admitting.ts';
import { consoleServer } from '../../../../server/main.ts';
import { appRouter } from '../../../../server/router.ts';

export const dynamic = 'force-dynamic';

async function handler(request: Request): Promise<Response> {
  const { headers } = request;
  return fetchRequestHandler({
    endpoint: '/api/trpc',
    req: request,
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
