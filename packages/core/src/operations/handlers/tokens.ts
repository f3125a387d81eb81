/** What is done for operations on tokens, and the port to where tokens are kept. */
import {
  covers,
  type Grant,
  isNetworkPart,
  type Principal,
  permissionsOf,
  type Scope,
  scopeText,
  type TokenScope,
} from '../../access/index.ts';
import { ForeshardError } from '../../kernel/index.ts';
import type { OutputOf, RouterHandlers } from '../operation.ts';
import type { tokens } from '../tokens.ts';

export interface TokenOwner {
  readonly id: string;
  readonly email: string;
}

export interface ApiToken {
  readonly id: string;
  readonly name: string;
  /** how the token begins, for people to tell tokens apart */
  readonly prefix: string;
  readonly scopes: readonly TokenScope[];
  /** what the scopes are limited to */
  readonly scope: Scope;
  /** networks it may be used from; empty: any */
  readonly cidrs: readonly string[];
  /** the person who made it */
  readonly owner: TokenOwner | undefined;
  readonly createdAt: Date;
  readonly expiresAt: Date | undefined;
  /** it is refused afterwards until its owner signs in at the identity provider; undefined: it holds without that */
  readonly signInBy: Date | undefined;
  readonly lastUsedAt: Date | undefined;
  readonly revokedAt: Date | undefined;
}

export interface TokenRequest {
  readonly name: string;
  readonly scopes?: readonly TokenScope[];
  readonly scope?: Scope;
  readonly cidrs?: readonly string[];
  /** a person */
  readonly ownerId?: string | undefined;
  readonly expiresAt?: Date;
}

export interface TokenRotation {
  /** when the one before ends, unless it does so earlier */
  readonly oldExpiresAt: Date;
  /** of the new one; undefined: never */
  readonly expiresAt: Date | undefined;
}

/** `plaintext` is told here and never again. */
export interface MadeToken {
  readonly token: ApiToken;
  readonly plaintext: string;
}

export interface TokenStore {
  create(request: TokenRequest): Promise<MadeToken>;
  /** One that is like it, but for its expiry; undefined: there is no such token that is active. */
  rotate(
    id: string,
    request: TokenRotation,
  ): Promise<(MadeToken & { readonly replaced: ApiToken }) | undefined>;
  /** Also revoked and expired ones, newest first. */
  list(): Promise<readonly ApiToken[]>;
  /** `false` when there is no such token, or it is revoked already. */
  revoke(id: string): Promise<boolean>;
}

export interface TokenStores {
  readonly tokens: TokenStore;
  readonly nowMs: () => number;
}

type TokenDocument = OutputOf<typeof tokens.list>['tokens'][number];

const MS_PER_SECOND = 1_000;

export function tokenHandlers({ tokens: store, nowMs }: TokenStores): RouterHandlers<typeof tokens> {
  return {
    async list() {
      const all = await store.list();
      return { tokens: all.map((token) => documentOf(token, nowMs())) };
    },
    async create({ name, scopes, limits: scope, cidrs, lifetimeSeconds }, { principal }) {
      requireHeld(principal, { permissions: permissionsOf(scopes), scope });
      const own = await tokenOf(store, principal);
      requireNetworks(own, cidrs);
      const { token, plaintext } = await store.create({
        ...{ name, scopes: [...new Set(scopes)], scope, cidrs: [...new Set(cidrs)] },
        // a token that makes tokens does so for its own owner
        ownerId: principal.kind === 'person' ? principal.id : own?.owner?.id,
        ...(lifetimeSeconds === null
          ? {}
          : { expiresAt: new Date(nowMs() + lifetimeSeconds * MS_PER_SECOND) }),
      });
      return { ...documentOf(token, nowMs()), token: plaintext };
    },
    async rotate({ id, overlapSeconds, lifetimeSeconds }, { principal, note }) {
      const old = (await store.list()).find((one) => one.id === id);
      if (old === undefined || !isHeld(old, nowMs())) return unknown(id);
      requireHeld(principal, { permissions: permissionsOf(old.scopes), scope: old.scope });
      requireOwner(principal, old);
      requireNetworks(await tokenOf(store, principal), old.cidrs);
      const lifetimeMs = lifetimeSeconds === undefined ? lifetimeMsOf(old) : msOf(lifetimeSeconds);
      const rotated = await store.rotate(id, {
        oldExpiresAt: new Date(nowMs() + overlapSeconds * MS_PER_SECOND),
        expiresAt: lifetimeMs === undefined ? undefined : new Date(nowMs() + lifetimeMs),
      });
      if (rotated === undefined) return unknown(id);
      const { token, plaintext, replaced } = rotated;
      note?.({ before: documentOf(old, nowMs()) });
      return {
        ...documentOf(token, nowMs()),
        token: plaintext,
        replaces: { id, expiresAt: replaced.expiresAt!.toISOString() },
      };
    },
    async revoke({ token }, { note }) {
      const old = (await store.list()).find((one) => one.id === token);
      if (old === undefined || !(await store.revoke(token))) return unknown(token);
      note?.({ before: documentOf(old, nowMs()), after: null });
      return { token, result: 'revoked' };
    },
  };
}

