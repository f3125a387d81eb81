import { describe, expect, it } from 'vitest';
import { EVERYWHERE, type Grant, type Permission, type Principal, type Scope } from '../../access/index.ts';
import { callerOf } from '../caller.ts';
import { tokens as operations } from '../tokens.ts';
import { callerNamed } from './caller.fixture.ts';
import { type ApiToken, type TokenRequest, type TokenRotation, tokenHandlers } from './tokens.ts';

const NOW_MS = 1_790_000_000_000;
const DAY_MS = 86_400_000;
const CALLER = callerNamed('a test');
const at = (ms: number) => new Date(NOW_MS + ms);

function token(id: string, more: Partial<ApiToken> = {}): ApiToken {
  const never = { expiresAt: undefined, signInBy: undefined, lastUsedAt: undefined, revokedAt: undefined };
  const anywhere = { scope: EVERYWHERE, cidrs: [], owner: undefined };
  return {
    ...{ id, name: id, prefix: 'fsh_abcdef', scopes: ['read'], createdAt: at(0) },
    ...{ ...anywhere, ...never, ...more },
  };
}

function handlersOf(kept: readonly ApiToken[], requests: (TokenRequest | TokenRotation)[] = []) {
  return tokenHandlers({
    nowMs: () => NOW_MS,
    tokens: {
      list: async () => kept,
      async create({ ownerId: _, ...request }) {
        requests.push({ ...request, ...(_ === undefined ? {} : { ownerId: _ }) });
        return { token: token('made', request), plaintext: 'fsh_abcdefghi' };
      },
      async rotate(id, request) {
        requests.push(request);
        const old = kept.find((one) => one.id === id)!;
        const { oldExpiresAt: expiresAt } = request;
        return {
          token: { ...old, id: 'new', expiresAt: request.expiresAt },
          plaintext: 'fsh_rotated',
          replaced: { ...old, expiresAt },
        };
      },
      revoke: async (id) => kept.some((one) => one.id === id && one.revokedAt === undefined),
    },
  });
}

function holding(permissions: readonly Permission[], scope: Scope, more: Partial<Principal> = {}) {
  const grants: Grant[] = [
    { permissions: ['tokens:manage'], scope: EVERYWHERE },
    { permissions, scope },
  ];
  const principal: Principal = { kind: 'person', id: 'p-1', name: 'ada@example.org', grants, ...more };
  return callerOf(principal, CALLER.origin);
}

const asked = (request: object) =>
  operations.create.input.parse({ name: 'shop', scopes: ['read'], ...request });

it('a token is shown as active until it expires or is revoked, and never as a whole', async () => {
  const owner = { id: 'p-1', email: 'ada@example.org' };
  const { tokens } = await handlersOf([
    token('a', { expiresAt: at(1) }),
    token('b', { expiresAt: at(0), lastUsedAt: at(-1), owner, cidrs: ['10.0.0.0/8'] }),
    token('c', { expiresAt: at(-1), revokedAt: at(0) }),
  ]).list({}, CALLER);
  expect(tokens.map(({ state }) => state)).toEqual(['active', 'expired', 'revoked']);
  expect(tokens[1]).toEqual({
    ...{ id: 'b', name: 'b', prefix: 'fsh_abcdef', scopes: ['read'], state: 'expired', revokedAt: null },
    ...{ createdAt: at(0).toISOString(), lastUsedAt: at(-1).toISOString(), expiresAt: at(0).toISOString() },
    ...{ limits: {}, cidrs: ['10.0.0.0/8'], owner: 'ada@example.org', signInBy: null },
  });
});

