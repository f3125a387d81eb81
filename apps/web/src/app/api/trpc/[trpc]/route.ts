import { fetchRequestHandler } from '@trpc/server/adapters/fetch';
import { consoleServer } from '../../../../server/main.ts';
import { appRouter } from '../../../../server/router.ts';

export const dynamic = 'force-dynamic';

async function handler(request: Request): Promise<Response> {
  return fetchRequestHandler({
    endpoint: '/api/trpc',
    req: request,
    router: appRouter,
    createContext: () => ({ server: consoleServer(), headers: request.headers }),
  });
}

export { handler as GET, handler as POST };
