import { expect, it } from 'vitest';
import { readSettings } from './settings.ts';

const GOOD = { DATABASE_URL: 'postgresql://a:b@127.0.0.1/x', REDIS_URL: 'redis://127.0.0.1:6379' };

it('takes the address of a local edge when none is given, and no trailing slash', () => {
  expect(readSettings(GOOD).edgeUrl).toBe('http://127.0.0.1:7070');
  expect(readSettings({ ...GOOD, FORESHARD_EDGE_URL: 'http://edge/' }).edgeUrl).toBe('http://edge');
});

it('names every variable that is missing or wrong, and never its value', () => {
  const read = () => readSettings({ DATABASE_URL: 'mysql://root:hunter2@db/x' });
  expect(read).toThrow(/DATABASE_URL: expected a URL that begins with postgres:\/\/.*REDIS_URL is not set/);
  expect(read).not.toThrow(/hunter2/);
});
