/** What is done for operations on tokens, and the port to where tokens are kept. */
import type { TokenScope } from '../../access/index.ts';
import { ForeshardError } from '../../kernel/index.ts';
import type { OutputOf, RouterHandlers } from '../operation.ts';
import type { tokens } from '../tokens.ts';

export interface ApiToken {
  readonly id: string;
  readonly name: string;
  /** how the token begins, for people to tell tokens apart */
  readonly prefix: string;
  readonly scopes: readonly TokenScope[];
  readonly createdAt: Date;
  readonly expiresAt: Date | undefined;
  readonly lastUsedAt: Date | undefined;
  readonly revokedAt: Date | undefined;
}

export interface TokenRequest {
  readonly name: string;
  readonly scopes?: readonly TokenScope[];
  readonly expiresAt?: Date;
}

export interface TokenStore {
  /** `plaintext` is told here and never again. */
  create(request: TokenRequest): Promise<{ readonly token: ApiToken; readonly plaintext: string }>;
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
    async create({ name, scopes, lifetimeSeconds }) {
      const { token, plaintext } = await store.create({
        name,
        scopes: [...new Set(scopes)],
        ...(lifetimeSeconds === undefined
          ? {}
          : { expiresAt: new Date(nowMs() + lifetimeSeconds * MS_PER_SECOND) }),
      });
      return { ...documentOf(token, nowMs()), token: plaintext };
    },
    async revoke({ token }) {
      if (!(await store.revoke(token)))
        throw new ForeshardError('unknown_token', `There is no active token ${token}.`, { pointer: '{id}' });
      return { token, result: 'revoked' };
    },
  };
}

function documentOf(token: ApiToken, nowMs: number): TokenDocument {
  const { id, name, prefix, scopes, createdAt, lastUsedAt, expiresAt, revokedAt } = token;
  return {
    ...{ id, name, prefix, scopes: [...scopes], state: stateOf(token, nowMs) },
    createdAt: createdAt.toISOString(),
    lastUsedAt: lastUsedAt?.toISOString() ?? null,
    expiresAt: expiresAt?.toISOString() ?? null,
    revokedAt: revokedAt?.toISOString() ?? null,
  };
}

function stateOf({ revokedAt, expiresAt }: ApiToken, nowMs: number): TokenDocument['state'] {
  if (revokedAt !== undefined) return 'revoked';
  return expiresAt !== undefined && expiresAt.getTime() <= nowMs ? 'expired' : 'active';
}
