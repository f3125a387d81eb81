import { createHash } from 'node:crypto';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AssertionKey, Permission, Principal, Target } from '@foreshard/core/access';
import { makeAssertionSigner } from '@foreshard/core/adapters/identity';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { KnownToken } from './bearer.ts';
import { TokenCheck } from './token-check.ts';

let dir: string;
let store: () => Promise<readonly KnownToken[]>;
let keys: AssertionKey[];
let asked: number;
let marked: string[];
let nowMs: number;
let notifyChange: () => void;
const checks: TokenCheck[] = [];

const HOUR_MS = 3_600_000;
const HERE = { remoteAddress: '127.0.0.1' };

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'tokens-'));
  asked = 0;
  marked = [];
  keys = [];
  nowMs = 1_790_000_000_000;
  store = async () => [token('secret', ['ingest']), token('old', ['ingest'], { expiresAtMs: nowMs + 10 })];
});
afterEach(async () => {
  for (const check of checks.splice(0)) check.stop();
  await rm(dir, { recursive: true });
});

function token(text: string, scopes: string[], more: Partial<KnownToken> = {}): KnownToken {
  return { id: text, hash: createHash('sha256').update(text).digest('hex'), scopes, ...more };
}

async function started(): Promise<TokenCheck> {
  const check = new TokenCheck({
    activeHashes: () => {
      asked++;
      return store();
    },
    assertionKeys: async () => keys,
    onChange: async (listener) => {
      notifyChange = listener;
      return async () => {};
    },
    markUsed: async (ids) => void marked.push(...ids),
    file: join(dir, 'edge', 'tokens.json'),
    refreshMs: 60_000,
    staleMsMax: 24 * HOUR_MS,
    nowMs: () => nowMs,
    warn: () => {},
  });
  checks.push(check);
  await check.start();
  return check;
}

const away = async () => Promise.reject(new Error('away'));
const isKnown = (check: TokenCheck, header: string | undefined, peer = HERE) =>
  check.known(header, peer) !== undefined;
const required = (check: TokenCheck, header: string | undefined, permission?: Permission) =>
  check.require(header, HERE, permission);

describe('a token', () => {
  it('is known for its scopes only', async () => {
    const check = await started();
    expect((await required(check, 'Bearer secret', 'events:write')).principal.name).toBe('secret');
    expect(isKnown(check, 'bearer  secret')).toBe(true);
    expect(check.known('Bearer secret', HERE)?.appends('any')).toBe('all');
    await expect(required(check, 'Bearer secret', 'events:read')).rejects.toMatchObject({
      code: 'forbidden',
    });
  });

  it.each([undefined, '', 'secret', 'Basic secret', 'Bearer', 'Bearer secrets', 'Bearer SECRET'])(
    'is not %s',
    async (header) => {
      const check = await started();
      expect(isKnown(check, header)).toBe(false);
      await expect(required(check, header, 'events:write')).rejects.toMatchObject({ code: 'unauthorized' });
    },
  );

  it('is known at once when it is new, and the store is asked no more than once a second', async () => {
    const check = await started();
    store = async () => [token('new', ['read'])];
    await required(check, 'Bearer new', 'events:read');
    const before = asked;
    for (let i = 0; i < 5; i++) await required(check, 'Bearer wrong').catch(() => {});
    expect(asked).toBe(before);
  });

  it('is refused as soon as an edge hears that tokens were changed, also while it reads them', async () => {
    const check = await started();
    let answerOld = () => {};
    store = () =>
      new Promise((resolve) => {
        answerOld = () => resolve([token('secret', ['ingest'])]);
      });
    notifyChange();
    store = async () => [];
    notifyChange();
    answerOld();
    await expect.poll(() => isKnown(check, 'Bearer secret')).toBe(false);
  });

  it('is refused when its time is over, though nobody told', async () => {
    const check = await started();
    expect(isKnown(check, 'Bearer old')).toBe(true);
    nowMs += 10;
    expect(isKnown(check, 'Bearer old')).toBe(false);
  });

  it('ends when its owner has to sign in again, and says so', async () => {
    const signInByMs = nowMs + 10;
    store = async () => [token('idle', ['ingest'], { expiresAtMs: signInByMs, signInByMs, name: 'reports' })];
    const check = await started();
    expect(isKnown(check, 'Bearer idle')).toBe(true);
    nowMs += 10;
    expect(isKnown(check, 'Bearer idle')).toBe(false);
    await expect(required(check, 'Bearer idle')).rejects.toMatchObject({
      code: 'unauthorized',
      message: expect.stringContaining('The owner of the token "reports" has not signed in'),
    });
    await expect(required(check, 'Bearer other')).rejects.toMatchObject({
      message: expect.stringContaining('not known'),
    });
  });

  it('holds as long as it is there and its limits allow it', async () => {
    const streams = (name: string) => ({ scope: { streams: [{ name }] } });
    store = async () => [token('secret', ['events:read'], streams('orders'))];
    const check = await started();
    const { holds } = await required(check, 'Bearer secret', 'events:read');
    const holdsFor = (target: Target) => [holds(), holds('events:read', target)];
    expect(holdsFor({ stream: 'orders' })).toEqual([true, true]);
    expect(holdsFor({ stream: 'other' })).toEqual([true, false]);
    store = async () => [token('secret', ['events:read'], streams('other'))];
    notifyChange();
    await expect.poll(() => holdsFor({ stream: 'orders' })).toEqual([true, false]);
    store = async () => [];
    notifyChange();
    await expect.poll(() => holdsFor({ stream: 'other' })).toEqual([false, false]);
  });

  it('is used from its networks only', async () => {
    const cidrs = ['10.0.0.0/8', 'fd00::/8'];
    store = async () => [
      token('secret', ['read'], { cidrs }),
      token('broken', ['read'], { cidrs: ['10/8'] }),
    ];
    const check = await started();
    const from = (remoteAddress: string | undefined) =>
      check.known('Bearer secret', { remoteAddress }) !== undefined;
    expect(['10.1.2.3', '::ffff:10.1.2.3', 'fd00::1'].map(from)).toEqual([true, true, true]);
    expect(['11.1.2.3', '::ffff:11.1.2.3', 'fe00::1', undefined].map(from)).toEqual([
      false,
      false,
      false,
      false,
    ]);
    await expect(required(check, 'Bearer secret')).rejects.toMatchObject({ code: 'forbidden' });
    // what cannot be read opens nothing
    expect(isKnown(check, 'Bearer broken')).toBe(false);
  });

  it('that is used is told, once a minute', async () => {
    const check = await started();
    const round = async () => {
      nowMs += 2_000;
      await required(check, 'Bearer wrong').catch(() => {});
    };
    for (let i = 0; i < 3; i++) check.known('Bearer secret', HERE);
    await round();
    expect(marked).toEqual(['secret']);
    check.known('Bearer secret', HERE);
    await round();
    expect(marked).toEqual(['secret']);
    nowMs += 60_000;
    await round();
    expect(marked).toEqual(['secret', 'secret']);
    nowMs += 60_000;
    await round();
    expect(marked.length).toBe(2);
  });

  it('has a name, the same for the one that replaces it', async () => {
    store = async () => [
      { ...token('first', ['consume']), name: 'shop' },
      { ...token('second', ['consume']), name: 'shop' },
    ];
    const check = await started();
    const names = ['first', 'second', 'third'].map((t) => check.known(`Bearer ${t}`, HERE)?.principal.name);
    expect(names).toEqual(['shop', 'shop', undefined]);
  });
});