function unknown(id: string): never {
  throw new ForeshardError('unknown_token', `There is no active token ${id}.`, { pointer: '{id}' });
}

/**
 * Nobody gives more than it has itself.
 * @throws ForeshardError forbidden
 */
function requireHeld({ name, grants }: Principal, wanted: Grant): void {
  if (covers(grants, wanted)) return;
  const { permissions, scope } = wanted;
  const beyond = permissions.filter((one) => !covers(grants, { permissions: [one], scope }));
  throw new ForeshardError(
    'forbidden',
    `"${name}" cannot give what it does not have itself: ${beyond.join(', ')} (${scopeText(scope)}).`,
    { pointer: '/scopes' },
  );
}

/** The token that was presented; undefined: a person or a process asks. */
async function tokenOf(store: TokenStore, { kind, id }: Principal): Promise<ApiToken | undefined> {
  return kind === 'token' ? (await store.list()).find((one) => one.id === id) : undefined;
}

/**
 * Who replaces the token of a person is handed one that acts as that person: with four eyes it would be a second person.
 * @throws ForeshardError forbidden
 */
function requireOwner({ kind, name, owner }: Principal, { name: tokenName, owner: theirs }: ApiToken): void {
  if (kind === 'process' || theirs === undefined) return;
  if (theirs.email === (kind === 'person' ? name : owner)) return;
  throw new ForeshardError(
    'forbidden',
    `The token "${tokenName}" belongs to ${theirs.email}, who alone may replace it. Revoke it, and create one of your own.`,
    { pointer: '{id}' },
  );
}

/**
 * A token that was stolen is not to make one that is used from elsewhere.
 * @throws ForeshardError forbidden
 */
function requireNetworks(own: ApiToken | undefined, cidrs: readonly string[]): void {
  if (own === undefined || isNetworkPart(cidrs, own.cidrs)) return;
  throw new ForeshardError(
    'forbidden',
    `The token "${own.name}" is limited to ${own.cidrs.join(', ')}, and so is every token that it makes or replaces.`,
    { pointer: '/cidrs' },
  );
}

function msOf(seconds: number | null): number | undefined {
  return seconds === null ? undefined : seconds * MS_PER_SECOND;
}

function lifetimeMsOf({ createdAt, expiresAt }: ApiToken): number | undefined {
  return expiresAt === undefined ? undefined : expiresAt.getTime() - createdAt.getTime();
}

function documentOf(token: ApiToken, nowMs: number): TokenDocument {
  const { id, name, prefix, scopes, scope, cidrs, owner } = token;
  const { createdAt, lastUsedAt, expiresAt, signInBy, revokedAt } = token;
  return {
    ...{ id, name, prefix, scopes: [...scopes], state: stateOf(token, nowMs) },
    ...{ limits: scope as TokenDocument['limits'], cidrs: [...cidrs], owner: owner?.email ?? null },
    createdAt: createdAt.toISOString(),
    lastUsedAt: lastUsedAt?.toISOString() ?? null,
    expiresAt: expiresAt?.toISOString() ?? null,
    signInBy: signInBy?.toISOString() ?? null,
    revokedAt: revokedAt?.toISOString() ?? null,
  };
}

/** Neither revoked nor expired. */
function isHeld(token: ApiToken, nowMs: number): boolean {
  return ['active', 'owner away'].includes(stateOf(token, nowMs));
}

function stateOf({ revokedAt, expiresAt, signInBy }: ApiToken, nowMs: number): TokenDocument['state'] {
  const isPast = (time: Date | undefined) => time !== undefined && time.getTime() <= nowMs;
  if (revokedAt !== undefined) return 'revoked';
  if (isPast(expiresAt)) return 'expired';
  return isPast(signInBy) ? 'owner away' : 'active';
}
