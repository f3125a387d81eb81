/**
 * API tokens. A token is 256 random bits, so a plain SHA-256 of it is as good as a slow password hash, and
 * cheap enough for an edge to take on every request. The token itself is told once and kept nowhere.
 */
import { createHash, randomBytes } from 'node:crypto';
import { z } from 'zod';
import { PERMISSIONS, type Scope, scopeSchema, type TokenScope } from '../../access/index.ts';
import type {
  ApiToken,
  MadeToken,
  TokenStore as TokenPort,
  TokenRequest,
  TokenRotation,
} from '../../operations/handlers/index.ts';
import { type PrismaClient, reaching } from './client.ts';
import type { ApiToken as ApiTokenRow } from './generated/client.ts';

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
  /** ms since the epoch; undefined: never */
  readonly expiresAtMs: number | undefined;
  /** e-mail of the person whose it is */
  readonly owner: string | undefined;
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

  constructor(prisma: PrismaClient, databaseUrl: string) {
    this.prisma = prisma;
    this.databaseUrl = databaseUrl;
  }

  async create(request: TokenRequest): Promise<MadeToken> {
    const { name, scopes = PERMISSIONS, scope = {}, cidrs = [], ownerId = null, expiresAt = null } = request;
    const { plaintext, secret } = newSecret();
    const data = {
      ...{ name, ...secret, scopes: [...scopes], scope: plainOf(scope), cidrs: [...cidrs] },
      ...{ ownerId, expiresAt },
    };
    const row = await this.reaching(() => this.prisma.apiToken.create({ data, include: OWNER }));
    return { token: toToken(row), plaintext };
  }

  async rotate(id: string, { oldExpiresAt, expiresAt }: TokenRotation) {
    if (!isId(id)) return undefined;
    const { plaintext, secret } = newSecret();
    return this.reaching(() =>
      this.prisma.$transaction(async (tx) => {
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
        return { token: toToken(row), plaintext, replaced: toToken(replaced) };
      }),
    );
  }

  async list(): Promise<ApiToken[]> {
    const rows = await this.reaching(() =>
      this.prisma.apiToken.findMany({ orderBy: { id: 'desc' }, include: OWNER }),
    );
    return rows.map(toToken);
  }

  async revoke(id: string): Promise<boolean> {
    if (!isId(id)) return false;
    const revokedAt = new Date();
    const { count } = await this.reaching(() =>
      this.prisma.apiToken.updateMany({ where: { id, revokedAt: null }, data: { revokedAt } }),
    );
    return count === 1;
  }

  async activeHashes(): Promise<ActiveToken[]> {
    const rows = await this.reaching(() =>
      this.prisma.apiToken.findMany({
        where: { revokedAt: null, ...alive(), NOT: { owner: { disabledAt: { not: null } } } },
        include: OWNER,
        orderBy: { id: 'asc' },
      }),
    );
    return rows.map((row) => ({
      id: row.id,
      name: row.name,
      hash: Buffer.from(row.hash).toString('hex'),
      scopes: row.scopes as TokenScope[],
      scope: scopeOf(row.scope),
      cidrs: row.cidrs,
      expiresAtMs: row.expiresAt?.getTime(),
      owner: row.owner?.email,
    }));
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

type OwnedRow = ApiTokenRow & { readonly owner: { readonly id: string; readonly email: string } | null };

const OWNER = { owner: { select: { id: true, email: true } } } as const;

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

/** A limit that this release does not know must not be taken for none. */
function scopeOf(kept: unknown): Scope {
  const scope = scopeSchema.safeParse(kept);
  return scope.success ? scope.data : { streams: [], groups: [], clusters: [] };
}

function toToken({ hash: _, ownerId: __, ...row }: OwnedRow): ApiToken {
  return {
    ...row,
    scopes: row.scopes as TokenScope[],
    scope: scopeOf(row.scope),
    owner: row.owner ?? undefined,
    expiresAt: row.expiresAt ?? undefined,
    lastUsedAt: row.lastUsedAt ?? undefined,
    revokedAt: row.revokedAt ?? undefined,
  };
}
