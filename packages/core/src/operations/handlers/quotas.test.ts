import { beforeEach, expect, it } from 'vitest';
import type { Stream, Topology } from '../../topology/index.ts';
import { callerNamed } from './caller.fixture.ts';
import type { StoredQuota } from './quota-store.ts';
import { quotaHandlers } from './quotas.ts';
import type { ApiToken } from './tokens.ts';

const CALLER = callerNamed('a test');
const AT = new Date(1_790_000_000_000);

function token(id: string, name: string, revokedAt?: Date): ApiToken {
  const never = { expiresAt: undefined, signInBy: undefined, lastUsedAt: undefined };
  const anywhere = { scope: {}, cidrs: [], owner: undefined };
  return { id, name, prefix: 'fsh_', scopes: ['ingest'], ...anywhere, createdAt: AT, ...never, revokedAt };
}

let kept: Map<string, StoredQuota>;
let handlers: ReturnType<typeof quotaHandlers>;

beforeEach(() => {
  kept = new Map();
  const key = (scope: string, subject: string) => `${scope} ${subject}`;
  handlers = quotaHandlers({
    quotas: {
      list: async () => [...kept.values()],
      set: async (quota) => void kept.set(key(quota.scope, quota.subject), quota),
      remove: async (scope, subject) => kept.delete(key(scope, subject)),
    },
    tokens: {
      list: async () => [
        ...[token('t1', 'shop'), token('t2', 'twice'), token('t3', 'twice')],
        ...[token('t4', 'old', AT), token('t5', 'shop', AT)],
      ],
    },
    topology: { snapshot: async () => ({ streams: [{ name: 'main' } as Stream] }) as unknown as Topology },
  });
});

it('a quota is set by name or id, replaced as a whole, listed and removed', async () => {
  const first = await handlers.set({ scope: 'token', subject: 'shop', eventsPerSecond: 5 }, CALLER);
  expect(first).toEqual({
    ...{ scope: 'token', subject: 't1', name: 'shop', eventsPerSecond: 5, bytesPerSecond: null },
  });
  await handlers.set({ scope: 'token', subject: 't1', bytesPerSecond: 7 }, CALLER);
  await handlers.set({ scope: 'stream', subject: 'main', eventsPerSecond: 9 }, CALLER);
  expect((await handlers.list({}, CALLER)).quotas).toEqual([
    { ...first, eventsPerSecond: null, bytesPerSecond: 7 },
    { scope: 'stream', subject: 'main', name: 'main', eventsPerSecond: 9, bytesPerSecond: null },
  ]);
  expect(await handlers.remove({ scope: 'token', subject: 'shop' }, CALLER)).toEqual({
    ...{ scope: 'token', subject: 't1', result: 'removed' },
  });
  expect([...kept.values()].map(({ scope }) => scope)).toEqual(['stream']);
});

it('a change is noted with what was before', async () => {
  const noted: unknown[] = [];
  const caller = { ...CALLER, note: (change: object) => void noted.push(change) };
  const main = { scope: 'stream', subject: 'main' } as const;
  await handlers.set({ ...main, eventsPerSecond: 9 }, caller);
  await handlers.set({ ...main, eventsPerSecond: 10 }, caller);
  await handlers.remove(main, caller);
  expect(noted).toMatchObject([
    { before: undefined, after: { eventsPerSecond: 9 } },
    { before: { eventsPerSecond: 9 }, after: { eventsPerSecond: 10 } },
    { before: { eventsPerSecond: 10 }, after: null },
  ]);
});

it('a quota of what is there no more is listed without a name, and removed', async () => {
  for (const subject of ['gone', 'old'])
    kept.set(`stream ${subject}`, {
      ...{ scope: 'stream', subject, eventsPerSecond: 1, bytesPerSecond: undefined },
    });
  kept.set('token t4', { scope: 'token', subject: 't4', eventsPerSecond: 1, bytesPerSecond: undefined });
  const { quotas } = await handlers.list({}, CALLER);
  expect(quotas.map(({ name }) => name)).toEqual([null, null, 'old']);
  expect(await handlers.remove({ scope: 'stream', subject: 'gone' }, CALLER)).toMatchObject({
    subject: 'gone',
  });
  expect(await handlers.remove({ scope: 'token', subject: 't4' }, CALLER)).toMatchObject({ subject: 't4' });
});

it.each([
  ['no limit', { scope: 'stream', subject: 'main' }, 'invalid_order'],
  ['no such stream', { scope: 'stream', subject: 'nope', eventsPerSecond: 1 }, 'unknown_stream'],
  ['no such token', { scope: 'token', subject: 'nobody', eventsPerSecond: 1 }, 'unknown_token'],
  ['a revoked token', { scope: 'token', subject: 't4', eventsPerSecond: 1 }, 'unknown_token'],
  ['a name of several', { scope: 'token', subject: 'twice', eventsPerSecond: 1 }, 'invalid_order'],
] as const)('none is set for %s', async (_, order, code) => {
  await expect(handlers.set(order, CALLER)).rejects.toMatchObject({ name: 'ForeshardError', code });
  expect(kept.size).toBe(0);
});

it('none is removed where there is none, or where it is not clear whose', async () => {
  const none = handlers.remove({ scope: 'stream', subject: 'main' }, CALLER);
  await expect(none).rejects.toMatchObject({ code: 'unknown_quota' });
  const several = handlers.remove({ scope: 'token', subject: 'twice' }, CALLER);
  await expect(several).rejects.toMatchObject({ code: 'invalid_order' });
});
