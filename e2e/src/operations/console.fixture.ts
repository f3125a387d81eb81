/** Serves the console's tRPC, the route of the product, without its pages: building those takes minutes. */
import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import { GET, POST } from '../../../apps/web/src/app/api/trpc/[trpc]/route.ts';

createServer(async (incoming, outgoing) => {
  const { method = 'GET', url = '/', headers } = incoming;
  const isPost = method === 'POST';
  const request = new Request(`http://${headers.host}${url}`, {
    method,
    headers: headers as Record<string, string>,
    ...(isPost ? { body: await text(incoming) } : {}),
  });
  const answer = await (isPost ? POST : GET)(request);
  outgoing.writeHead(answer.status, { 'content-type': 'application/json' }).end(await answer.text());
}).listen(Number(process.env.WEB_PORT), '127.0.0.1');
