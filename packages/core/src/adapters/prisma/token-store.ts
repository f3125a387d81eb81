/**
 * API tokens. A token is 256 random bits, so a plain SHA-256 of it is as good as a slow password hash, and
 * cheap enough for an edge to take on every request. The token itself is told once and kept nowhere.
 */
import { createHash, randomBytes } from 'node:crypto';
import { z } from 'zod';
import { PERMISSIONS, type TokenScope } from '../../access/index.ts';
import type { ApiToken, TokenStore as TokenPort, TokenRequest } from '../../operations/handlers/index.ts';
import { type PrismaClient, reaching } from './client.ts';
import type { ApiToken as ApiTokenRow } from './generated/client.ts';

/** What an edge keeps, in memory and on disk, to serve while PostgreSQL is away. */
export interface ActiveToken {
  readonly id: string;
  readonly name: string;
  /** SHA-256 of the token, in hex */
  readonly hash: string;
  readonly scopes: readonly TokenScope[];
  /** ms since the epoch; undefined: never */
  readonly expiresAtMs: number | undefined;
}

export interface TokenStore extends TokenPort {
  /** Of tokens that are neither revoked nor expired. */
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

  async create({ name, scopes = PERMISSIONS, expiresAt }: TokenRequest) {
    const plaintext = TOKEN_MARK + randomBytes(TOKEN_BYTES).toString('base64url');
    const row = await this.reaching(() =>
      this.prisma.apiToken.create({
        data: {
          name,
          prefix: plaintext.slice(0, PREFIX_CHARS),
          hash: Buffer.from(hashToken(plaintext), 'hex'),
          scopes: [...scopes],
          expiresAt: expiresAt ?? null,
        },
      }),
    );
    return { token: toToken(row), plaintext };
  }

  async list(): Promise<ApiToken[]> {
    const rows = await this.reaching(() => this.prisma.apiToken.findMany({ orderBy: { id: 'desc' } }));
    return rows.map(toToken);
  }

  async revoke(id: string): Promise<boolean> {
    // the database would take anything else for a fault of ours
    if (!z.uuid().safeParse(id).success) return false;
    const revokedAt = new Date();
    const { count } = await this.reaching(() =>
      this.prisma.apiToken.updateMany({ where: { id, revokedAt: null }, data: { revokedAt } }),
    );
    return count === 1;
  }

  async activeHashes(): Promise<ActiveToken[]> {
    const alive = { OR: [{ expiresAt: null }, { expiresAt: { gt: new Date() } }] };
    const rows = await this.reaching(() =>
      this.prisma.apiToken.findMany({ where: { revokedAt: null, ...alive }, orderBy: { id: 'asc' } }),
    );
    return rows.map((row) => ({
      id: row.id,
      name: row.name,
      hash: Buffer.from(row.hash).toString('hex'),
      scopes: row.scopes as TokenScope[],
      expiresAtMs: row.expiresAt?.getTime(),
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

function toToken({ hash: _, ...row }: ApiTokenRow): ApiToken {
  return {
    ...row,
    scopes: row.scopes as TokenScope[],
    expiresAt: row.expiresAt ?? undefined,
    lastUsedAt: row.lastUsedAt ?? undefined,
    revokedAt: row.revokedAt ?? undefined,
  };
}
