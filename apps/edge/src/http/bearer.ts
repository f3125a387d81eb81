/** Whoever an Authorization header stands for, with all that a request needs to know worked out. */
import { type Principal, permissionsOf, type Scope } from '@foreshard/core/access';
import { type AppendRights, appendRights } from './append-rights.ts';
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
  /** undefined: never */
  readonly expiresAtMs?: number | undefined;
  /** e-mail of the person whose it is; absent: nobody's */
  readonly owner?: string | undefined;
}

export interface Bearer {
  readonly principal: Principal;
  /** SHA-256 of what was presented, in hex */
  readonly digest: Buffer;
  readonly expiresAtMs: number;
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
  owner,
}: KnownToken): Bearer {
  const grants = [{ permissions: permissionsOf(scopes), scope }];
  return {
    principal: { kind: 'token', id, name, owner, grants },
    digest: Buffer.from(hash, 'latin1'),
    expiresAtMs: expiresAtMs ?? Number.POSITIVE_INFINITY,
    appends: appendRights(grants),
    networks: networksOf(cidrs),
  };
}

export function bearerOfPerson(principal: Principal, digest: string, expiresAtMs: number): Bearer {
  return {
    ...{ principal, expiresAtMs, networks: undefined },
    digest: Buffer.from(digest, 'latin1'),
    appends: appendRights(principal.grants),
  };
}