describe('the list of tokens', () => {
  const file = () => join(dir, 'edge', 'tokens.json');

  it('is read from its file, readable by nobody else, while the store is away', async () => {
    await started();
    expect((await stat(file())).mode & 0o777).toBe(0o600);
    store = away;
    const check = await started();
    expect(check.isLoaded).toBe(true);
    expect(isKnown(check, 'Bearer secret')).toBe(true);
  });

  it('is used for a day while the store is away, also by an edge that starts meanwhile', async () => {
    const first = await started();
    store = away;
    nowMs += HOUR_MS;
    const second = await started();
    expect(second.ageMs).toBe(HOUR_MS);
    nowMs += 23 * HOUR_MS;
    for (const check of [first, second]) expect(isKnown(check, 'Bearer secret')).toBe(true);
    const { holds } = await required(first, 'Bearer secret');
    nowMs += 1;
    for (const check of [first, second]) {
      expect(isKnown(check, 'Bearer secret')).toBe(false);
      await expect(required(check, 'Bearer secret')).rejects.toMatchObject({
        code: 'store_unreachable',
        message: expect.stringContaining('TOKEN_STALE_MAX is 24.0 h'),
      });
    }
    expect(holds()).toBe(false);
    // who comes back is let in
    store = async () => [token('secret', ['ingest'])];
    notifyChange();
    await expect.poll(() => isKnown(second, 'Bearer secret')).toBe(true);
  });

  it('of an earlier release is taken: who could read could be a member of groups', async () => {
    await started();
    const written = [token('reader', ['read']), token('writer', ['ingest'])];
    await writeFile(file(), JSON.stringify(written));
    store = away;
    nowMs = Date.now();
    const check = await started();
    const mayConsume = (name: string) =>
      required(check, `Bearer ${name}`, 'groups:consume').then(
        () => true,
        () => false,
      );
    expect([await mayConsume('reader'), await mayConsume('writer')]).toEqual([true, false]);
    expect(check.known('Bearer reader', HERE)?.principal.name).toBe('reader');
  });

  it('of the release before this one is taken as it is', async () => {
    await started();
    await writeFile(file(), JSON.stringify([{ ...token('reader', ['read']), name: 'a reader' }]));
    store = away;
    nowMs = Date.now();
    const check = await started();
    expect(isKnown(check, 'Bearer reader')).toBe(true);
    await expect(required(check, 'Bearer reader', 'groups:consume')).rejects.toMatchObject({
      code: 'forbidden',
    });
  });

  it('is not loaded without store and file', async () => {
    store = away;
    expect((await started()).isLoaded).toBe(false);
  });
});

