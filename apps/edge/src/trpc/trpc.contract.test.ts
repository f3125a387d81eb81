/** A client of tRPC, typed by the router alone, against a running edge. */
import { createTRPCClient, httpBatchLink, TRPCClientError } from '@trpc/client';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { EdgeFixture, TOKEN } from '../reading/edge.fixture.ts';
import type { EdgeRouter } from './index.ts';

let edge: EdgeFixture;
let client: ReturnType<typeof clientWith>;

function clientWith(token: string) {
  const link = httpBatchLink({ url: `${edge.url}/trpc`, headers: { authorization: `Bearer ${token}` } });
  return createTRPCClient<EdgeRouter>({ links: [link] });
}

beforeAll(async () => {
  edge = await EdgeFixture.start(1);
  await edge.createStream({ name: 'main', shardCount: 4 });
  client = clientWith(TOKEN);
}, 60_000);
afterAll(() => edge?.stop());

const event = (id: string, more = {}) => ({
  specversion: '1.0' as const,
  id,
  source: '/trpc',
  type: 't',
  ...more,
});

async function failure(call: Promise<unknown>): Promise<TRPCClientError<EdgeRouter>> {
  const error = await call.then(() => undefined).catch((e: unknown) => e);
  if (error instanceof TRPCClientError) return error;
  throw new Error(`no error of tRPC: ${error}`);
}

it('stores events once and reads them as REST does, the log and a key', async () => {
  const events = [event('1', { subject: 'a', data: { n: [1.5, null] } }), event('2', { subject: 'b' })];
  const { results } = await client.events.ingest.mutate({ events });
  expect(results.map(({ status }) => status)).toEqual(['stored', 'stored']);
  const again = await client.events.ingest.mutate({ events });
  expect(again.results.map(({ status }) => status)).toEqual(['duplicate', 'duplicate']);
  const page = await client.events.read.query({});
  expect(page).toMatchObject((await edge.get('/v1/log')).body);
  const key = await client.events.read.query({ key: 'a' });
  expect(key.events.map((e) => e.event)).toEqual([events[0]]);
  expect((await client.events.read.query({ from: page.next })).events).toEqual([]);
});

it('orders events after the one that is named', async () => {
  const { results } = await client.events.ingest.mutate({ events: [event('3', { subject: 'a' })] });
  const [first] = results;
  if (first?.status !== 'stored') throw new Error('not stored');
  const after = first.ts + 200_000;
  const [second] = (await client.events.ingest.mutate({ events: [event('4', { subject: 'b' })], after }))
    .results;
  expect(second).toMatchObject({ status: 'stored' });
  if (second?.status === 'stored') expect(second.ts).toBeGreaterThan(after);
});

it('derives its codes from the table of errors, and carries the problem', async () => {
  const unknown = await failure(client.events.read.query({ stream: 'nope' }));
  expect(unknown.data).toMatchObject({
    code: 'NOT_FOUND',
    httpStatus: 404,
    problem: { code: 'unknown_stream' },
  });
  const cursor = await failure(client.events.read.query({ from: 'x' }));
  expect(cursor.data).toMatchObject({ code: 'BAD_REQUEST', problem: { code: 'invalid_cursor' } });
  const stranger = await failure(clientWith('wrong').events.read.query({}));
  expect(stranger.data).toMatchObject({ code: 'UNAUTHORIZED', problem: { code: 'unauthorized' } });
  expect(JSON.stringify(stranger.shape)).not.toContain('stack');
});

it('judges events one by one: a wrong one costs none of the others', async () => {
  const large = event('7', { data: 'x'.repeat(1_100_000) });
  const wrong = [{ ...event('6'), id: 7 }, 5, null, {}] as never[];
  const { results, problem } = await client.events.ingest.mutate({
    events: [event('5'), ...wrong, large, event('8')],
  });
  const statuses = results.map(({ status }) => status);
  expect(statuses).toEqual(['stored', 'error', 'error', 'error', 'error', 'error', 'stored']);
  expect(results[1]).toMatchObject({ error: { code: 'invalid_event', index: 1, pointer: '/id' } });
  expect(results[5]).toMatchObject({ error: { code: 'event_too_large' } });
  expect(problem).toMatchObject({ status: 413, detail: expect.stringContaining('5 of 7 events') });
  expect((await client.events.ingest.mutate({ events: [] })).results).toEqual([]);
});

