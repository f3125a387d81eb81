import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { EdgeClient } from './edge-client.ts';

const BODY_BYTES_MAX = 20;
let edge: Server;
let client: EdgeClient;

/** Takes bodies up to a limit, as an edge does. */
beforeEach(async () => {
  edge = createServer(async (request, response) => {
    const body = await text(request);
    const isLarge = body.length > BODY_BYTES_MAX;
    response.statusCode = isLarge ? 413 : 200;
    const results = body.split('\n').map((id) => ({ id, status: 'stored' }));
    const problem = { code: 'body_too_large', detail: 'The limit is 20 bytes.' };
    response.end(JSON.stringify(isLarge ? problem : { results }));
  });
  await new Promise<void>((resolve) => edge.listen(0, '127.0.0.1', resolve));
  const { port } = edge.address() as AddressInfo;
  client = new EdgeClient({ edgeUrl: `http://127.0.0.1:${port}`, token: 't' }, 1);
});
afterEach(async () => {
  await client.close();
  edge.close();
});

it('refuses the one event that is larger than a request may be, and stores the others in order', async () => {
  const lines = ['a1', 'a2', 'x'.repeat(BODY_BYTES_MAX + 1), 'a3', 'a4'];
  const results = await client.post('main', lines);
  expect(results.map(({ id, status }) => id ?? status)).toEqual(['a1', 'a2', 'error', 'a3', 'a4']);
  expect(results[2]!.error).toMatchObject({ code: 'body_too_large', status: 413 });
});