describe('a new token', () => {
  it('is answered once, with each scope once, and expires when it should', async () => {
    const requests: (TokenRequest | TokenRotation)[] = [];
    const handlers = handlersOf([], requests);
    const made = await handlers.create(
      asked({ scopes: ['read', 'admin', 'read'], lifetimeSeconds: 60 }),
      CALLER,
    );
    expect(made).toMatchObject({ name: 'shop', token: 'fsh_abcdefghi', expiresAt: at(60_000).toISOString() });
    await handlers.create(asked({}), CALLER);
    await handlers.create(asked({ lifetimeSeconds: null }), CALLER);
    const read = { name: 'shop', scopes: ['read'], scope: {}, cidrs: [] };
    expect(requests).toEqual([
      { ...read, scopes: ['read', 'admin'], expiresAt: at(60_000) },
      { ...read, expiresAt: at(90 * DAY_MS) },
      read,
    ]);
  });

  it('belongs to the person who made it, and one made by a token to the owner of that', async () => {
    const requests: (TokenRequest | TokenRotation)[] = [];
    const handlers = handlersOf([token('t', { owner: { id: 'p-2', email: 'eve@example.org' } })], requests);
    const reading = ['events:read', 'events:export', 'topology:read'] as const;
    await handlers.create(asked({}), holding(reading, EVERYWHERE));
    await handlers.create(asked({}), holding(reading, EVERYWHERE, { kind: 'token', id: 't', name: 'ci' }));
    expect(requests).toMatchObject([{ ownerId: 'p-1' }, { ownerId: 'p-2' }]);
  });

  it('may do no more than who makes it', async () => {
    const requests: (TokenRequest | TokenRotation)[] = [];
    const handlers = handlersOf([], requests);
    const orders = { streams: [{ name: 'orders' }] };
    const caller = holding(['events:read'], orders);
    const scopes = ['events:read'];
    await handlers.create(asked({ scopes, limits: orders }), caller);
    await handlers.create(
      asked({ scopes, limits: { streams: [{ name: 'orders', keyPrefix: 'eu-' }] } }),
      caller,
    );
    const beyond = [{ scopes }, { scopes, limits: { streams: [{ name: 'other' }] } }, { limits: orders }];
    for (const request of [...beyond, { scopes: ['events:write'], limits: orders }])
      await expect(handlers.create(asked(request), caller)).rejects.toMatchObject({ code: 'forbidden' });
    expect(requests.length).toBe(2);
  });

  it.each([
    { cidrs: ['10.0.0.1'] },
    { cidrs: ['10.0.0.0/33'] },
    { cidrs: ['example.org'] },
    { limits: { tenants: ['a'] } },
    { lifetimeSeconds: 0 },
  ])('cannot be asked for with %j', (request) => {
    expect(() => asked(request)).toThrow();
  });
});

describe('a token that is replaced', () => {
  const rotation = (more: object = {}) => operations.rotate.input.parse({ id: 'old', ...more });

  it('goes on for the overlap, and the new one lives as long as the old one did', async () => {
    const requests: (TokenRequest | TokenRotation)[] = [];
    const old = token('old', { name: 'shop', createdAt: at(-5 * DAY_MS), expiresAt: at(25 * DAY_MS) });
    const rotated = await handlersOf([old], requests).rotate(rotation(), CALLER);
    expect(requests).toEqual([{ oldExpiresAt: at(DAY_MS), expiresAt: at(30 * DAY_MS) }]);
    expect(rotated).toMatchObject({
      ...{ id: 'new', name: 'shop', token: 'fsh_rotated' },
      replaces: { id: 'old', expiresAt: at(DAY_MS).toISOString() },
    });
  });

  it.each([
    ['never expires, as the old one', {}, undefined],
    ['expires when it is asked to', { lifetimeSeconds: 60 }, at(60_000)],
    ['never expires when it is asked not to', { lifetimeSeconds: null }, undefined],
  ])('%s', async (_, more, expiresAt) => {
    const requests: (TokenRequest | TokenRotation)[] = [];
    await handlersOf([token('old')], requests).rotate(rotation({ ...more, overlapSeconds: 0 }), CALLER);
    expect(requests).toEqual([{ oldExpiresAt: at(0), expiresAt }]);
  });

  it('is active, and may do no more than who replaces it', async () => {
    const handlers = handlersOf([
      token('old'),
      token('gone', { revokedAt: at(-1) }),
      token('late', { expiresAt: at(0) }),
    ]);
    await expect(handlers.rotate(rotation(), holding(['events:write'], {}))).rejects.toMatchObject({
      code: 'forbidden',
    });
    for (const id of ['gone', 'late', 'nope'])
      await expect(handlers.rotate(rotation({ id }), CALLER)).rejects.toMatchObject({
        code: 'unknown_token',
      });
  });
});

