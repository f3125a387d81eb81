/** Whoever an Authorization header stands for, with all that a request needs to know worked out. */
import {
  type AssertedClient,
  type Grant,
  grantsOfToken,
  type Principal,
  type Scope,
} from '@foreshard/core/access';
import { type AppendRights, appendRights } from './append-rights.ts';
import type { Asserted } from './assertions.ts';
import { type Networks, networksOf } from './networks.ts';

/** As the token store tells it; the hash is the SHA-256 of the token in hex. */
export interface KnownToken {
  readonly id: string;
  /** absent in a file that an earlier release wrote */
  readonly name?: string;
  readonly hash: string;
  readonly scopes: readonly string[];
  /** what they are limited to; absent: nothing */
  readonly scope?: Scope;
  /** where it may be used from; absent or empty: anywhere */
  readonly cidrs?: readonly string[];
  /** also where its owner has to sign in again; undefined: never */
  readonly expiresAtMs?: number | undefined;
  /** absent: it holds without that, or in a file that an earlier release wrote */
  readonly signInByMs?: number | undefined;
  /** e-mail of the person whose it is; absent: nobody's */
  readonly owner?: string | undefined;
  /** what that person may do; absent: nobody's, or in a file that an earlier release wrote */
  readonly ownerGrants?: readonly Grant[] | undefined;
}

export interface Bearer {
  readonly principal: Principal;
  /** of a person: where that person is, as the console asserts */
  readonly client?: AssertedClient | undefined;
  /** SHA-256 of what was presented, in hex */
  readonly digest: Buffer;
  readonly expiresAtMs: number;
  /** where that is when its owner has to sign in again at the identity provider */
  readonly endsWithoutSignIn: boolean;
  readonly appends: AppendRights;
  /** undefined: any */
  readonly networks: Networks | undefined;
}

export function bearerOfToken({
  id,
  name = id,
  hash,
  scopes,
  scope = {},
  cidrs = [],
  expiresAtMs,
  signInByMs,
  owner,
  ownerGrants,
}: KnownToken): Bearer {
  const grants = grantsOfToken({ scopes, scope, ownerGrants });
  return {
    principal: { kind: 'token', id, name, owner, grants },
    digest: Buffer.from(hash, 'latin1'),
    expiresAtMs: expiresAtMs ?? Number.POSITIVE_INFINITY,
    endsWithoutSignIn: signInByMs !== undefined && signInByMs === expiresAtMs,
    appends: appendRights(grants),
    networks: networksOf(cidrs),
  };
}

export function bearerOfPerson({ principal, client, expiresAtMs }: Asserted, digest: string): Bearer {
  return {
    ...{ principal, client, expiresAtMs, endsWithoutSignIn: false, networks: undefined },
    digest: Buffer.from(digest, 'latin1'),
    appends: appendRights(principal.grants),
  };
}