describe('an assertion of a console', () => {
  const AT = { address: '192.0.2.7' };
  const ADA: Principal = {
    ...{ kind: 'person', id: 'p-1', name: 'ada@example.org' },
    grants: [{ permissions: ['events:read'], scope: { streams: [{ name: 'orders' }] } }],
  };

  const console = () =>
    makeAssertionSigner({ publish: async (key) => void keys.push(key), prune: async () => 0 }, () => nowMs);

  /** Of a console whose key is known, with what an honest one never says. */
  async function forged(claims: object, header: object = {}, secret?: Uint8Array): Promise<string> {
    const { publicKey, privateKey } = await generateKeyPair('EdDSA', { crv: 'Ed25519' });
    const expiresAt = new Date(nowMs + HOUR_MS);
    keys.push({ id: 'forged', publicKey: { ...(await exportJWK(publicKey)) }, expiresAt });
    const nowSeconds = Math.floor(nowMs / 1_000);
    const honest = {
      sub: 'p',
      email: 'e',
      grants: [],
      aud: 'foreshard-edge',
      iat: nowSeconds,
      exp: nowSeconds + 60,
    };
    return new SignJWT({ ...honest, ...claims })
      .setProtectedHeader({ alg: 'EdDSA', kid: 'forged', ...header })
      .sign(secret ?? privateKey);
  }

  it('stands for a person with what that person may do, for a minute', async () => {
    const check = await started();
    const sign = console();
    const header = `Bearer ${await sign(ADA, AT)}`;
    const { principal, holds } = await required(check, header, 'events:read');
    expect(principal).toEqual(ADA);
    expect([holds('events:read', { stream: 'orders' }), holds('events:read')]).toEqual([true, false]);
    await expect(required(check, header, 'events:write')).rejects.toMatchObject({ code: 'forbidden' });
    // once judged it is found like a token
    expect(check.known(header, HERE)?.principal).toEqual(ADA);
    nowMs += 66_000;
    expect([holds(), isKnown(check, header)]).toEqual([false, false]);
    await expect(required(check, header)).rejects.toMatchObject({ code: 'unauthorized' });
  });

  it('is judged while PostgreSQL is away, also by an edge that starts then', async () => {
    const sign = console();
    await sign(ADA, AT);
    await started();
    store = away;
    const check = await started();
    expect((await required(check, `Bearer ${await sign(ADA, AT)}`)).principal).toEqual(ADA);
  });

  it('of a console that nobody knows asks the store once a second', async () => {
    const check = await started();
    const sign = console();
    await sign(ADA, AT);
    keys = [];
    const before = asked;
    for (let i = 0; i < 5; i++)
      await expect(required(check, `Bearer ${await sign(ADA, AT)}`)).rejects.toMatchObject({
        code: 'unauthorized',
      });
    expect(asked).toBe(before + 1);
  });

  it.each([
    ['is for another audience', { aud: 'foreshard-console' }],
    ['lives longer than a minute', { exp: 4_000_000_000 }],
    ['has expired', { iat: 1_789_999_000, exp: 1_789_999_060 }],
    ['comes from the future', { iat: 1_790_000_010, exp: 1_790_000_070 }],
    ['never expires', { exp: undefined }],
    ['does not say when it was made', { iat: undefined }],
    ['names nobody', { sub: undefined }],
    ['has no grants', { grants: undefined }],
    ['is limited in a way that is not known', { grants: [{ permissions: [], scope: { tenants: [] } }] }],
  ])('is refused that %s', async (_, claims) => {
    const assertion = await forged(claims);
    const check = await started();
    await expect(required(check, `Bearer ${assertion}`)).rejects.toMatchObject({ code: 'unauthorized' });
  });

  it('is taken when it is as it should be, and with clocks that differ by 5 s', async () => {
    const check = await started();
    const ahead = { iat: 1_790_000_004, exp: 1_790_000_064 };
    expect((await required(check, `Bearer ${await forged(ahead)}`)).principal.id).toBe('p');
  });

  it('is refused when it is signed with a secret, not at all, or by another key', async () => {
    const check = await started();
    const withSecret = await forged({}, { alg: 'HS256' }, new Uint8Array(32));
    const unsigned = `${Buffer.from('{"alg":"none","kid":"forged"}').toString('base64url')}.${withSecret.split('.')[1]}.x`;
    const honest = await forged({});
    keys = keys.slice(0, 1).map((key) => ({ ...key, id: 'forged' }));
    notifyChange();
    await expect.poll(() => asked).toBeGreaterThan(1);
    for (const one of [withSecret, unsigned, honest])
      await expect(required(check, `Bearer ${one}`)).rejects.toMatchObject({ code: 'unauthorized' });
  });

  it('is refused when its key has expired', async () => {
    const assertion = await forged({});
    keys = keys.map((key) => ({ ...key, expiresAt: new Date(nowMs) }));
    const check = await started();
    await expect(required(check, `Bearer ${assertion}`)).rejects.toMatchObject({ code: 'unauthorized' });
  });
});
