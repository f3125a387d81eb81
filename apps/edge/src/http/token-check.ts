/**
 * Who may do what. The hashes of the active tokens are in memory, so a check asks nobody, and on disk
 * (mode 0600), so an edge that starts while PostgreSQL is away knows them. They are read anew every few
 * seconds, and once when a token is unknown: a new token works at once, a revoked one stops in seconds.
 */
import { hash, timingSafeEqual } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import {
  allows,
  type Grant,
  mentions,
  type Permission,
  type Principal,
  permissionsOf,
  type Scope,
  type Target,
} from '@foreshard/core/access';
import { ForeshardError } from '@foreshard/core/kernel';

/** As the token store tells it; the hash is the SHA-256 of the token in hex. */
export interface KnownToken {
  readonly id: string;
  /** absent in a file that an earlier release wrote */
  readonly name?: string;
  readonly hash: string;
  readonly scopes: readonly string[];
  /** what they are limited to; absent: nothing */
  readonly scope?: Scope;
  /** undefined: never */
  readonly expiresAtMs?: number | undefined;
}

export interface TokenCheckParts {
  readonly activeHashes: () => Promise<readonly KnownToken[]>;
  /** for people, who look for tokens that nobody uses any more */
  readonly markUsed: (ids: readonly string[]) => Promise<void>;
  readonly file: string;
  readonly refreshMs: number;
  readonly nowMs: () => number;
  readonly warn: (message: string, error: unknown) => void;
}

/** Wrong tokens may come in floods: they cause no more questions than this. */
const QUESTION_PAUSE_MS = 1_000;
/** What people want to know is the day. */
const USED_REPORTED_EVERY_MS = 60_000;
/** Tokens are found by the beginning of their hash, then compared as a whole in constant time. */
const INDEX_CHARS = 8;
const BEARER = /^Bearer +([\w.~+/-]+=*)$/i;

interface Entry {
  readonly id: string;
  readonly name: string;
  readonly hash: Buffer;
  readonly principal: Principal;
  readonly expiresAtMs: number;
}

export class TokenCheck {
  private readonly parts: TokenCheckParts;
  private entries = new Map<string, Entry[]>();
  private loaded = false;
  private written = '';
  private askedAtMs = Number.NEGATIVE_INFINITY;
  private question: Promise<void> | undefined;
  private readonly used = new Set<string>();
  private usedReportedAtMs = Number.NEGATIVE_INFINITY;
  private timer: NodeJS.Timeout | undefined;

  constructor(parts: TokenCheckParts) {
    this.parts = parts;
  }

  /** false until the tokens were read once, from the store or the file */
  get isLoaded(): boolean {
    return this.loaded;
  }

  async start(): Promise<void> {
    await this.refresh();
    if (!this.loaded) await this.readFile();
    this.timer = setInterval(() => void this.refresh(), this.parts.refreshMs);
  }

  stop(): void {
    clearInterval(this.timer);
  }

  permits(authorization: string | undefined, permission: Permission, target?: Target): boolean {
    const grants = this.find(authorization)?.principal.grants ?? [];
    return target === undefined ? mentions(grants, permission) : allows(grants, permission, target);
  }

  /** Of a token that is known. */
  idOf(authorization: string | undefined): string | undefined {
    return this.find(authorization)?.id;
  }

  /** Of a token that is known: the same for the one that replaces it. */
  nameOf(authorization: string | undefined): string | undefined {
    return this.find(authorization)?.name;
  }

  /**
   * Who has a token with this permission, wherever it is limited to: what a call is about is judged with its input.
   * Without a permission: who it is, for what is judged, and recorded, elsewhere.
   * @throws ForeshardError unauthorized, forbidden; after asking the store about an unknown token
   */
  async require(authorization: string | undefined, permission?: Permission): Promise<Principal> {
    if (authorization === undefined)
      throw new ForeshardError('unauthorized', 'There is no Authorization header.');
    if (this.find(authorization) === undefined) await this.ask();
    const entry = this.find(authorization);
    if (entry === undefined && !BEARER.test(authorization))
      throw new ForeshardError('unauthorized', 'The Authorization header holds no Bearer token.');
    if (entry === undefined)
      throw new ForeshardError('unauthorized', 'The token is not known, or not any more.');
    if (permission === undefined || mentions(entry.principal.grants, permission)) return entry.principal;
    throw new ForeshardError('forbidden', `The token does not have the permission "${permission}".`);
  }

