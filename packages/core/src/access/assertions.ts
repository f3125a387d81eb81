/**
 * What a console asserts to an edge: which person asks, from where, and what that person may do. A JWT (EdDSA) that
 * lives for a minute; its public key is published in the store that the edges read their tokens from.
 */
import { z } from 'zod';
import type { Grant } from './grants.ts';
import { isPermission } from './permissions.ts';
import type { Principal } from './principal.ts';
import { scopeSchema } from './scope-schema.ts';

export interface AssertionKey {
  /** the `kid` of what it signs */
  readonly id: string;
  /** JWK of an Ed25519 public key */
  readonly publicKey: Readonly<Record<string, unknown>>;
  readonly expiresAt: Date;
}

/** The person's end of the connection to the console, for the audit log of the edge. */
export interface AssertedClient {
  readonly address: string;
  readonly sessionId?: string | undefined;
}

export interface AssertionKeyStore {
  publish(key: AssertionKey): Promise<void>;
  /** Those that have not expired. */
  list(): Promise<readonly AssertionKey[]>;
  /** Forgets those that have; answers how many. */
  prune(): Promise<number>;
}

export const ASSERTION_ALGORITHM = 'EdDSA';
export const ASSERTION_AUDIENCE = 'foreshard-edge';
/** A person who may do less from now on is felt at every edge after this. */
export const ASSERTION_SECONDS_MAX = 60;
/** by which clocks of consoles and edges may differ */
export const ASSERTION_TOLERANCE_SECONDS = 5;

// strict: a limit that this release does not know must not be taken for none
const grantSchema = z.strictObject({ permissions: z.array(z.string()), scope: scopeSchema });

export const assertionClaimsSchema = z.object({
  sub: z.string().min(1),
  email: z.string().min(1),
  grants: z.array(grantSchema),
  // a console of an earlier release says neither
  sid: z.string().min(1).optional(),
  addr: z.string().optional(),
  iat: z.int(),
  exp: z.int(),
});
type Claims = z.output<typeof assertionClaimsSchema>;

export function claimsOf(
  { id, name, grants }: Principal,
  { address, sessionId }: AssertedClient,
): Omit<Claims, 'iat' | 'exp'> {
  const plain = grants.map(({ permissions, scope }) => ({ permissions: [...permissions], scope }));
  const session = sessionId === undefined ? {} : { sid: sessionId };
  return { sub: id, email: name, grants: plain as Claims['grants'], addr: address, ...session };
}

/** Undefined: the console did not say. */
export function clientOfClaims({ sid, addr }: Claims): AssertedClient | undefined {
  return addr === undefined ? undefined : { address: addr, ...(sid === undefined ? {} : { sessionId: sid }) };
}

/** Permissions that this release does not know permit nothing. */
export function principalOfClaims({ sub, email, grants }: Claims): Principal {
  const known = grants.map(({ permissions, scope }): Grant => {
    return { permissions: permissions.filter(isPermission), scope };
  });
  return { kind: 'person', id: sub, name: email, grants: known };
}
