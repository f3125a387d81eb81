/**
 * API tokens. A token is 256 random bits, so a plain SHA-256 of it is as good as a slow password hash, and
 * cheap enough for an edge to take on every request. The token itself is told once and kept nowhere.
 */
import { createHash, randomBytes } from 'node:crypto';
import { z } from 'zod';
import {
  type Grant,
  grantsOf,
  OWNER_SIGN_IN_MS,
  PERMISSIONS,
  type RoleGrant,
  roleGrantsSchema,
  type Scope,
  scopeSchema,
  signInByMs,
  type TokenScope,
} from '../../access/index.ts';
import type {
  ApiToken,
  MadeToken,
  TokenStore as TokenPort,
  TokenRequest,
  TokenRotation,
} from '../../operations/handlers/index.ts';
import { type PrismaClient, reaching } from './client.ts';
import type { ApiToken as ApiTokenRow, Person as PersonRow } from './generated/client.ts';
import { named, namedTransaction } from './order-effects.ts';

/** What an edge keeps, in memory and on disk, to serve while PostgreSQL is away. */
export interface ActiveToken {
  readonly id: string;
  readonly name: string;
  /** SHA-256 of the token, in hex */
  readonly hash: string;
  readonly scopes: readonly TokenScope[];
  /** what they are limited to */
  readonly scope: Scope;
  /** networks it may be used from; empty: any */
  readonly cidrs: readonly string[];
  /** ms since the epoch: its own expiry, or when its owner has to sign in again; undefined: never */
  readonly expiresAtMs: number | undefined;
  /** when its owner has to sign in again at the identity provider; undefined: it holds without that */
  readonly signInByMs: number | undefined;
  /** e-mail of the person whose it is */
  readonly owner: string | undefined;
  /** what that person may do now; undefined: it is nobody's */
  readonly ownerGrants: readonly Grant[] | undefined;
}

export interface TokenStore extends TokenPort {
  /** Of tokens that are neither revoked nor expired, and whose owner is not disabled. */
  activeHashes(): Promise<ActiveToken[]>;
  /** Notes that tokens were used; edges call it now and then, not on every request. */
  markUsed(ids: readonly string[], at: Date): Promise<void>;
}

const TOKEN_BYTES = 32;
const TOKEN_MARK = 'fsh_';
const PREFIX_CHARS = TOKEN_MARK.length + 6;

export function hashToken(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}

export class PrismaTokenStore implements TokenStore {
  private readonly prisma: PrismaClient;
  private readonly databaseUrl: string;
  private readonly ownerSignInMs: number;

  /** `ownerSignInMs`: how long tokens hold after their owner has signed in at an identity provider */
  constructor(prisma: PrismaClient, databaseUrl: string, ownerSignInMs = OWNER_SIGN_IN_MS) {
    this.prisma = prisma;
    this.databaseUrl = databaseUrl;
    this.ownerSignInMs = ownerSignInMs;
  }

  async create(request: TokenRequest): Promise<MadeToken> {
    const { name, scopes = PERMISSIONS, scope = {}, cidrs = [], ownerId = null, expiresAt = null } = request;
    const { plaintext, secret } = newSecret();
    const data = {
      ...{ name, ...secret, scopes: [...scopes], scope: plainOf(scope), cidrs: [...cidrs] },
      ...{ ownerId, expiresAt },
    };
    const row = await this.reaching(() =>
      named(this.prisma, (tx) => tx.apiToken.create({ data, include: OWNER })),
    );
    return { token: toToken(row, this.ownerSignInMs), plaintext };
  }

  async rotate(id: string, { oldExpiresAt, expiresAt }: TokenRotation) {
    if (!isId(id)) return undefined;
    const { plaintext, secret } = newSecret();
    return this.reaching(() =>
      namedTransaction(this.prisma, async (tx) => {
        // who rotates at the same time waits here, and then replaces what is still active
        await tx.$queryRaw`SELECT 1 AS locked FROM api_token WHERE id = ${id}::uuid FOR UPDATE`;
        const old = await tx.apiToken.findFirst({ where: { id, revokedAt: null, ...alive() } });
        if (old === null) return undefined;
        const { name, scopes, scope, cidrs, ownerId } = old;
        const data = {
          name,
          ...secret,
          scopes,
          scope: scope as object,
          cidrs,
          ownerId,
          expiresAt: expiresAt ?? null,
        };
        const row = await tx.apiToken.create({ data, include: OWNER });
        const ends = old.expiresAt !== null && old.expiresAt < oldExpiresAt ? old.expiresAt : oldExpiresAt;
        const replaced = await tx.apiToken.update({
          where: { id },
          data: { expiresAt: ends },
          include: OWNER,
        });
        return {
          token: toToken(row, this.ownerSignInMs),
          plaintext,
          replaced: toToken(replaced, this.ownerSignInMs),
        };
      }),
    );
  }

