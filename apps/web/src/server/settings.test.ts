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

it.each(['FORESHARD_EDGE_URL', 'FORESHARD_CONSOLE_URL'])('refuses a user or a password in %s', (name) => {
  for (const address of ['https://me:hunter2@edge', 'https://hunter2@edge']) {
    const read = () => readSettings({ ...GOOD, [name]: address });
    expect(read).toThrow(`${name}: expected an address without a user and a password`);
    expect(read).not.toThrow(/hunter2/);
  }
});

it('takes a certificate with its key, and then hears of clients from its own server', () => {
  const own = readSettings({ ...GOOD, WEB_TLS_CERT: 'c', WEB_TLS_KEY: 'k' });
  expect(own).toMatchObject({ ownTls: true, proxies: 1 });
  expect(readSettings({ ...GOOD, WEB_TLS_CERT: 'c', WEB_TLS_KEY: 'k', WEB_TRUSTED_PROXY: '1' }).proxies).toBe(
    2,
  );
  expect(readSettings(GOOD)).toMatchObject({ ownTls: false, proxies: 0 });
  expect(() => readSettings({ ...GOOD, WEB_TLS_CERT: 'c' })).toThrow('set both, or none');
});
