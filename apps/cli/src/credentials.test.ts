import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { controlAccess, dataDir, edgeAccess } from './credentials.ts';
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

  it('never sends the token of the file to an address of the environment', () => {
    writeCredentials(LOCAL);
    expect(() => edgeAccess({ FORESHARD_EDGE_URL: 'http://elsewhere:1' }, root)).toThrow(/FORESHARD_TOKEN/);
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
