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

it('checks what comes in before anything is stored', async () => {
  const before = (await edge.get('/v1/log')).body.events.length;
  const bad = [event('5'), { ...event('6'), id: 7 }] as never;
  expect((await failure(client.events.ingest.mutate({ events: bad }))).data?.code).toBe('BAD_REQUEST');
  expect((await edge.get('/v1/log')).body.events.length).toBe(before);
});

it('tells what became of each event when one is not stored', async () => {
  const large = event('7', { data: 'x'.repeat(1_100_000) });
  const error = await failure(client.events.ingest.mutate({ events: [event('8'), large] }));
  expect(error.data).toMatchObject({
    code: 'PAYLOAD_TOO_LARGE',
    problem: { code: 'event_too_large', results: [{ status: 'stored' }, { status: 'error' }] },
  });
});

it('refuses a body above the limit', async () => {
  const error = await failure(
    client.events.ingest.mutate({ events: [event('9', { data: 'x'.repeat(9_000_000) })] }),
  );
  expect(error.message).not.toBe('');
  expect((await edge.get('/v1/log?from=oldest')).status).toBe(200);
});
