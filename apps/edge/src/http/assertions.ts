/**
 * What consoles assert of people: JWTs that live for a minute, judged with the public keys that came with the list of
 * tokens. What was judged once is known until it expires.
 */
import {
  ASSERTION_ALGORITHM,
  ASSERTION_AUDIENCE,
  ASSERTION_SECONDS_MAX,
  ASSERTION_TOLERANCE_SECONDS,
  type AssertedClient,
  type AssertionKey,
  assertionClaimsSchema,
  clientOfClaims,
  type Principal,
  principalOfClaims,
} from '@foreshard/core/access';
import { type CryptoKey, decodeProtectedHeader, importJWK, type JWK, jwtVerify } from 'jose';

export interface Asserted {
  readonly principal: Principal;
  readonly client: AssertedClient | undefined;
  readonly expiresAtMs: number;
}

interface Key {
  readonly key: CryptoKey | Uint8Array;
  readonly expiresAtMs: number;
}

const MS_PER_SECOND = 1_000;
/** Three parts in base64url. No token of ours has a dot. */
const ASSERTION = /^[\w-]+\.[\w-]+\.[\w-]+$/;

export class Assertions {
  private keys = new Map<string, Key>();

  async take(keys: readonly AssertionKey[]): Promise<void> {
    const known = keys.map(async ({ id, publicKey, expiresAt }) => {
      const key = this.keys.get(id)?.key ?? (await imported(publicKey));
      return key === undefined ? [] : [[id, { key, expiresAtMs: expiresAt.getTime() }] as const];
    });
    this.keys = new Map((await Promise.all(known)).flat());
  }

  /** Signed with a key that is not known yet? */
  isOfUnknownKey(text: string): boolean {
    const id = keyIdOf(text);
    return id !== undefined && !this.keys.has(id);
  }

  /** Undefined: it is no valid assertion now. */
  async judged(text: string, nowMs: number): Promise<Asserted | undefined> {
    const known = this.keys.get(keyIdOf(text) ?? '');
    if (known === undefined || known.expiresAtMs <= nowMs) return undefined;
    try {
      const { payload } = await jwtVerify(text, known.key, {
        algorithms: [ASSERTION_ALGORITHM],
        audience: ASSERTION_AUDIENCE,
        clockTolerance: ASSERTION_TOLERANCE_SECONDS,
        // also refuses what was signed in the future
        maxTokenAge: ASSERTION_SECONDS_MAX,
        currentDate: new Date(nowMs),
      });
      const claims = assertionClaimsSchema.parse(payload);
      if (claims.exp - claims.iat > ASSERTION_SECONDS_MAX) return undefined;
      const expiresAtMs = (claims.exp + ASSERTION_TOLERANCE_SECONDS) * MS_PER_SECOND;
      return { principal: principalOfClaims(claims), client: clientOfClaims(claims), expiresAtMs };
    } catch {
      // whoever sends it learns no more than that it is not valid
      return undefined;
    }
  }
}

export function looksLikeAssertion(text: string): boolean {
  return ASSERTION.test(text);
}

/** One that cannot be read must not cost the others. */
async function imported(publicKey: AssertionKey['publicKey']): Promise<Key['key'] | undefined> {
  try {
    return await importJWK(publicKey as JWK, ASSERTION_ALGORITHM);
  } catch {
    return undefined;
  }
}

function keyIdOf(text: string): string | undefined {
  try {
    return decodeProtectedHeader(text).kid;
  } catch {
    return undefined;
  }
}
