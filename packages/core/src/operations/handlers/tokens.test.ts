import { expect, it } from 'vitest';
import { callerNamed } from './caller.fixture.ts';
import { type ApiToken, type TokenRequest, tokenHandlers } from './tokens.ts';

const NOW_MS = 1_790_000_000_000;
const CALLER = callerNamed('a test');
const at = (ms: number) => new Date(NOW_MS + ms);

function token(id: string, more: Partial<ApiToken> = {}): ApiToken {
  const never = { expiresAt: undefined, lastUsedAt: undefined, revokedAt: undefined };
  return { id, name: id, prefix: 'fsh_abcdef', scopes: ['read'], createdAt: at(0), ...never, ...more };
}

function handlersOf(kept: readonly ApiToken[], requests: TokenRequest[] = []) {
  return tokenHandlers({
    nowMs: () => NOW_MS,
    tokens: {
      list: async () => kept,
      async create(request) {
        requests.push(request);
        return { token: token('made', request), plaintext: 'fsh_abcdefghi' };
      },
      revoke: async (id) => kept.some((one) => one.id === id && one.revokedAt === undefined),
    },
  });
}

it('a token is shown as active until it expires or is revoked, and never as a whole', async () => {
  const { tokens } = await handlersOf([
    token('a', { expiresAt: at(1) }),
    token('b', { expiresAt: at(0), lastUsedAt: at(-1) }),
    token('c', { expiresAt: at(-1), revokedAt: at(0) }),
  ]).list({}, CALLER);
  expect(tokens.map(({ state }) => state)).toEqual(['active', 'expired', 'revoked']);
  expect(tokens[1]).toEqual({
    ...{ id: 'b', name: 'b', prefix: 'fsh_abcdef', scopes: ['read'], state: 'expired', revokedAt: null },
    ...{ createdAt: at(0).toISOString(), lastUsedAt: at(-1).toISOString(), expiresAt: at(0).toISOString() },
  });
});

it('a token is answered once, with each scope once, and expires when it should', async () => {
  const requests: TokenRequest[] = [];
  const handlers = handlersOf([], requests);
  const scopes: ('read' | 'admin')[] = ['read', 'admin', 'read'];
  const made = await handlers.create({ name: 'shop', scopes, lifetimeSeconds: 60 }, CALLER);
  expect(made).toMatchObject({ name: 'shop', token: 'fsh_abcdefghi', expiresAt: at(60_000).toISOString() });
  await handlers.create({ name: 'ever', scopes: ['read'] }, CALLER);
  expect(requests).toEqual([
    { name: 'shop', scopes: ['read', 'admin'], expiresAt: at(60_000) },
    { name: 'ever', scopes: ['read'] },
  ]);
});

it('only an active token is revoked', async () => {
  const handlers = handlersOf([token('a'), token('b', { revokedAt: at(0) })]);
  expect(await handlers.revoke({ token: 'a' }, CALLER)).toEqual({ token: 'a', result: 'revoked' });
  for (const id of ['b', 'nope'])
    await expect(handlers.revoke({ token: id }, CALLER)).rejects.toMatchObject({
      ...{ name: 'ForeshardError', code: 'unknown_token' },
    });
});