  private find(authorization: string | undefined): Entry | undefined {
    const token = authorization === undefined ? undefined : BEARER.exec(authorization)?.[1];
    if (token === undefined) return undefined;
    const digest = hash('sha256', token, 'hex');
    const bytes = Buffer.from(digest, 'latin1');
    for (const entry of this.entries.get(digest.slice(0, INDEX_CHARS)) ?? []) {
      if (!timingSafeEqual(entry.hash, bytes) || entry.expiresAtMs <= this.parts.nowMs()) continue;
      this.used.add(entry.id);
      return entry;
    }
    return undefined;
  }

  private async ask(): Promise<void> {
    const nowMs = this.parts.nowMs();
    if (this.question === undefined) {
      if (nowMs - this.askedAtMs < QUESTION_PAUSE_MS) return;
      this.askedAtMs = nowMs;
    }
    await this.refresh();
  }

  private refresh(): Promise<void> {
    this.question ??= this.readStore().finally(() => {
      this.question = undefined;
    });
    return this.question;
  }

  private async readStore(): Promise<void> {
    try {
      const tokens = await this.parts.activeHashes();
      this.take(tokens);
      await this.writeFile(tokens);
      await this.reportUsed();
    } catch (error) {
      this.parts.warn('the API tokens cannot be read anew', error);
    }
  }

  private async reportUsed(): Promise<void> {
    const nowMs = this.parts.nowMs();
    if (this.used.size === 0 || nowMs - this.usedReportedAtMs < USED_REPORTED_EVERY_MS) return;
    this.usedReportedAtMs = nowMs;
    const ids = [...this.used];
    this.used.clear();
    await this.parts.markUsed(ids);
  }

  private take(tokens: readonly KnownToken[]): void {
    const entries = new Map<string, Entry[]>();
    for (const { id, name = id, hash, scopes, scope = {}, expiresAtMs } of tokens) {
      const index = hash.slice(0, INDEX_CHARS);
      const entry = {
        id,
        name,
        hash: Buffer.from(hash, 'latin1'),
        principal: principalOf(id, name, [{ permissions: permissionsOf(scopes), scope }]),
        expiresAtMs: expiresAtMs ?? Number.POSITIVE_INFINITY,
      };
      entries.set(index, [...(entries.get(index) ?? []), entry]);
    }
    this.entries = entries;
    this.loaded = true;
  }

  private async readFile(): Promise<void> {
    try {
      const text = await readFile(this.parts.file, 'utf8');
      this.take((JSON.parse(text) as KnownToken[]).map(ofThisRelease));
      this.written = text;
    } catch {
      // no file yet, or not ours: the store tells when it is back
    }
  }

  private async writeFile(tokens: readonly KnownToken[]): Promise<void> {
    const text = JSON.stringify(tokens);
    if (text === this.written) return;
    const temporary = `${this.parts.file}.${process.pid}`;
    await mkdir(dirname(this.parts.file), { recursive: true, mode: 0o700 });
    await writeFile(temporary, text, { mode: 0o600 });
    await rename(temporary, this.parts.file);
    this.written = text;
  }
}

function principalOf(id: string, name: string, grants: readonly Grant[]): Principal {
  return { kind: 'token', id, name, grants };
}

/** A file of before tokens had names: members of groups needed the scope "read" then. */
function ofThisRelease(token: KnownToken): KnownToken {
  const { name, scopes } = token;
  return name === undefined && scopes.includes('read') ? { ...token, scopes: [...scopes, 'consume'] } : token;
}
