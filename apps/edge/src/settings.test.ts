import { describe, expect, it } from 'vitest';
import { readSettings } from './settings.ts';

const NEEDED = { DATABASE_URL: 'postgresql://h/d', REDIS_URL: 'redis://h' };

describe('readSettings', () => {
  it('needs only the two addresses, and takes an empty variable as absent', () => {
    expect(readSettings({ ...NEEDED, EDGE_PORT: '' })).toMatchObject({
      host: '127.0.0.1',
      port: 7070,
      dataDir: '.foreshard',
    });
  });

  it('has an id of its own in every start, which obeys its own rule', () => {
    const [one, other] = [readSettings(NEEDED).edgeId, readSettings(NEEDED).edgeId];
    expect(one).not.toBe(other);
    for (const id of [one, other]) expect(readSettings({ ...NEEDED, EDGE_ID: id }).edgeId).toBe(id);
    expect(one).toMatch(/^[\w.-]{1,48}-[0-9a-f]{8}$/);
    expect(() => readSettings({ ...NEEDED, EDGE_ID: 'a@b' })).toThrow(/EDGE_ID to letters, digits/);
  });

  it('takes times with their unit', () => {
    const staleOf = (text: string) => readSettings({ ...NEEDED, TOKEN_STALE_MAX: text }).tokenStaleMsMax;
    expect(['', '90s', '30m', '24h', '2d'].map(staleOf)).toEqual([
      ...[86_400_000, 90_000, 1_800_000, 86_400_000, 172_800_000],
    ]);
  });

  it('takes origins of pages, and neither a path nor all of them', () => {
    const originsOf = (text: string) => readSettings({ ...NEEDED, EDGE_CORS_ORIGINS: text }).corsOrigins;
    expect(readSettings(NEEDED).corsOrigins).toEqual([]);
    expect(originsOf('https://a.example, http://localhost:3000,')).toEqual([
      ...['https://a.example', 'http://localhost:3000'],
    ]);
    for (const wrong of ['*', 'null', 'https://a.example/', 'https://a.example/x', 'a.example', 'file://x'])
      expect(() => originsOf(`https://b.example,${wrong}`), wrong).toThrow(/EDGE_CORS_ORIGINS to origins/);
  });

  it('names the variable and the cure, one line each', () => {
    expect(() => readSettings({ REDIS_URL: 'x' })).toThrow(
      /^Set DATABASE_URL to the address of PostgreSQL[^\n]*$/,
    );
    expect(() => readSettings({ ...NEEDED, EDGE_PORT: 'seven' })).toThrow(/EDGE_PORT to a port number/);
    expect(() => readSettings({ ...NEEDED, TOKEN_STALE_MAX: 'day' })).toThrow(
      /TOKEN_STALE_MAX to a time such/,
    );
    expect(() => readSettings({})).toThrow(/DATABASE_URL.*\n.*REDIS_URL/);
  });
});
