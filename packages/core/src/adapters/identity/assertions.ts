/**
 * Signs what a console asserts to edges. The private key is made in this process, stays in its memory, and is
 * replaced every day; the public one is published before anything is signed with it. A key that cannot be replaced,
 * because the store is away, is used until it expires.
 */

import { type CryptoKey, calculateJwkThumbprint, exportJWK, generateKeyPair, SignJWT } from 'jose';
import {
  ASSERTION_ALGORITHM,
  ASSERTION_AUDIENCE,
  ASSERTION_SECONDS_MAX,
  type AssertedClient,
  type AssertionKeyStore,
  claimsOf,
  type Principal,
} from '../../access/index.ts';

/** @throws when the store of the keys is away, and there is no key yet */
export type AssertionSigner = (principal: Principal, client: AssertedClient) => Promise<string>;

const MS_PER_SECOND = 1_000;
const RENEWED_AFTER_MS = 24 * 3_600_000;
/** Twice as long: a day without the store costs nothing. */
const LIFETIME_MS = 2 * RENEWED_AFTER_MS;
/** How often a key that is due is tried to be replaced. */
const RETRY_MS = 30_000;

interface OwnKey {
  readonly id: string;
  readonly privateKey: CryptoKey;
  readonly expiresAtMs: number;
}

export function makeAssertionSigner(
  keys: Pick<AssertionKeyStore, 'publish' | 'prune'>,
  nowMs: () => number = Date.now,
): AssertionSigner {
  const ring = new KeyRing(keys, nowMs);
  // so that the first person who looks does not wait; without the store the first call tries again
  ring.current().catch(() => {});
  return async (principal, client) => {
    const { id, privateKey } = await ring.current();
    const issuedAt = Math.floor(nowMs() / MS_PER_SECOND);
    return new SignJWT(claimsOf(principal, client))
      .setProtectedHeader({ alg: ASSERTION_ALGORITHM, kid: id })
      .setAudience(ASSERTION_AUDIENCE)
      .setIssuedAt(issuedAt)
      .setExpirationTime(issuedAt + ASSERTION_SECONDS_MAX)
      .sign(privateKey);
  };
}

class KeyRing {
  private readonly keys: Pick<AssertionKeyStore, 'publish' | 'prune'>;
  private readonly nowMs: () => number;
  private key: OwnKey | undefined;
  private renewal: Promise<OwnKey> | undefined;
  private dueAtMs = 0;

  constructor(keys: Pick<AssertionKeyStore, 'publish' | 'prune'>, nowMs: () => number) {
    this.keys = keys;
    this.nowMs = nowMs;
  }

  async current(): Promise<OwnKey> {
    const { key } = this;
    const isAlive =
      key !== undefined && key.expiresAtMs > this.nowMs() + ASSERTION_SECONDS_MAX * MS_PER_SECOND;
    if (isAlive && this.nowMs() < this.dueAtMs) return key;
    const renewed = this.renew();
    return isAlive ? renewed.catch(() => key) : renewed;
  }

  private renew(): Promise<OwnKey> {
    this.renewal ??= this.made().finally(() => {
      this.renewal = undefined;
    });
    return this.renewal;
  }

  private async made(): Promise<OwnKey> {
    this.dueAtMs = this.nowMs() + RETRY_MS;
    const { publicKey, privateKey } = await generateKeyPair(ASSERTION_ALGORITHM, { crv: 'Ed25519' });
    const jwk = await exportJWK(publicKey);
    const id = await calculateJwkThumbprint(jwk);
    const expiresAtMs = this.nowMs() + LIFETIME_MS;
    await this.keys.publish({ id, publicKey: { ...jwk }, expiresAt: new Date(expiresAtMs) });
    this.key = { id, privateKey, expiresAtMs };
    this.dueAtMs = this.nowMs() + RENEWED_AFTER_MS;
    // what is left over costs nothing but its row
    await this.keys.prune().catch(() => {});
    return this.key;
  }
}
