import { expect, test } from 'vitest';
import { readSettings } from './settings.ts';

const DAY_MS = 86_400_000;

const GOOD = {
  DATABASE_URL: 'postgresql://a:b@127.0.0.1:5432/foreshard',
  REDIS_URL: 'redis://127.0.0.1:6379',
};

test('everything but the two addresses has a default', () => {
  expect(readSettings({ ...GOOD, WORKER_PORT: '' })).toEqual({
    kind: 'settings',
    settings: {
      databaseUrl: GOOD.DATABASE_URL,
      redisUrl: GOOD.REDIS_URL,
      topologyUrl: undefined,
      lockRedisUrls: [],
      host: '127.0.0.1',
      port: 7090,
      logLevel: 'info',
      telemetryRetention: { minute: 8 * DAY_MS, hour: 396 * DAY_MS, keys: 31 * DAY_MS },
    },
  });
});

test.each([
  [{ REDIS_URL: GOOD.REDIS_URL }, 'DATABASE_URL must be the address'],
  [{ ...GOOD, DATABASE_URL: 'mysql://x' }, 'DATABASE_URL must be the address'],
  [{ ...GOOD, REDIS_URL: '127.0.0.1:6379' }, 'REDIS_URL must be the address'],
  [{ ...GOOD, LOCK_REDIS_URLS: 'redis://a,redis://b' }, 'LOCK_REDIS_URLS must be addresses of three'],
  [{ ...GOOD, TOPOLOGY_URL: 'http://a' }, 'TOPOLOGY_URL must be etcd://'],
  [{ ...GOOD, WORKER_PORT: '70000' }, 'WORKER_PORT must be a port between'],
  [{ ...GOOD, WORKER_PORT: 'http' }, 'WORKER_PORT must be a port number'],
  [{ ...GOOD, WORKER_TELEMETRY_HOURS_DAYS: '0' }, 'WORKER_TELEMETRY_HOURS_DAYS must be a number of days'],
  [{ ...GOOD, LOG_LEVEL: 'loud' }, 'LOG_LEVEL must be one of'],
])('a wrong environment is told by the variable and the cure: %o', (env, expected) => {
  expect(readSettings(env)).toMatchObject({ kind: 'wrong', line: expect.stringContaining(expected) });
});