it('only an active token is revoked', async () => {
  const handlers = handlersOf([token('a'), token('b', { revokedAt: at(0) })]);
  expect(await handlers.revoke({ token: 'a' }, CALLER)).toEqual({ token: 'a', result: 'revoked' });
  for (const id of ['b', 'nope'])
    await expect(handlers.revoke({ token: id }, CALLER)).rejects.toMatchObject({
      ...{ name: 'ForeshardError', code: 'unknown_token' },
    });
});

it('one whose owner has not signed in for too long is neither active nor ended', async () => {
  const { list, rotate } = handlersOf([
    token('a', { signInBy: at(0) }),
    token('b', { signInBy: at(1) }),
    token('c', { signInBy: at(0), expiresAt: at(0) }),
    token('d', { signInBy: at(0), revokedAt: at(0) }),
  ]);
  const { tokens } = await list({}, CALLER);
  expect(tokens.map(({ state }) => state)).toEqual(['owner away', 'active', 'expired', 'revoked']);
  expect(tokens[0]!.signInBy).toBe(at(0).toISOString());
  const rotation = { id: 'a', overlapSeconds: 60 };
  expect(await rotate(rotation, CALLER)).toMatchObject({ token: 'fsh_rotated' });
});

it('a token has a name that shows all of itself', () => {
  for (const name of ['shop\r\nadmin', 'shop\u202enimda', 'shop\u200b'])
    expect(operations.create.input.safeParse({ name, scopes: ['read'] }).success, name).toBe(false);
});

describe('a token that makes tokens', () => {
  const limited = token('limited', { cidrs: ['10.0.0.0/8', 'fd00::/8'] });
  const caller = holding(['events:read'], {}, { kind: 'token', id: 'limited', name: 'limited' });
  const wanted = (cidrs: readonly string[]) => asked({ scopes: ['events:read'], cidrs });

  it.each([[['10.1.0.0/16']], [['10.0.0.0/8', 'fd12::/16']], [['10.1.2.3/32']]])(
    'makes one for %j, which is part of its own networks',
    async (cidrs) => {
      expect(await handlersOf([limited]).create(wanted(cidrs), caller)).toMatchObject({ cidrs });
    },
  );

  it.each([[[]], [['0.0.0.0/0']], [['10.1.0.0/16', '11.0.0.0/8']], [['8.0.0.0/5']], [['::ffff:a00:0/104']]])(
    'makes none for %j',
    async (cidrs) => {
      await expect(handlersOf([limited]).create(wanted(cidrs), caller)).rejects.toMatchObject({
        ...{ code: 'forbidden', message: expect.stringContaining('limited to 10.0.0.0/8, fd00::/8') },
      });
    },
  );

  it('replaces none that is used from elsewhere', async () => {
    const wide = token('wide', { scopes: ['events:read'] });
    const replacing = handlersOf([limited, wide]).rotate({ id: 'wide', overlapSeconds: 60 }, caller);
    await expect(replacing).rejects.toMatchObject({ code: 'forbidden' });
  });
});

describe('the token of a person', () => {
  const ada = { id: 'p-1', email: 'ada@example.org' };
  const kept = [token('of-ada', { owner: ada, scopes: ['events:read'] })];
  const replacedBy = (more: Partial<Principal>) =>
    handlersOf(kept).rotate({ id: 'of-ada', overlapSeconds: 60 }, holding(['events:read'], {}, more));

  it.each([
    ['that person', {}],
    ['another token of that person', { kind: 'token', id: 't', name: 't', owner: ada.email }],
  ] as const)('is replaced by %s', async (_, more) => {
    expect(await replacedBy(more)).toMatchObject({ token: 'fsh_rotated' });
  });

  it.each([
    ['somebody else, who would act as that person', { id: 'p-2', name: 'bob@example.org' }],
    ['a token of somebody else', { kind: 'token', id: 't', name: 't', owner: 'bob@example.org' }],
    ['a token of nobody, even of that name', { kind: 'token', id: 't', name: ada.email, owner: undefined }],
  ] as const)('is not replaced by %s', async (_, more) => {
    await expect(replacedBy(more)).rejects.toMatchObject({
      ...{ code: 'forbidden', message: expect.stringContaining('belongs to ada@example.org') },
    });
  });
});
