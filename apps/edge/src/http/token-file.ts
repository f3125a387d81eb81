/**
 * What an edge knows of tokens and keys, on disk (mode 0600), so that one that starts while PostgreSQL is away can
 * judge. The time of the file is the time when the store last answered.
 */
import { mkdir, readFile, rename, stat, utimes, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { AssertionKey } from '@foreshard/core/access';
import type { KnownToken } from './bearer.ts';

export interface KnownList {
  readonly tokens: readonly KnownToken[];
  readonly keys: readonly AssertionKey[];
}

/** The list changes seldom and is read every few seconds: its age on disk is right within this. */
const TOUCHED_EVERY_MS = 60_000;
const MS_PER_SECOND = 1_000;

export class TokenFile {
  private readonly path: string;
  private written = '';
  private touchedAtMs = Number.NEGATIVE_INFINITY;

  constructor(path: string) {
    this.path = path;
  }

  /** Undefined: there is none yet, or it is not ours. */
  async read(): Promise<(KnownList & { readonly readAtMs: number }) | undefined> {
    try {
      const text = await readFile(this.path, 'utf8');
      const { mtimeMs } = await stat(this.path);
      const list = listOf(JSON.parse(text));
      this.written = text;
      return { ...list, readAtMs: mtimeMs };
    } catch {
      return undefined;
    }
  }

  async write(list: KnownList, nowMs: number): Promise<void> {
    const text = JSON.stringify(list);
    if (text === this.written && nowMs - this.touchedAtMs < TOUCHED_EVERY_MS) return;
    if (text !== this.written) await this.replace(text);
    await utimes(this.path, nowMs / MS_PER_SECOND, nowMs / MS_PER_SECOND);
    this.written = text;
    this.touchedAtMs = nowMs;
  }

  private async replace(text: string): Promise<void> {
    const temporary = `${this.path}.${process.pid}`;
    await mkdir(dirname(this.path), { recursive: true, mode: 0o700 });
    await writeFile(temporary, text, { mode: 0o600 });
    await rename(temporary, this.path);
  }
}

type Written =
  | readonly KnownToken[]
  | { readonly tokens: readonly KnownToken[]; readonly keys: readonly WrittenKey[] };
type WrittenKey = Omit<AssertionKey, 'expiresAt'> & { readonly expiresAt: string };

/** A file of before there were keys is the list of tokens alone. */
function listOf(written: Written): KnownList {
  if (!('tokens' in written)) return { tokens: written.map(ofThisRelease), keys: [] };
  const keys = written.keys.map((key) => ({ ...key, expiresAt: new Date(key.expiresAt) }));
  return { tokens: written.tokens, keys };
}

/** A file of before tokens had names: members of groups needed the scope "read" then. */
function ofThisRelease(token: KnownToken): KnownToken {
  const { name, scopes } = token;
  return name === undefined && scopes.includes('read') ? { ...token, scopes: [...scopes, 'consume'] } : token;
}
