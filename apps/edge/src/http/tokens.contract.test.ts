/** Tokens as administrators give, replace and end them, at an edge that reads its list only when it is told. */
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { type Answer, EdgeCluster } from '../edge-process.fixture.ts';

let cluster: EdgeCluster;

/** every connected edge refuses a revoked token within this */
const REVOKED_WITHIN_MS = 2_000;
const NEVER_MS = '3600000';

beforeAll(async () => {
  cluster = await EdgeCluster.start(1, inject('postgresUrl'));
  await cluster.createStream({ name: 'main', shardCount: 1 });
  await cluster.startEdge({ EDGE_REFRESH_MS: NEVER_MS });
}, 120_000);
afterAll(() => cluster?.stop());

function ask(method: string, path: string, body?: object, token?: string): Promise<Answer> {
  return cluster.send(path, {
    method,
    headers: {
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}

const statusOf = async (token: string, path = '/v1/log') => (await ask('GET', path, undefined, token)).status;

async function created(request: object, token?: string): Promise<Answer> {
  return ask('POST', '/v1/tokens', { name: 'a test', scopes: ['events:read'], ...request }, token);
}

/** Answers after how many ms the edge refuses it. */
async function refusedAfter(token: string): Promise<number> {
  const startedMs = performance.now();
  await expect.poll(() => statusOf(token), { timeout: 10_000, interval: 20 }).toBe(401);
  return performance.now() - startedMs;
}

describe('a token that is revoked', () => {
  it('is refused at once, again and again, though the edge does not look', async () => {
    for (let i = 0; i < 5; i++) {
      const { body } = await created({});
      await expect.poll(() => statusOf(body.token)).toBe(200);
      expect((await ask('DELETE', `/v1/tokens/${body.id}`)).status).toBe(200);
      expect(await refusedAfter(body.token)).toBeLessThan(REVOKED_WITHIN_MS);
    }
  });

  it('is refused also when it was revoked beside the edge', async () => {
    const { token, plaintext } = await cluster.control.tokens.create({ name: 'x', scopes: ['events:read'] });
    await expect.poll(() => statusOf(plaintext)).toBe(200);
    await cluster.control.tokens.revoke(token.id);
    expect(await refusedAfter(plaintext)).toBeLessThan(REVOKED_WITHIN_MS);
  });
});

it('a token that is replaced is valid for the overlap, beside the new one', async () => {
  const limits = { streams: [{ name: 'main' }] };
  const { body: old } = await created({ name: 'shop', limits });
  const rotated = await ask('POST', `/v1/tokens/${old.id}/rotate`, { overlapSeconds: 2 });
  expect(rotated).toMatchObject({
    status: 201,
    body: { name: 'shop', limits, scopes: ['events:read'], state: 'active', replaces: { id: old.id } },
  });
  await expect.poll(() => statusOf(rotated.body.token)).toBe(200);
  expect(await statusOf(old.token)).toBe(200);
  expect(await refusedAfter(old.token)).toBeLessThan(2_000 + REVOKED_WITHIN_MS);
  expect(await statusOf(rotated.body.token)).toBe(200);
});

it('a token that is made is limited as it was asked to be, and expires', async () => {
  const { body } = await created({ limits: { streams: [{ name: 'orders' }] }, cidrs: ['127.0.0.0/8'] });
  expect(Date.parse(body.expiresAt) - Date.parse(body.createdAt)).toBeCloseTo(90 * 86_400_000, -4);
  await expect.poll(() => statusOf(body.token)).toBe(403);
  const { body: elsewhere } = await created({ cidrs: ['10.0.0.0/8'] });
  await expect.poll(() => statusOf(elsewhere.token)).toBe(403);
  expect((await created({ lifetimeSeconds: null })).body.expiresAt).toBe(null);
  expect((await created({ cidrs: ['10.0.0.0'] })).status).toBe(400);
});

it('nobody gives a token more than it has itself', async () => {
  const { body: limited } = await created({ scopes: ['tokens:manage', 'events:read'] });
  await expect.poll(() => statusOf(limited.token)).toBe(200);
  expect((await created({}, limited.token)).status).toBe(201);
  const more = await created({ scopes: ['events:read', 'events:write'] }, limited.token);
  expect(more).toMatchObject({
    ...{ status: 403, body: { code: 'forbidden', detail: expect.stringContaining('events:write') } },
  });
  const { body: strong } = await created({ scopes: ['events:write'] });
  expect((await ask('POST', `/v1/tokens/${strong.id}/rotate`, {}, limited.token)).status).toBe(403);
});
