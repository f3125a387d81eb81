/** What leaves this machine, seen by real HTTP servers. */
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AddressGuard } from './address-guard.ts';
import { newSecret } from './secret.ts';
import { GuardedWebhookSender } from './webhook-sender.ts';

const secret = newSecret();
const received: { path: string; headers: IncomingHttpHeaders; body: string }[] = [];
let server: Server;
let port: number;
const sender = new GuardedWebhookSender(new AddressGuard(['127.0.0.0/8', '::1/128']), Date.now);
const strict = new GuardedWebhookSender(new AddressGuard([]), Date.now);
const message = { id: 'msg_1', body: '{"a":"ü"}' };

beforeAll(async () => {
  server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    received.push({ path: request.url!, headers: request.headers, body });
    if (request.url === '/redirect') response.writeHead(302, { location: `http://127.0.0.1:${port}/secret` });
    else if (request.url === '/long') response.write('x'.repeat(100_000));
    else response.statusCode = request.url === '/refuse' ? 422 : 202;
    response.end(request.url === '/long' ? '' : 'the answer');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  port = (server.address() as AddressInfo).port;
});
afterAll(() => new Promise((resolve) => server.close(resolve)));

const to = (path: string, host = '127.0.0.1') => ({ url: `http://${host}:${port}${path}`, secret });

describe('a message', () => {
  it('carries a signature that a receiver can check, and the answer is kept', async () => {
    expect(await sender.send(message, to('/hook'))).toMatchObject({ status: 202, response: 'the answer' });
    const { headers, body } = received.at(-1)!;
    expect(new Webhook(secret).verify(body, headers as Record<string, string>)).toEqual({ a: 'ü' });
    expect(headers).toMatchObject({ 'webhook-id': 'msg_1', 'content-type': 'application/json' });
  });

  it('reaches a name whose address may be sent to', async () => {
    expect(await sender.send(message, to('/hook', 'localhost'))).toMatchObject({ status: 202 });
  });

  it('does not follow a redirect', async () => {
    expect(await sender.send(message, to('/redirect'))).toMatchObject({ status: 302, mayPass: true });
    expect(received.map(({ path }) => path)).not.toContain('/secret');
  });

  it('keeps only the beginning of a long answer', async () => {
    expect((await sender.send(message, to('/long'))).response).toBe('x'.repeat(1_000));
  });

  it('that nobody takes tells why', async () => {
    const { status, response } = await sender.send(message, { url: 'http://127.0.0.1:1/', secret });
    expect({ status, response }).toEqual({ status: null, response: expect.stringContaining('ECONNREFUSED') });
  });
});

describe('an address that is not allowed', () => {
  it.each(['127.0.0.1', 'localhost', '2130706433', '[::ffff:127.0.0.1]'])('%s gets nothing', async (host) => {
    const before = received.length;
    const attempt = await strict.send(message, to('/hook', host));
    expect(attempt).toMatchObject({ status: null, mayPass: false });
    expect(attempt.response).toContain('not a public address');
    expect(await strict.objection(to('/hook', host).url)).toContain('not a public address');
    expect(received.length).toBe(before);
  });
});
