import { createLocalJWKSet, decodeProtectedHeader, type JWK, jwtVerify } from 'jose';
import { beforeEach, describe, expect, it } from 'vitest';
import {
  ASSERTION_AUDIENCE,
  type AssertionKey,
  assertionClaimsSchema,
  clientOfClaims,
  type Principal,
  principalOfClaims,
} from '../../access/index.ts';
import { makeAssertionSigner } from './assertions.ts';

const HOUR_MS = 3_600_000;
const ADA: Principal = {
  kind: 'person',
  id: 'p-1',
  name: 'ada@example.org',
  grants: [{ permissions: ['events:read'], scope: { streams: [{ name: 'orders', keyPrefix: 'eu-' }] } }],
};

const AT = { address: '192.0.2.7', sessionId: 's-1' };

let published: AssertionKey[];
let isAway: boolean;
let nowMs: number;
const keys = {
  async publish(key: AssertionKey) {
    if (isAway) throw new Error('away');
    published.push(key);
  },
  prune: async () => 0,
};

beforeEach(() => {
  published = [];
  isAway = false;
  nowMs = Date.now();
});

async function claimsIn(assertion: string) {
  const jwks = createLocalJWKSet({
    keys: published.map(({ id, publicKey }) => ({ ...publicKey, kid: id, alg: 'EdDSA' }) as JWK),
  });
  const options = { audience: ASSERTION_AUDIENCE, algorithms: ['EdDSA'], currentDate: new Date(nowMs) };
  return assertionClaimsSchema.parse((await jwtVerify(assertion, jwks, options)).payload);
}

describe('an assertion', () => {
  it('says who asks, what that person may do, and lives for a minute', async () => {
    const claims = await claimsIn(await makeAssertionSigner(keys, () => nowMs)(ADA, AT));
    expect(principalOfClaims(claims)).toEqual(ADA);
    expect(claims.exp - claims.iat).toBe(60);
  });

  it('says where that person is, and in which session', async () => {
    const sign = makeAssertionSigner(keys, () => nowMs);
    expect(clientOfClaims(await claimsIn(await sign(ADA, AT)))).toEqual(AT);
    const program = await claimsIn(await sign(ADA, { address: '192.0.2.8' }));
    expect(clientOfClaims(program)).toEqual({ address: '192.0.2.8' });
  });

  it('is signed with one key, which only its public half leaves', async () => {
    const sign = makeAssertionSigner(keys, () => nowMs);
    const assertions = await Promise.all([sign(ADA, AT), sign(ADA, AT), sign(ADA, AT)]);
    const [key] = published;
    expect(published.length).toBe(1);
    expect(assertions.map((one) => decodeProtectedHeader(one).kid)).toEqual([key!.id, key!.id, key!.id]);
    expect(Object.keys(key!.publicKey).sort()).toEqual(['crv', 'kty', 'x']);
  });

  it('is signed with another key after a day, and the one before is valid meanwhile', async () => {
    const sign = makeAssertionSigner(keys, () => nowMs);
    const first = await sign(ADA, AT);
    nowMs += 24 * HOUR_MS;
    const second = await sign(ADA, AT);
    expect(decodeProtectedHeader(second).kid).not.toBe(decodeProtectedHeader(first).kid);
    expect(published[0]!.expiresAt.getTime()).toBeGreaterThan(nowMs);
  });

  it('is signed with the old key while the new one cannot be published, until that expires', async () => {
    const sign = makeAssertionSigner(keys, () => nowMs);
    await sign(ADA, AT);
    isAway = true;
    nowMs += 47 * HOUR_MS;
    expect(decodeProtectedHeader(await sign(ADA, AT)).kid).toBe(published[0]!.id);
    nowMs += HOUR_MS;
    await expect(sign(ADA, AT)).rejects.toThrow('away');
    isAway = false;
    expect(decodeProtectedHeader(await sign(ADA, AT)).kid).toBe(published[1]!.id);
  });

  it('is signed once the store is there, also when it was away at the start', async () => {
    isAway = true;
    const sign = makeAssertionSigner(keys, () => nowMs);
    await expect(sign(ADA, AT)).rejects.toThrow('away');
    isAway = false;
    expect((await claimsIn(await sign(ADA, AT))).sub).toBe('p-1');
  });
});

describe('what is asserted', () => {
  const claims = { sub: 'p', email: 'e', iat: 1, exp: 61 };

  it('permits nothing by a permission that is not known', () => {
    const parsed = assertionClaimsSchema.parse({
      ...claims,
      grants: [{ permissions: ['events:read', 'everything'], scope: {} }],
    });
    expect(principalOfClaims(parsed).grants).toEqual([{ permissions: ['events:read'], scope: {} }]);
  });

  it('of an earlier release says nothing of the client', () => {
    const parsed = assertionClaimsSchema.parse({ ...claims, grants: [] });
    expect(clientOfClaims(parsed)).toBeUndefined();
  });

  it('is refused with a limit that is not known', () => {
    const grants = [{ permissions: ['events:read'], scope: { tenants: ['a'] } }];
    expect(assertionClaimsSchema.safeParse({ ...claims, grants }).success).toBe(false);
  });
});
