/** Signing in at an identity provider, against a real one. */
import { IdentityProvider } from '@foreshard/core/adapters/identity';
import { guardOfServers } from '@foreshard/core/adapters/webhooks';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type Account,
  CLIENT_ID,
  CLIENT_SECRET,
  followed,
  startProvider,
  type TestProvider,
} from './provider.fixture.ts';

const CONSOLE = 'http://127.0.0.1:1';
const CALLBACK = `${CONSOLE}/api/oidc/callback`;
const ADA: Account = {
  ...{ sub: 'of-the-test', email: 'Ada@example.org', email_verified: true, name: 'Ada Lovelace' },
  groups: ['staff', 'sre'],
};

let provider: TestProvider;
let client: IdentityProvider;
beforeEach(async () => {
  provider = await startProvider(CONSOLE, ADA);
  client = clientOf(provider.issuer);
});
afterEach(() => provider.stop());

function clientOf(issuer: string, secret = CLIENT_SECRET): IdentityProvider {
  return new IdentityProvider({
    ...{ issuer, clientId: CLIENT_ID, clientSecret: secret, groupsClaim: 'groups', redirectUri: CALLBACK },
    roles: new Map([['sre', 'operator'] as const]),
    guard: guardOfServers(undefined),
  });
}

async function signIn() {
  const { url, pending } = await client.start();
  const search = await followed(url, CALLBACK);
  return { search, pending, reply: await client.finish(search, pending) };
}

const lying = async (lie: NonNullable<TestProvider['lie']>) => {
  provider.lie = lie;
  return (await signIn()).reply;
};
const seconds = () => Math.floor(Date.now() / 1_000);

it('tells who came, with the roles of the groups', async () => {
  expect((await signIn()).reply).toEqual({
    kind: 'known',
    person: {
      ...{ issuer: provider.issuer, subject: 'of-the-test', email: 'ada@example.org', name: 'Ada Lovelace' },
      roles: [{ role: 'operator', scope: {} }],
    },
  });
});

it('asks with a code, PKCE, a state and a nonce', async () => {
  const { searchParams } = new URL((await client.start()).url);
  expect(Object.fromEntries(searchParams)).toMatchObject({
    ...{ response_type: 'code', code_challenge_method: 'S256', redirect_uri: CALLBACK },
    ...{ code_challenge: expect.any(String), state: expect.any(String), nonce: expect.any(String) },
  });
});

describe('nobody comes in', () => {
  it('when the answer is that of another sign-in, or of another browser', async () => {
    const { url, pending } = await client.start();
    const search = await followed(url, CALLBACK);
    const { pending: other } = await client.start();
    expect(await client.finish(search, other)).toMatchObject({ kind: 'refused', reason: 'state' });
    expect(await client.finish(search, undefined)).toMatchObject({ kind: 'refused', reason: 'state' });
    expect(await client.finish(search, { ...other, state: pending.state })).toMatchObject({
      kind: 'refused',
    });
  });

  it('with an answer that was used already', async () => {
    const { search, pending, reply } = await signIn();
    expect(reply.kind).toBe('known');
    expect(await client.finish(search, pending)).toMatchObject({ kind: 'refused', reason: 'refused' });
  });

  it.each([
    ['issuer', { iss: 'https://evil.example' }],
    ['audience', { aud: 'another-client' }],
    ['nonce', { nonce: 'of another sign-in' }],
  ])('with the wrong %s in the token', async (_, wrong) => {
    expect(await lying((claims) => ({ ...claims, ...wrong }))).toMatchObject({ reason: 'refused' });
  });

  it('with a token without the nonce', async () => {
    expect(await lying(({ nonce: _, ...claims }) => claims)).toMatchObject({ reason: 'refused' });
  });

  it('with a token that another key has signed', async () => {
    provider.isForged = true;
    expect((await signIn()).reply).toMatchObject({ reason: 'refused' });
  });

  it('without a role for any group, or without a verified e-mail', async () => {
    provider.account = { ...ADA, groups: ['staff'] };
    expect((await signIn()).reply).toMatchObject({ reason: 'roles' });
    provider.account = { ...ADA, email_verified: false };
    expect((await signIn()).reply).toMatchObject({
      reason: 'refused',
      detail: expect.stringContaining('verified'),
    });
  });

  it('when the provider says no', async () => {
    const { pending } = await client.start();
    const denied = new URLSearchParams({
      error: 'access_denied',
      state: pending.state,
      iss: provider.issuer,
    });
    expect(await client.finish(`?${denied}`, pending)).toMatchObject({ reason: 'refused' });
  });

  it('with a wrong secret of the console', async () => {
    client = clientOf(provider.issuer, 'wrong');
    expect((await signIn()).reply).toMatchObject({ reason: 'refused' });
  });
});

describe('a clock that is wrong', () => {
  it('by seconds is tolerated', async () => {
    const ahead = await lying((claims) => ({ ...claims, iat: seconds() + 20, exp: seconds() + 600 }));
    expect(ahead).toMatchObject({ kind: 'known' });
    const behind = await lying((claims) => ({ ...claims, iat: seconds() - 600, exp: seconds() - 20 }));
    expect(behind).toMatchObject({ kind: 'known' });
  });

  it('by minutes is not', async () => {
    expect(await lying((claims) => ({ ...claims, exp: seconds() - 120 }))).toMatchObject({
      reason: 'refused',
    });
    expect(await lying((claims) => ({ ...claims, nbf: seconds() + 120 }))).toMatchObject({
      reason: 'refused',
    });
  });
});

it('goes on after the provider has rotated its keys', async () => {
  expect((await signIn()).reply.kind).toBe('known');
  await provider.rotateKeys();
  expect((await signIn()).reply.kind).toBe('known');
});

it('says that the provider is away, at the start and at the end, and goes on when it is back', async () => {
  const { url, pending } = await client.start();
  const search = await followed(url, CALLBACK);
  await provider.stop();
  expect(await client.finish(search, pending)).toMatchObject({ reason: 'provider' });
  await expect(clientOf(provider.issuer).start()).rejects.toThrow();
  await provider.start();
  expect((await signIn()).reply.kind).toBe('known');
});

it('refuses a provider that is not the one of the settings', async () => {
  await expect(clientOf(`${provider.issuer.replace('127.0.0.1', 'localhost')}`).start()).rejects.toThrow();
});

it('asks nothing of an address that no network of the settings names, whatever the provider names', async () => {
  const asked: string[] = [];
  const none = {
    objectionToHost: (host: string) => `${asked.push(host)} is closed`,
    lookup: guardOfServers([]).lookup,
  };
  const guarded = new IdentityProvider({
    ...{ issuer: provider.issuer, clientId: CLIENT_ID, clientSecret: CLIENT_SECRET, groupsClaim: 'groups' },
    ...{ redirectUri: CALLBACK, roles: new Map(), guard: none },
  });
  await expect(guarded.start()).rejects.toThrow();
  expect(asked).toEqual(['127.0.0.1']);
});

it('knows where to end the session at the provider', async () => {
  const url = new URL((await client.logoutUrl(`${CONSOLE}/sign-in`))!);
  expect(url.origin).toBe(provider.issuer);
  expect(url.searchParams.get('post_logout_redirect_uri')).toBe(`${CONSOLE}/sign-in`);
});
