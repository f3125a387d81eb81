/** What callers may do, as an edge judges it: limits of tokens, people whom a console asserts, and answers that last. */
import type { Principal } from '@foreshard/core/access';
import { makeAssertionSigner } from '@foreshard/core/adapters/identity';
import { createTRPCClient, httpBatchLink, TRPCClientError } from '@trpc/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { KnownToken } from './http/bearer.ts';
import { EdgeFixture, knownToken, type Reply } from './reading/edge.fixture.ts';
import type { EdgeRouter } from './trpc/index.ts';

let edge: EdgeFixture;
let ordersShardlet: number;
let mainShardlet: number;

const EU = { streams: [{ name: 'orders', keyPrefix: 'eu-' }] };
const ORDERS = { streams: [{ name: 'orders' }] };
/** the edge ends what lasts within this, without being told */
const ENDED_WITHIN_MS = 5_000;

function limited(name: string, scopes: readonly string[], more: Partial<KnownToken>): KnownToken {
  return { ...knownToken(name, name, scopes), ...more };
}

beforeAll(async () => {
  edge = await EdgeFixture.start(1);
  edge.tokens.push(
    limited('writer', ['events:write'], { scope: ORDERS }),
    limited('eu-writer', ['events:write'], { scope: EU }),
    limited('reader', ['events:read'], { scope: ORDERS }),
    limited('eu-reader', ['events:read'], { scope: EU }),
    limited('main-reader', ['events:read'], { scope: { streams: [{ name: 'main' }] } }),
    limited('billing', ['groups:consume', 'topology:read'], { scope: { groups: ['billing'], ...ORDERS } }),
    limited('anyone', ['topology:read'], {}),
    limited('elsewhere', ['events:read'], { cidrs: ['10.0.0.0/8'] }),
    limited('here', ['events:read'], { cidrs: ['10.0.0.0/8', '127.0.0.0/8'] }),
  );
  await edge.createStream({ name: 'main', shardCount: 1 });
  await edge.createStream({ name: 'orders', shardCount: 1 });
  await ask('POST', '/v1/streams/orders/events', 'fsh_test', [event('1', 'eu-1'), event('2', 'us-1')]);
  const { shardlets } = (await ask('GET', '/v1/map', 'anyone')).body;
  const idOf = (stream: string) => shardlets.find((one: { stream: string }) => one.stream === stream).id;
  [ordersShardlet, mainShardlet] = [idOf('orders'), idOf('main')];
}, 60_000);
afterAll(() => edge?.stop());

const event = (id: string, subject: string) => ({
  ...{ specversion: '1.0' as const, id, source: '/grants', type: 't', subject },
});

