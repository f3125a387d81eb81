/** Serves the console's tRPC and downloads, routes of the product, without its pages: building those takes minutes. */
import { createServer } from 'node:http';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream } from 'node:stream/web';
import { GET as auditExport } from '../../../apps/web/src/app/api/audit/export/route.ts';
import { GET as eventBody } from '../../../apps/web/src/app/api/events/body/route.ts';
import { GET as eventsExport } from '../../../apps/web/src/app/api/events/export/route.ts';
import { GET as shardletsExport } from '../../../apps/web/src/app/api/shardlets/export/route.ts';
import { GET, POST } from '../../../apps/web/src/app/api/trpc/[trpc]/route.ts';
import { GET as metrics } from '../../../apps/web/src/app/metrics/route.ts';

const DOWNLOADS = new Map([
  ['/api/audit/export', auditExport],
  ['/api/events/body', eventBody],
  ['/api/events/export', eventsExport],
  ['/api/shardlets/export', shardletsExport],
  ['/metrics', metrics],
]);

createServer(async (incoming, outgoing) => {
  const { method = 'GET', url = '/', headers } = incoming;
  const isPost = method === 'POST';
  const gone = new AbortController();
  outgoing.once('close', () => gone.abort());
  const request = new Request(`http://${headers.host}${url}`, {
    method,
    signal: gone.signal,
    headers: headers as Record<string, string>,
    ...(isPost ? { body: await text(incoming) } : {}),
  });
  const download = DOWNLOADS.get(new URL(request.url).pathname);
  const answer = await (isPost ? POST : (download ?? GET))(request);
  outgoing.writeHead(answer.status, { 'content-type': 'application/json' });
  if (answer.body === null) return void outgoing.end();
  // as Next does: an answer that breaks off breaks the connection
  await pipeline(Readable.fromWeb(answer.body as ReadableStream), outgoing).catch(() => outgoing.destroy());
}).listen(Number(process.env.WEB_PORT), '127.0.0.1');