  async list(): Promise<ApiToken[]> {
    const rows = await this.reaching(() =>
      this.prisma.apiToken.findMany({ orderBy: { id: 'desc' }, include: OWNER }),
    );
    return rows.map((row) => toToken(row, this.ownerSignInMs));
  }

  async revoke(id: string): Promise<boolean> {
    if (!isId(id)) return false;
    const revokedAt = new Date();
    const { count } = await this.reaching(() =>
      named(this.prisma, (tx) =>
        tx.apiToken.updateMany({ where: { id, revokedAt: null }, data: { revokedAt } }),
      ),
    );
    return count === 1;
  }

  async activeHashes(): Promise<ActiveToken[]> {
    const rows = await this.reaching(() =>
      this.prisma.apiToken.findMany({
        where: { revokedAt: null, ...alive(), NOT: { owner: { disabledAt: { not: null } } } },
        include: OWNER_WITH_ROLES,
        orderBy: { id: 'asc' },
      }),
    );
    return rows.map((row) => activeFrom(row, this.ownerSignInMs));
  }

  async markUsed(ids: readonly string[], at: Date): Promise<void> {
    const older = { OR: [{ lastUsedAt: null }, { lastUsedAt: { lt: at } }] };
    await this.reaching(() =>
      this.prisma.apiToken.updateMany({
        where: { id: { in: [...ids] }, ...older },
        data: { lastUsedAt: at },
      }),
    );
  }

  private reaching<T>(query: () => Promise<T>): Promise<T> {
    return reaching(this.databaseUrl, query);
  }
}

type SignedIn = Pick<PersonRow, 'oidcIssuer' | 'lastSignInAt' | 'createdAt'>;
type OwnedRow = ApiTokenRow & { readonly owner: (Pick<PersonRow, 'id' | 'email'> & SignedIn) | null };
type RowWithRoles = ApiTokenRow & { readonly owner: (Pick<PersonRow, 'email' | 'roles'> & SignedIn) | null };

const SIGNED_IN = { oidcIssuer: true, lastSignInAt: true, createdAt: true } as const;
const OWNER_WITH_ROLES = { owner: { select: { email: true, roles: true, ...SIGNED_IN } } } as const;
const OWNER = { owner: { select: { id: true, email: true, ...SIGNED_IN } } } as const;

function newSecret() {
  const plaintext = TOKEN_MARK + randomBytes(TOKEN_BYTES).toString('base64url');
  const secret = {
    prefix: plaintext.slice(0, PREFIX_CHARS),
    hash: Buffer.from(hashToken(plaintext), 'hex'),
  };
  return { plaintext, secret };
}

/** The database would take anything else for a fault of ours. */
function isId(id: string): boolean {
  return z.uuid().safeParse(id).success;
}

function alive() {
  return { OR: [{ expiresAt: null }, { expiresAt: { gt: new Date() } }] };
}

function plainOf(scope: Scope) {
  return JSON.parse(JSON.stringify(scope));
}

/** A role, or a limit of one, that this release does not know gives nothing. */
function rolesIn(kept: unknown): readonly RoleGrant[] {
  const each = Array.isArray(kept) ? kept : [];
  return each.flatMap((one) => roleGrantsSchema.safeParse([one]).data ?? []);
}

/** A limit that this release does not know must not be taken for none. */
function scopeOf(kept: unknown): Scope {
  const scope = scopeSchema.safeParse(kept);
  return scope.success ? scope.data : { streams: [], groups: [], clusters: [] };
}

function activeFrom({ owner, ...row }: RowWithRoles, ownerSignInMs: number): ActiveToken {
  const signInBy = signInByMs(owner, ownerSignInMs);
  const ends = [row.expiresAt?.getTime(), signInBy].filter((ms) => ms !== undefined);
  return {
    id: row.id,
    name: row.name,
    hash: Buffer.from(row.hash).toString('hex'),
    scopes: row.scopes as TokenScope[],
    scope: scopeOf(row.scope),
    cidrs: row.cidrs,
    expiresAtMs: ends.length === 0 ? undefined : Math.min(...ends),
    signInByMs: signInBy,
    owner: owner?.email,
    ownerGrants: owner === null ? undefined : grantsOf(rolesIn(owner.roles)),
  };
}

function toToken({ hash: _, ownerId: __, owner, ...row }: OwnedRow, ownerSignInMs: number): ApiToken {
  const signInBy = signInByMs(owner, ownerSignInMs);
  return {
    ...row,
    scopes: row.scopes as TokenScope[],
    scope: scopeOf(row.scope),
    owner: owner === null ? undefined : { id: owner.id, email: owner.email },
    signInBy: signInBy === undefined ? undefined : new Date(signInBy),
    expiresAt: row.expiresAt ?? undefined,
    lastUsedAt: row.lastUsedAt ?? undefined,
    revokedAt: row.revokedAt ?? undefined,
  };
}
