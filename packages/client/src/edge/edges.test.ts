import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { Edges, type Fetch } from './edges.ts';
import type { RequestInfo, RequestOutcome } from './hooks.ts';
import { retrying } from './retrying.ts';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.closeAllConnections();
});

async function serve(answer: Parameters<typeof createServer>[1] & object): Promise<string> {
  const server = createServer(answer);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  server.unref();
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

it('refuses a user and a password in the address of an edge, without repeating them', () => {
  for (const url of ['http://me:secret@edge', 'http://secret@edge', 'ftp://:secret@edge']) {
    const make = () => new Edges({ url: ['http://a', url], token: 't' });
    expect(make).toThrow(TypeError);
    expect(make).not.toThrow(/secret/);
  }
  expect(() => new Edges({ url: 'edge', token: 't' })).toThrow('"edge" is not an http address of an edge');
});

describe('several edges', () => {
  function edges(answers: Readonly<Record<string, () => Response>>) {
    const asked: string[] = [];
    const fetch: Fetch = async (url) => {
      const { origin } = new URL(url);
      asked.push(origin);
      return answers[origin]!();
    };
    return { edges: new Edges({ url: Object.keys(answers), token: 't', fetch }), asked };
  }
  const away = (): Response => {
    throw new TypeError('fetch failed');
  };
  const call = { method: 'GET', path: '/v1/log' } as const;

  it('the next one is asked at once when one cannot be reached, and stays', async () => {
    const { edges: some, asked } = edges({ 'http://a': away, 'http://b': () => new Response('{}') });
    const startedMs = performance.now();
    await retrying(some, { what: 'test' }, () => some.ask(call));
    await some.ask(call);
    expect(asked).toEqual(['http://a', 'http://b', 'http://b']);
    expect(performance.now() - startedMs).toBeLessThan(60);
  });

  it('one that has no map yet, or a proxy without an edge, is left as well', async () => {
    const notReady = (): Response => new Response('{"code":"not_ready","detail":"no map"}', { status: 503 });
    const { edges: some, asked } = edges({
      'http://a': notReady,
      'http://b': () => new Response('<html>Bad Gateway</html>', { status: 502 }),
      'http://c': () => new Response('{}'),
    });
    for (const status of [503, 502, 200]) expect((await some.ask(call)).status).toBe(status);
    expect(asked).toEqual(['http://a', 'http://b', 'http://c']);
  });

  it('are tried again and again, with pauses, after all have failed', async () => {
    const { edges: some, asked } = edges({ 'http://a': away, 'http://b': away });
    const patience = { what: 'test', patienceMs: 1_000 };
    await expect(retrying(some, patience, () => some.ask(call))).rejects.toMatchObject({
      code: 'unreachable',
    });
    expect(asked.slice(0, 4)).toEqual(['http://a', 'http://b', 'http://a', 'http://b']);
  });
});

describe('a call', () => {
  it('has the token, which is asked for each time where it is a function', async () => {
    const seen: unknown[] = [];
    const url = await serve((request, response) => {
      seen.push(request.headers.authorization);
      response.end('{}');
    });
    let count = 0;
    const edges = new Edges({ url, token: async () => `t${++count}` });
    for (let i = 0; i < 2; i++) await edges.ask({ method: 'GET', path: '/' });
    expect(seen).toEqual(['Bearer t1', 'Bearer t2']);
  });

  it.each([
    ['throws', () => Promise.reject(new Error('the vault is sealed')), /failed: the vault is sealed/],
    ['throws what is no error', () => Promise.reject(undefined), /failed: undefined/],
    ['gives none', () => '', /gave none/],
  ])('fails at once, and is not repeated, where the function of the token %s', async (_, token, message) => {
    let asked = 0;
    const fetch: Fetch = async () => {
      asked++;
      return new Response('{}');
    };
    const edges = new Edges({ url: ['http://a', 'http://b'], token, fetch });
    // well below the time-out of the test: for ever, where it is repeated
    const patience = { what: 'test', patienceMs: 2_000 };
    const outcome = retrying(edges, patience, () => edges.ask({ method: 'GET', path: '/' }));
    await expect(outcome).rejects.toMatchObject({
      code: 'no_token',
      message: expect.stringMatching(message),
    });
    expect([asked, edges.url]).toEqual([0, 'http://a']);
  });

  it('does not follow to another address with its token', async () => {
    let followed = 0;
    const other = await serve((_, response) => {
      followed++;
      response.end('{}');
    });
    const url = await serve((_, response) => response.writeHead(302, { location: other }).end());
    const edges = new Edges({ url, token: 't' });
    await expect(edges.ask({ method: 'GET', path: '/' })).rejects.toMatchObject({ code: 'unreachable' });
    expect(followed).toBe(0);
  });

  it.each([
    ['nothing in time', (): void => {}, /no answer in time/],
    [
      'half an answer',
      (r: import('node:http').ServerResponse) => void r.writeHead(200, { 'content-length': '10' }).write('{'),
      /no answer in time/,
    ],
    ['a connection that breaks', (r: import('node:http').ServerResponse) => void r.destroy(), /./],
  ])('with %s is unreachable', async (_, answer, message) => {
    const url = await serve((_request, response) => answer(response));
    const edges = new Edges({ url, token: 't', timeoutMs: 200 });
    await expect(edges.ask({ method: 'GET', path: '/' })).rejects.toMatchObject({
      ...{ code: 'unreachable', edge: url, message: expect.stringMatching(message) },
    });
  });

  it('ends with the reason of its signal', async () => {
    const url = await serve(() => {});
    const asked = new AbortController();
    setTimeout(() => asked.abort(new Error('enough')), 20);
    const ended = new Edges({ url, token: 't' }).ask({ method: 'GET', path: '/', signal: asked.signal });
    await expect(ended).rejects.toThrow('enough');
  });

  it('is watched by hooks, which may add a traceparent; one that throws changes nothing', async () => {
    const seen: (string | string[] | undefined)[] = [];
    const url = await serve((request, response) => {
      seen.push(request.headers.traceparent);
      response.end('{}');
    });
    const reported: (RequestInfo | RequestOutcome | unknown)[] = [];
    const edges = new Edges({
      ...{ url, token: 't' },
      hooks: {
        onRequest: (request) => {
          request.headers.traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
          return (outcome) => {
            reported.push(outcome);
            throw new Error('a hook');
          };
        },
        onHookError: (error) => reported.push(error),
      },
    });
    expect((await edges.ask({ method: 'GET', path: '/' })).status).toBe(200);
    expect(seen).toEqual(['00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01']);
    expect(reported).toMatchObject([{ status: 200, durationMs: expect.any(Number) }, { message: 'a hook' }]);
  });

  it.each(['edge.example', 'ftp://edge', ''])('has no address "%s"', (url) => {
    expect(() => new Edges({ url, token: 't' })).toThrow(TypeError);
  });
});
