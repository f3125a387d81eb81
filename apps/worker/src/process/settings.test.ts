import { healthSettingsSchema } from '@foreshard/core/profiling';
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
      checkpointPlace: { kind: 'postgres' },
      databaseUrl: GOOD.DATABASE_URL,
      redisUrl: GOOD.REDIS_URL,
      topologyUrl: undefined,
      lockRedisUrls: [],
      host: '127.0.0.1',
      correlationFields: {},
      cacheBytes: 16 * 1_048_576,
      port: 7090,
      logLevel: 'info',
      webhookNetworks: [],
      consoleUrl: undefined,
      metricsPublic: false,
      tokenStaleMsMax: DAY_MS,
      ownerSignInMs: 30 * DAY_MS,
      auditKeyFile: '.foreshard/audit.key',
      auditRetentionMs: 400 * DAY_MS,
      auditHeadTarget: undefined,
      hostProvider: 'none',
      hostWebhook: undefined,
      forecastModels: '',
      forecastModelLimitMs: 60_000,
      forecastExpensiveMs: 60_000,
      health: healthSettingsSchema.parse({}),
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
  [{ ...GOOD, WORKER_FORECAST_DEAR_SECONDS: '3601' }, 'WORKER_FORECAST_DEAR_SECONDS must be at most 3600'],
  [{ ...GOOD, WORKER_HEALTH: '{"shardlet":' }, 'WORKER_HEALTH must be JSON of health weights'],
  [
    { ...GOOD, WORKER_HEALTH: '{"shardlet":{"mood":{}}}' },
    'WORKER_HEALTH must be JSON of health weights: shardlet',
  ],
  [{ ...GOOD, WORKER_HEALTH: '{"host":{"errors":{"weight":-1}}}' }, 'host.errors.weight'],
  [{ ...GOOD, FORESHARD_WEBHOOK_NETWORKS: '10.0.0.0/8,home' }, 'FORESHARD_WEBHOOK_NETWORKS must be networks'],
  [{ ...GOOD, FORESHARD_HOST_PROVIDER: 'cloud' }, 'FORESHARD_HOST_PROVIDER must be none, local or webhook'],
  [{ ...GOOD, FORESHARD_HOST_PROVIDER: 'webhook' }, 'FORESHARD_HOST_WEBHOOK must name a target'],
  [{ ...GOOD, FORESHARD_CONSOLE_URL: 'console' }, 'FORESHARD_CONSOLE_URL must be an address'],
  [
    { ...GOOD, FORESHARD_CONSOLE_URL: 'https://me:a@console' },
    'FORESHARD_CONSOLE_URL must be without a user and a password',
  ],
  [
    { ...GOOD, FORESHARD_EDGE_URL: 'http://me@edge' },
    'FORESHARD_EDGE_URL must be without a user and a password',
  ],
  [{ ...GOOD, METRICS_PUBLIC: 'maybe' }, 'METRICS_PUBLIC must be true or false'],
  [{ ...GOOD, TOKEN_STALE_MAX: '24' }, 'TOKEN_STALE_MAX must be a time such as 24h'],
  [{ ...GOOD, LOG_LEVEL: 'loud' }, 'LOG_LEVEL must be one of'],
])('a wrong environment is told by the variable and the cure: %o', (env, expected) => {
  expect(readSettings(env)).toMatchObject({ kind: 'wrong', line: expect.stringContaining(expected) });
});

test('weights of health are given as what differs', () => {
  const reply = readSettings({ ...GOOD, WORKER_HEALTH: '{"shardlet":{"errors":{"weight":50}}}' });
  const { health } = (reply as Extract<typeof reply, { kind: 'settings' }>).settings;
  expect(health.shardlet.errors).toEqual({ weight: 50, good: 0, bad: 0.05 });
  expect(health.host).toEqual(healthSettingsSchema.parse({}).host);
});
