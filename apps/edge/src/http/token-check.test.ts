import { createHash } from 'node:crypto';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type KnownToken, TokenCheck } from './token-check.ts';

let dir: string;
let store: () => Promise<readonly KnownToken[]>;
let asked: number;
let marked: string[];
let nowMs: number;
const checks: TokenCheck[] = [];

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'tokens-'));
  asked = 0;
  marked = [];
  nowMs = 1_000_000;
  store = async () => [token('secret', ['ingest']), token('old', ['ingest'], nowMs + 10)];
});
afterEach(async () => {
  for (const check of checks.splice(0)) check.stop();
  await rm(dir, { recursive: true });
});

function token(text: string, scopes: string[], expiresAtMs?: number): KnownToken {
  return { id: text, hash: createHash('sha256').update(text).digest('hex'), scopes, expiresAtMs };
}

async function started(): Promise<TokenCheck> {
  const check = new TokenCheck({
    activeHashes: () => {
      asked++;
      return store();
    },
    markUsed: async (ids) => void marked.push(...ids),
    file: join(dir, 'edge', 'tokens.json'),
    refreshMs: 60_000,
    nowMs: () => nowMs,
    warn: () => {},
  });
  checks.push(check);
  await check.start();
  return check;
}

const away = async () => Promise.reject(new Error('away'));

describe('TokenCheck', () => {
  it('permits a known token for its scopes only', async () => {
    const check = await started();
    expect(check.permits('Bearer secret', 'events:write')).toBe(true);
    expect(check.permits('bearer  secret', 'events:write')).toBe(true);
    expect(check.permits('Bearer secret', 'events:read')).toBe(false);
    await expect(check.require('Bearer secret', 'events:read')).rejects.toMatchObject({ code: 'forbidden' });
  });

  it.each([undefined, '', 'secret', 'Basic secret', 'Bearer', 'Bearer secrets', 'Bearer SECRET'])(
    'refuses %s',
    async (header) => {
      const check = await started();
      expect(check.permits(header, 'events:write')).toBe(false);
      await expect(check.require(header, 'events:write')).rejects.toMatchObject({ code: 'unauthorized' });
    },
  );

  it('knows a new token at once, and asks no more than once a second', async () => {
    const check = await started();
    store = async () => [token('new', ['read'])];
    await check.require('Bearer new', 'events:read');
    const before = asked;
    for (let i = 0; i < 5; i++) await check.require('Bearer wrong', 'events:read').catch(() => {});
    expect(asked).toBe(before);
  });

  it('refuses a token when its time is over, though nobody told', async () => {
    const check = await started();
    expect(check.permits('Bearer old', 'events:write')).toBe(true);
    nowMs += 10;
    expect(check.permits('Bearer old', 'events:write')).toBe(false);
  });

  it('tells which tokens are used, once a minute', async () => {
    const check = await started();
    const round = async () => {
      nowMs += 2_000;
      await check.require('Bearer wrong', 'events:read').catch(() => {});
    };
    for (let i = 0; i < 3; i++) check.permits('Bearer secret', 'events:write');
    await round();
    expect(marked).toEqual(['secret']);
    check.permits('Bearer secret', 'events:read');
    await round();
    expect(marked).toEqual(['secret']);
    nowMs += 60_000;
    await round();
    expect(marked).toEqual(['secret', 'secret']);
    nowMs += 60_000;
    await round();
    expect(marked.length).toBe(2);
  });

  it('starts from its file, readable by nobody else, while the store is away', async () => {
    await started();
    const file = join(dir, 'edge', 'tokens.json');
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    store = away;
    const check = await started();
    expect(check.isLoaded).toBe(true);
    expect(check.permits('Bearer secret', 'events:write')).toBe(true);
  });

  it('tells the name of a token, the same for the one that replaces it', async () => {
    store = async () => [
      { ...token('first', ['consume']), name: 'shop' },
      { ...token('second', ['consume']), name: 'shop' },
    ];
    const check = await started();
    expect(['first', 'second', 'third'].map((t) => check.nameOf(`Bearer ${t}`))).toEqual([
      'shop',
      'shop',
      undefined,
    ]);
  });

  it('takes a file of an earlier release: who could read could be a member of groups', async () => {
    store = async () => [token('reader', ['read']), token('writer', ['ingest'])];
    await started();
    store = away;
    const check = await started();
    expect(['reader', 'writer'].map((t) => check.permits(`Bearer ${t}`, 'groups:consume'))).toEqual([
      true,
      false,
    ]);
    expect(check.nameOf('Bearer reader')).toBe('reader');
  });

  it('takes the scopes of a file of this release as they are', async () => {
    store = async () => [{ ...token('reader', ['read']), name: 'a reader' }];
    await started();
    store = away;
    expect((await started()).permits('Bearer reader', 'groups:consume')).toBe(false);
  });

  it('is not loaded without store and file', async () => {
    store = away;
    expect((await started()).isLoaded).toBe(false);
  });
});
