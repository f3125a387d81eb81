/** What browsers are answered that show a page of another origin, by what the Fetch Standard makes of it. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EdgeFixture, PAGE_ORIGIN } from '../reading/edge.fixture.ts';

const STRANGER = 'https://other.example.com';
let edge: EdgeFixture;

beforeAll(async () => {
  edge = await EdgeFixture.start(1);
  await edge.createStream({ name: 'main', shardCount: 2 });
}, 60_000);
afterAll(() => edge?.stop());

const from = (path: string, origin: string | undefined, init: RequestInit = {}) => {
  const headers = { ...(init.headers as object), ...(origin === undefined ? {} : { origin }) };
  return edge.fetch(path, { ...init, headers });
};
const crossOriginOf = ({ headers }: Response) =>
  Object.fromEntries([...headers].filter(([name]) => name.startsWith('access-control-')));

function preflight(path: string, origin: string): Promise<Response> {
  return fetch(`${edge.url}${path}`, {
    method: 'OPTIONS',
    headers: {
      origin,
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'authorization,ce-id,content-type',
    },
  });
}

describe('a page of an origin that is let in', () => {
  it.each(['/v1/events', '/v1/streams/main/log', '/v1/groups'])(
    'may send its headers to %s',
    async (path) => {
      const reply = await preflight(path, PAGE_ORIGIN);
      expect([reply.status, await reply.text(), reply.headers.get('vary')]).toEqual([
        ...[204, '', 'Origin, Access-Control-Request-Headers'],
      ]);
      expect(crossOriginOf(reply)).toEqual({
        'access-control-allow-origin': PAGE_ORIGIN,
        'access-control-allow-methods': 'GET, HEAD, POST, PUT, PATCH, DELETE',
        'access-control-allow-headers': 'authorization,ce-id,content-type',
        'access-control-max-age': '600',
      });
    },
  );

  it('may read answers and errors, with what they say of when to come again', async () => {
    const event = JSON.stringify({ specversion: '1.0', id: '1', source: '/c', type: 't' });
    const headers = { 'content-type': 'application/cloudevents+json' };
    const replies = {
      log: await from('/v1/streams/main/log', PAGE_ORIGIN),
      stored: await from('/v1/events', PAGE_ORIGIN, { method: 'POST', body: event, headers }),
      refused: await from('/v1/events', PAGE_ORIGIN, { method: 'POST', body: '{', headers }),
      unauthorized: await from('/v1/streams/main/log', PAGE_ORIGIN, {
        headers: { authorization: 'Bearer x' },
      }),
      nowhere: await from('/v1/nowhere', PAGE_ORIGIN),
    };
    const statuses = Object.entries(replies).map(([name, { status }]) => [name, status]);
    expect(Object.fromEntries(statuses)).toEqual({
      ...{ log: 200, stored: 200, refused: 400, unauthorized: 401, nowhere: 404 },
    });
    for (const reply of Object.values(replies)) {
      expect(reply.headers.get('access-control-allow-origin')).toBe(PAGE_ORIGIN);
      expect(reply.headers.get('access-control-expose-headers')).toMatch(/\bretry-after, traceresponse\b/);
      expect(reply.headers.get('vary')).toBe('Origin');
    }
  });

  it('may follow the log by server-sent events', async () => {
    const over = new AbortController();
    const reply = await from('/v1/streams/main/log', PAGE_ORIGIN, {
      headers: { accept: 'text/event-stream' },
      signal: over.signal,
    });
    over.abort();
    expect(reply.headers.get('content-type')).toContain('text/event-stream');
    expect(reply.headers.get('access-control-allow-origin')).toBe(PAGE_ORIGIN);
  });
});

describe('a page of any other origin', () => {
  it('is not let in', async () => {
    for (const origin of [STRANGER, 'null', `${PAGE_ORIGIN}.evil.example`, PAGE_ORIGIN.toUpperCase()]) {
      const replies = [await preflight('/v1/events', origin), await from('/v1/streams/main/log', origin)];
      expect(replies.map(crossOriginOf), origin).toEqual([{}, {}]);
    }
  });

  it('and a cache is asked to keep answers for pages apart', async () => {
    expect((await from('/v1/streams/main/log', undefined)).headers.get('vary')).toBe('Origin');
  });
});

it('no answer lets a browser send cookies', async () => {
  const replies = [
    await preflight('/v1/events', PAGE_ORIGIN),
    await from('/v1/streams/main/log', PAGE_ORIGIN),
  ];
  for (const { headers } of replies) expect(headers.get('access-control-allow-credentials')).toBeNull();
});

it('OPTIONS that is no preflight names the methods of a path as ever', async () => {
  const reply = await from('/v1/groups', PAGE_ORIGIN, { method: 'OPTIONS' });
  expect([reply.status, reply.headers.get('allow')]).toEqual([204, expect.stringContaining('POST')]);
});
