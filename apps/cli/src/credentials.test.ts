import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { controlAccess, databaseAccess, dataDir, edgeAccess } from './credentials.ts';
import { CommandFailure } from './failure.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'foreshard-credentials-'));
});
afterEach(() => rmSync(root, { recursive: true }));

function writeCredentials(content: string): void {
  mkdirSync(join(root, '.foreshard'), { recursive: true });
  writeFileSync(join(root, '.foreshard', 'credentials.json'), content);
}

const LOCAL = JSON.stringify({
  edgeUrl: 'http://127.0.0.1:7070/',
  token: 'fsh_local',
  databaseUrl: 'postgres://db',
  redisUrl: 'redis://r',
  hosts: [],
});

describe('credentials', () => {
  it('are found from a folder below the one that was started', () => {
    writeCredentials(LOCAL);
    const below = join(root, 'a', 'b');
    mkdirSync(below, { recursive: true });
    expect(edgeAccess({}, below)).toEqual({ edgeUrl: 'http://127.0.0.1:7070', token: 'fsh_local' });
    expect(controlAccess({}, below)).toEqual({ databaseUrl: 'postgres://db', redisUrl: 'redis://r' });
  });

  it('come from the environment first', () => {
    writeCredentials(LOCAL);
    const env = { FORESHARD_EDGE_URL: 'http://edge:1', FORESHARD_TOKEN: 'fsh_env' };
    expect(edgeAccess(env, root)).toEqual({ edgeUrl: 'http://edge:1', token: 'fsh_env' });
  });

  it('give the database alone: the option, else the environment, else the file', () => {
    writeCredentials(LOCAL);
    const env = { DATABASE_URL: 'postgresql://env/db' };
    expect(databaseAccess('postgres://asked/db', env, root)).toBe('postgres://asked/db');
    expect(databaseAccess(undefined, env, root)).toBe('postgresql://env/db');
    expect(databaseAccess(undefined, {}, root)).toBe('postgres://db');
  });

  it('refuse the address of another database, and never repeat it', () => {
    const asked = () => databaseAccess('mysql://me:secret@db/x', {}, root);
    expect(asked).toThrow(/^--database must be an address such as postgresql:/);
    expect(asked).not.toThrow(/secret/);
    expect(() => databaseAccess(undefined, { DATABASE_URL: 'db' }, root)).toThrow(/^DATABASE_URL must be/);
    expect(() => databaseAccess(undefined, {}, root)).toThrow(/run "foreshard up", or set DATABASE_URL$/);
  });

  it('never sends the token of the file to an address of the environment', () => {
    writeCredentials(LOCAL);
    expect(() => edgeAccess({ FORESHARD_EDGE_URL: 'http://elsewhere:1' }, root)).toThrow(/FORESHARD_TOKEN/);
  });

  it('refuse a user and a password in the address of an edge, and never repeat them', () => {
    const asked = (url: string) => () => edgeAccess({ FORESHARD_EDGE_URL: url, FORESHARD_TOKEN: 't' }, root);
    for (const url of ['http://me:secret@edge:1', 'http://:secret@edge', 'ftp://secret@edge']) {
      expect(asked(url)).toThrow(/^FORESHARD_EDGE_URL must be without a user and a password/);
      expect(asked(url)).not.toThrow(/secret/);
    }
    expect(asked('edge')).toThrow('FORESHARD_EDGE_URL is not an http address: "edge"');
  });

  it('names the missing file and the cure', () => {
    expect(() => edgeAccess({}, root)).toThrow(/credentials\.json is missing; run "foreshard up"/);
  });

  it('refuses a file that is not credentials, as bad input', () => {
    writeCredentials('{"edgeUrl": 5}');
    expect(() => edgeAccess({}, root)).toThrow(CommandFailure);
    expect(() => edgeAccess({}, root)).toThrow(/cannot be read/);
  });

  it('follows FORESHARD_DATA_DIR', () => {
    expect(dataDir({ FORESHARD_DATA_DIR: 'data' }, root)).toBe(join(root, 'data'));
  });
});