async function ask(method: string, path: string, token: string, body?: unknown): Promise<Reply> {
  const type = Array.isArray(body) ? 'application/cloudevents-batch+json' : 'application/json';
  const response = await edge.fetch(path, {
    method,
    headers: { authorization: `Bearer ${token}`, ...(body === undefined ? {} : { 'content-type': type }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, body: text === '' ? undefined : JSON.parse(text) };
}

/** Unknown ones are asked for once a second: what a test adds is known before it goes on. */
async function untilKnown(token: string): Promise<void> {
  edge.tokensChanged();
  await expect.poll(() => ask('GET', '/v1/map', token).then(({ status }) => status)).not.toBe(401);
}

function client(token: string) {
  const link = httpBatchLink({ url: `${edge.url}/trpc`, headers: { authorization: `Bearer ${token}` } });
  return createTRPCClient<EdgeRouter>({ links: [link] });
}

async function statusOf(call: Promise<unknown>): Promise<number> {
  try {
    await call;
    return 200;
  } catch (error) {
    if (error instanceof TRPCClientError) return error.data.httpStatus;
    throw error;
  }
}

describe('over REST, a token that is limited', () => {
  it.each([
    ['POST', '/v1/streams/orders/events', 'writer', 200],
    ['POST', '/v1/streams/main/events', 'writer', 403],
    ['POST', '/v1/events', 'writer', 403],
    ['POST', '/v1/streams/nope/events', 'writer', 403],
    ['POST', '/v1/events', 'reader', 403],
    ['GET', '/v1/streams/orders/log', 'reader', 200],
    ['GET', '/v1/streams/main/log', 'reader', 403],
    ['GET', '/v1/log', 'reader', 403],
    ['GET', '/v1/log', 'main-reader', 200],
    ['GET', '/v1/streams/orders/keys/us-1/events', 'reader', 200],
    ['GET', '/v1/streams/orders/keys/eu-1/events', 'eu-reader', 200],
    ['GET', '/v1/streams/orders/keys/us-1/events', 'eu-reader', 403],
    ['GET', '/v1/streams/orders/log', 'eu-reader', 403],
    ['GET', '/v1/streams/orders/log', 'writer', 403],
    ['GET', '/v1/log', 'elsewhere', 403],
    ['GET', '/v1/log', 'here', 200],
    ['GET', '/v1/map', 'reader', 403],
    ['POST', '/v1/telemetry/accesses', 'writer', 403],
  ])('%s %s as %s: %i', async (method, path, token, status) => {
    const answer = await ask(method, path, token, method === 'POST' ? [event('3', 'eu-3')] : undefined);
    expect(answer.status).toBe(status);
    if (status === 403) expect(answer.body).toMatchObject({ code: 'forbidden' });
  });

  it('reads a shardlet of its stream, and learns of no other', async () => {
    const read = async (shardlet: number, token: string) =>
      (await ask('GET', `/v1/shardlets/${shardlet}/events`, token)).status;
    expect(await read(ordersShardlet, 'reader')).toBe(200);
    expect(await read(mainShardlet, 'reader')).toBe(403);
    expect(await read(999, 'reader')).toBe(403);
    expect(await read(ordersShardlet, 'eu-reader')).toBe(403);
    expect(await read(999, 'fsh_test')).toBe(404);
  });

  it('appends the keys it may, event by event', async () => {
    const batch = [event('4', 'eu-4'), event('5', 'us-5'), event('6', 'eu-6')];
    const { status, body } = await ask('POST', '/v1/streams/orders/events', 'eu-writer', batch);
    expect(status).toBe(403);
    expect(body).toMatchObject({ code: 'forbidden', detail: expect.stringContaining('"eu-"') });
    expect(body.results).toMatchObject([
      { id: '4', status: 'stored' },
      { id: '5', status: 'error', error: { code: 'forbidden', index: 1 } },
      { id: '6', status: 'stored' },
    ]);
    expect((await ask('POST', '/v1/streams/orders/events', 'eu-writer', [event('7', 'eu-7')])).status).toBe(
      200,
    );
  });
});

it('over tRPC, a token that is limited gets the same answers', async () => {
  const append = (token: string, stream: string, subject = 'eu-9') =>
    client(token).events.ingest.mutate({ stream, events: [event(`${token}-${subject}`, subject)] });
  expect(await statusOf(append('writer', 'orders'))).toBe(200);
  expect(await statusOf(append('writer', 'main'))).toBe(403);
  expect(await statusOf(append('reader', 'orders'))).toBe(403);
  expect((await append('eu-writer', 'orders', 'us-9')).results).toMatchObject([
    { status: 'error', error: { code: 'forbidden' } },
  ]);
  const read = (token: string, input: object) => statusOf(client(token).events.read.query(input));
  expect(await read('reader', { stream: 'orders' })).toBe(200);
  expect(await read('reader', {})).toBe(403);
  expect(await read('eu-reader', { stream: 'orders' })).toBe(403);
  expect(await read('eu-reader', { stream: 'orders', key: 'eu-1' })).toBe(200);
  expect(await read('eu-reader', { stream: 'orders', key: 'us-1' })).toBe(403);
  expect(await read('elsewhere', {})).toBe(403);
  expect(await statusOf(client('anyone').groups.list.query())).toBe(200);
  expect(await statusOf(client('anyone').groups.create.mutate({ name: 'g' }))).toBe(403);
  expect(await statusOf(client('anyone').telemetry.accesses.mutate([]))).toBe(403);
});

describe('a consumer group', () => {
  const poll = async (group: string, token: string) =>
    (await ask('POST', `/v1/groups/${group}/poll`, token, { member: `${token}-1` })).status;

  it('is for its owner, and for whom a grant names it and its stream', async () => {
    for (const [name, stream] of [
      ['billing', 'orders'],
      ['other', 'orders'],
    ])
      expect((await ask('POST', '/v1/groups', 'fsh_test', { name, stream })).status).toBe(201);
    expect(await poll('billing', 'billing')).toBe(200);
    expect(await poll('other', 'billing')).toBe(403);
    expect(await poll('nope', 'billing')).toBe(403);
    expect(await poll('billing', 'anyone')).toBe(403);
    expect(await poll('other', 'fsh_test')).toBe(200);
    expect((await ask('GET', '/v1/groups/other', 'anyone')).body.owner).toBe('token:test');
    expect((await ask('POST', '/v1/groups', 'billing', { name: 'mine', stream: 'orders' })).status).toBe(403);
  });

  it('belongs to its owner also when that has no grant any more', async () => {
    const owner = limited('fleeting', ['groups:consume'], {});
    edge.tokens.push(owner);
    await untilKnown('fleeting');
    expect((await ask('POST', '/v1/groups', 'fleeting', { name: 'own', stream: 'main' })).status).toBe(201);
    edge.tokens.splice(edge.tokens.indexOf(owner), 1, limited('fleeting', ['topology:read'], {}));
    edge.tokensChanged();
    await expect.poll(() => poll('billing', 'fleeting')).toBe(403);
    expect(await poll('own', 'fleeting')).toBe(200);
    const body = { member: 'fleeting-1' };
    const positions = [{ shardlet: mainShardlet, seq: 0, epoch: 0, assignment: 0 }];
    const commit = await ask('POST', '/v1/groups/own/commit', 'fleeting', { ...body, positions });
    expect([200, 409]).toContain(commit.status);
    expect((await ask('POST', '/v1/groups/own/commit', 'anyone', { ...body, positions })).status).toBe(403);
    expect((await ask('POST', '/v1/groups/own/leave', 'anyone', body)).status).toBe(403);
    expect((await ask('POST', '/v1/groups/own/leave', 'fleeting', body)).status).toBe(204);
    expect((await ask('DELETE', '/v1/groups/own', 'anyone')).status).toBe(403);
    expect((await ask('DELETE', '/v1/groups/own', 'fleeting')).status).toBe(200);
  });
});

describe('what lasts ends soon after the right to it', () => {
  /** Answers how long it went on after `end`. */
  async function endedAfter(path: string, token: string, accept: string, end: () => void): Promise<number> {
    const response = await edge.fetch(path, { headers: { authorization: `Bearer ${token}`, accept } });
    expect(response.status).toBe(200);
    const text = response.text().catch(() => 'cut off');
    const startedMs = performance.now();
    end();
    await text;
    return performance.now() - startedMs;
  }

  async function fleeting(name: string): Promise<() => void> {
    const token = limited(name, ['events:read', 'groups:consume'], {});
    edge.tokens.push(token);
    await untilKnown(name);
    return () => void edge.tokens.splice(edge.tokens.indexOf(token), 1);
  }

  it.each([
    ['a log', '/v1/log?from=now'],
    ['a key', '/v1/keys/quiet/events?from=now'],
    ['a group', '/v1/groups/billing/stream?member=f-1'],
  ])(
    '%s that is followed, when the token is revoked',
    async (name, path) => {
      const token = `revoked-${name.replace(' ', '-')}`;
      const revoke = await fleeting(token);
      expect(await endedAfter(path, token, 'text/event-stream', revoke)).toBeLessThan(ENDED_WITHIN_MS);
    },
    30_000,
  );

  it('a log that is followed, when the token is limited to another stream', async () => {
    const remove = await fleeting('narrowed');
    const narrow = () => {
      remove();
      edge.tokens.push(limited('narrowed', ['events:read'], { scope: ORDERS }));
    };
    expect(await endedAfter('/v1/log?from=now', 'narrowed', 'text/event-stream', narrow)).toBeLessThan(
      ENDED_WITHIN_MS,
    );
  }, 30_000);

  it('a page that waits for events: it is refused', async () => {
    const revoke = await fleeting('waiting');
    const now = (await ask('GET', '/v1/log?from=now', 'waiting')).body.next;
    const page = ask('GET', `/v1/log?from=${now}&wait=20000`, 'waiting');
    const startedMs = performance.now();
    revoke();
    expect(await page).toMatchObject({ status: 401, body: { code: 'unauthorized' } });
    expect(performance.now() - startedMs).toBeLessThan(ENDED_WITHIN_MS);
  }, 30_000);

  it('a poll of a group that waits: it is refused', async () => {
    const revoke = await fleeting('polling');
    const drained = { name: 'drained', stream: 'main', from: 'now' };
    expect((await ask('POST', '/v1/groups', 'polling', drained)).status).toBe(201);
    const waiting = ask('POST', '/v1/groups/drained/poll', 'polling', { member: 'p-1', wait: 20_000 });
    revoke();
    expect(await waiting).toMatchObject({ status: 401, body: { code: 'unauthorized' } });
  }, 30_000);
});

describe('a person whom a console asserts', () => {
  const ADA: Principal = {
    ...{ kind: 'person', id: 'p-1', name: 'ada@example.org' },
    grants: [{ permissions: ['events:read', 'groups:consume', 'topology:read'], scope: ORDERS }],
  };
  const AT = { address: '192.0.2.7', sessionId: 's-1' };
  const console = makeAssertionSigner({
    publish: async (key) => void edge.assertionKeys.push(key),
    prune: async () => 0,
  });

  it('does what it may, over REST and tRPC, and is named by the e-mail', async () => {
    const assertion = await console(ADA, AT);
    await untilKnown(assertion);
    expect((await ask('GET', '/v1/streams/orders/log', assertion)).status).toBe(200);
    expect((await ask('GET', '/v1/log', assertion)).status).toBe(403);
    expect((await ask('POST', '/v1/streams/orders/events', assertion, [event('8', 'eu-8')])).status).toBe(
      403,
    );
    const created = await client(assertion).groups.create.mutate({ name: 'adas', stream: 'orders' });
    expect(created.owner).toBe('ada@example.org');
    expect((await ask('DELETE', '/v1/groups/adas', await console({ ...ADA, grants: [] }, AT))).status).toBe(
      200,
    );
  });

  it('is recorded with the own session and address, over REST and tRPC', async () => {
    const assertion = await console({ ...ADA, grants: [] }, AT);
    await untilKnown(assertion);
    await ask('POST', '/v1/groups', assertion, { name: 'hers', stream: 'orders' });
    expect(await statusOf(client(assertion).groups.create.mutate({ name: 'hers', stream: 'orders' }))).toBe(
      403,
    );
    const origins = edge.audit.rows
      .filter(
        ({ row, entry }) =>
          row === 'denied' && entry.principal.id === 'p-1' && entry.operation === 'groups.create',
      )
      .map(({ entry }) => entry.origin);
    expect(origins).toMatchObject([
      { surface: 'edge', ...AT },
      { surface: 'edge', ...AT },
    ]);
  });

  it('gets the answer of an Idempotency-Key again with the next assertion, and nobody else does', async () => {
    const grants = [{ permissions: ['events:write'] as const, scope: ORDERS }];
    const posted = async (person: Principal, iat: string, id: string) => {
      const response = await edge.fetch('/v1/streams/orders/events', {
        method: 'POST',
        headers: {
          authorization: `Bearer ${await console(person, { ...AT, address: iat })}`,
          'content-type': 'application/cloudevents-batch+json',
          'idempotency-key': 'one-order',
        },
        body: JSON.stringify([event(id, 'eu-1')]),
      });
      return response.status;
    };
    const ada = { ...ADA, grants };
    expect(await posted(ada, '192.0.2.1', 'k-1')).toBe(200);
    expect(await posted(ada, '192.0.2.2', 'k-2')).toBe(422);
    expect(await posted({ ...ada, id: 'p-2', name: 'bob@example.org' }, '192.0.2.1', 'k-2')).toBe(200);
  });

  it('is nobody when a stranger asserts it', async () => {
    const stranger = makeAssertionSigner({ publish: async () => {}, prune: async () => 0 });
    expect(await ask('GET', '/v1/streams/orders/log', await stranger(ADA, AT))).toMatchObject({
      ...{ status: 401, body: { code: 'unauthorized' } },
    });
  });
});