it('refuses a call of which no event can be told', async () => {
  const error = await failure(client.events.ingest.mutate({ events: event('5') as never }));
  expect(error.data?.code).toBe('BAD_REQUEST');
  expect((await failure(client.events.ingest.mutate({ events: [], stream: 'nope' }))).data).toMatchObject({
    problem: { code: 'unknown_stream' },
  });
});

it('takes accesses and instances of the query layer, each judged by itself', async () => {
  const time = '2026-11-21T15:00:00Z';
  const access = { key: 'k', time, instance: 'q-1', group: 'g' };
  const { results } = await client.telemetry.accesses.mutate([access, { ...access, frequency: 0 }]);
  expect(results).toMatchObject([
    { status: 'accepted' },
    { status: 'error', error: { pointer: '/frequency' } },
  ]);
  const instance = { id: 'q-1', group: 'g', cpu: 0.5, memory: 1e9, started: time };
  expect(await client.telemetry.instances.mutate(instance)).toEqual({ results: [{ status: 'accepted' }] });
  const many = await failure(client.telemetry.accesses.mutate(new Array(5_001).fill(access)));
  expect(many.data).toMatchObject({ code: 'BAD_REQUEST', problem: { code: 'malformed_body' } });
  expect((await failure(clientWith('wrong').telemetry.accesses.mutate(access))).data?.httpStatus).toBe(401);
});

it('tells quotas as REST does', async () => {
  edge.quotas = [{ scope: 'stream', subject: 'main', eventsPerSecond: 5 }];
  const ingest = async (count: number) => {
    const events = Array.from({ length: count }, (_, i) => event(`q-${i}`));
    const response = await edge.fetch('/trpc/events.ingest', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ events }),
    });
    return { headers: response.headers, body: await response.json() };
  };
  await expect.poll(async () => (await ingest(1)).headers.has('ratelimit'), { timeout: 10_000 }).toBe(true);
  const refused = await ingest(6);
  expect(refused.headers.get('ratelimit')).toMatch(/^"stream-events";r=\d;t=1$/);
  expect(refused.headers.get('ratelimit-policy')).toBe('"stream-events";q=5;w=1;qu="events"');
  expect(refused.body.error.data).toMatchObject({
    code: 'TOO_MANY_REQUESTS',
    problem: { code: 'quota_exceeded' },
    retryAfterSeconds: 1,
  });
  edge.quotas = [];
});

it('refuses a body above the limit', async () => {
  const error = await failure(
    client.events.ingest.mutate({ events: [event('9', { data: 'x'.repeat(9_000_000) })] }),
  );
  expect(error.message).not.toBe('');
  expect((await edge.get('/v1/log?from=oldest')).status).toBe(200);
});

it('tells what tRPC itself refuses as problems, too', async () => {
  const post = async (body: string, name = 'events.ingest') => {
    const headers = { 'content-type': 'application/json' };
    const answer = await edge.fetch(`/trpc/${name}`, { method: 'POST', body, headers });
    const { code, pointer } = (await answer.json()).error.data.problem;
    return [answer.status, code, pointer];
  };
  expect(await post('{')).toEqual([400, 'malformed_body', undefined]);
  expect(await post('{"events":[],"limit":1}')).toEqual([400, 'invalid_parameter', '']);
  expect(await post('{"events":[],"after":-1}')).toEqual([400, 'invalid_parameter', '/after']);
  expect(await post('{}', 'events.nope')).toEqual([404, 'not_found', undefined]);
  const deep = `{"events":[${'['.repeat(10_000)}${']'.repeat(10_000)}]}`;
  expect(await post(deep)).toEqual([400, 'malformed_body', '/events']);
});

it.each([
  ['PUT', undefined, 405, 'method_not_allowed'],
  ['POST', 'text/plain', 415, 'unsupported_media_type'],
])('answers what is no call of tRPC with a problem document: %s %s', async (method, type, status, code) => {
  const headers = type === undefined ? {} : { 'content-type': type };
  const body = method === 'POST' ? { body: '{}' } : {};
  const answer = await edge.fetch('/trpc/events.ingest', { method, headers, ...body });
  expect([answer.status, answer.headers.get('content-type')]).toEqual([status, 'application/problem+json']);
  expect(await answer.json()).toMatchObject({ code });
  expect(answer.headers.get('allow')).toBe(status === 405 ? 'GET, HEAD, OPTIONS, POST' : null);
});
