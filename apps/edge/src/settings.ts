/** What an edge is told by its environment. A bad value is one line that names the variable and the cure. */
import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { listAgeMsSchema, ownerSignInMsSchema } from '@foreshard/core/access';
import { checkpointFields } from '@foreshard/core/checkpointing';
import { privateNetworkSettings, privateNetworksOf } from '@foreshard/core/notifying';
import { z } from 'zod';
import { profileFields } from './profiling/profile-fields.ts';

/** an id has at most 64 characters */
const HOST_NAME_KEPT = 48;
const port = z.coerce.number({ error: 'a port number' }).int().min(0).max(65_535);
const bytes = z.coerce.number({ error: 'a number of bytes' }).int().min(1_024);

const milliseconds = z.coerce.number({ error: 'a number of milliseconds' }).int().min(100);

const quota = z.coerce
  .number({ error: 'a whole number a second, or 0 for none' })
  .int()
  .min(0)
  .default(0)
  .transform((perSecond) => (perSecond === 0 ? undefined : perSecond));

/** As browsers send them; "*" would open the edge to every page that somebody with a token looks at. */
const origins = z
  .string()
  .default('')
  .transform((text) => text.split(',').flatMap((origin) => origin.trim() || []))
  .refine((all) => all.every(isOrigin), {
    error: 'origins such as https://app.example.com,https://other.example.com (no path, no "*")',
  });

export const environment = z.object({
  DATABASE_URL: z
    .string({
      error: 'the address of PostgreSQL, such as postgresql://user:password@127.0.0.1/foreshard',
    })
    .describe(
      'PostgreSQL with what the control plane keeps, and with the topology store unless TOPOLOGY_URL is set',
    ),
  REDIS_URL: z
    .string({ error: 'the address of the control Redis, such as redis://127.0.0.1:6379' })
    .describe('the control Redis; it needs `maxmemory-policy noeviction`'),
  TOPOLOGY_URL: z
    .string()
    .regex(/^etcds?:\/\//, 'etcd://host:port,host:port,host:port, or unset it for PostgreSQL')
    .optional()
    .describe(
      '[the topology store in etcd](topology-stores.md): `etcd://a:2379,b:2379,c:2379`; unset: PostgreSQL',
    ),
  FORESHARD_DATA_DIR: z
    .string()
    .default('.foreshard')
    .describe('folder of what the process keeps on its machine; an edge keeps its last map there'),
  EDGE_ID: z
    .string()
    .regex(/^[\w.-]{1,64}$/, 'letters, digits, dots and hyphens')
    .default(ownId)
    .describe(
      'name of the edge in logs and telemetry, which no two edges may share; unset: the name of the machine and random characters, new in every start',
    ),
  EDGE_HOST: z.string().default('127.0.0.1').describe('address that the edge listens at'),
  EDGE_PORT: port.default(7070).describe('its port'),
  EDGE_PUBLIC_URL: z
    .url({ protocol: /^https?$/, error: 'an address such as https://edge-1.example.com' })
    .optional()
    .describe(
      'where clients reach this edge; members of groups get it. Unset: the address that it listens at',
    ),
  EDGE_CORS_ORIGINS: origins.describe(
    'origins of [pages that may call it from browsers](client.md#in-a-browser), such as `https://app.example.com,http://localhost:3000`',
  ),
  EDGE_BODY_BYTES_MAX: bytes.default(8 * 1_048_576).describe('bytes of one request'),
  EDGE_EVENT_BYTES_MAX: bytes.default(1_048_576).describe('bytes of one event'),
  EDGE_IN_FLIGHT_BYTES_MAX: bytes
    .default(256 * 1_048_576)
    .describe('bytes of all requests that are worked on; more are refused until some are done'),
  EDGE_CACHE_BYTES: z.coerce
    .number({ error: 'a number of bytes, or 0' })
    .int()
    .min(0)
    .default(64 * 1_048_576)
    .describe('memory of the shard cache, for events that were read lately; `0`: none'),
  /** of the state that members of groups keep */
  ...checkpointFields,
  EDGE_HOLD_MS_MAX: z.coerce
    .number({ error: 'a number of milliseconds' })
    .int()
    .min(0)
    .default(5_000)
    .describe('milliseconds that an event may wait for a shardlet or a host before it is refused with 503'),
  EDGE_HEADERS_MS_MAX: milliseconds
    .default(10_000)
    .describe('milliseconds within which a client sends its headers, else it is answered 408'),
  EDGE_REQUEST_MS_MAX: milliseconds
    .default(30_000)
    .describe('milliseconds within which a client sends its whole request, else it is answered 408'),
  TOKEN_STALE_MAX: listAgeMsSchema('a time such as 24h, 30m or 90s').describe(
    'how long callers are judged by a list of tokens that cannot be read anew: `90s`, `30m`, `2d`',
  ),
  TOKEN_SIGN_IN_DAYS: ownerSignInMsSchema('a number of days, 0 for no limit').describe(
    'how many days [tokens of people of an identity provider](people.md#rules) hold after their last sign-in; `0`: for ever. The same for all processes',
  ),
  METRICS_PUBLIC: z
    .stringbool({ error: 'true or false' })
    .default(false)
    .describe('`true`: /metrics needs no token; else one with `cluster:read`'),
  EDGE_REFRESH_MS: milliseconds
    .default(3_000)
    .describe('how often tokens and quotas are read anew, in milliseconds'),
  EDGE_PROFILE_SHARE: z.coerce
    .number({ error: 'a share from 0 to 1' })
    .min(0)
    .max(1)
    .default(0.02)
    .describe('share of the stored events, 0 to 1, that are looked at for the [profile](profiling.md)'),
  EDGE_PROFILE_FIELDS: profileFields
    .default({})
    .describe('JSON of [fields that are profiled](profiling.md), by stream'),
  EDGE_QUOTA_TOKEN_EVENTS_PER_SECOND: quota.describe(
    'events a second of each token without a quota of its own, on this edge; `0`: no limit',
  ),
  EDGE_QUOTA_TOKEN_BYTES_PER_SECOND: quota.describe(
    'bytes a second of each token without a quota of its own, on this edge; `0`: no limit',
  ),
  EDGE_QUOTA_STREAM_EVENTS_PER_SECOND: quota.describe(
    'events a second of each stream without a quota of its own, on this edge; `0`: no limit',
  ),
  EDGE_QUOTA_STREAM_BYTES_PER_SECOND: quota.describe(
    'bytes a second of each stream without a quota of its own, on this edge; `0`: no limit',
  ),
  /** of other networks that messages may be sent to; public addresses always may */
  ...privateNetworkSettings,
  FORESHARD_CONSOLE_URL: z
    .url({ protocol: /^https?$/, error: 'an address such as https://foreshard.example.com' })
    .optional()
    .describe(
      'where people open the console: messages carry links to it, and an identity provider sends people back there',
    ),
  LOG_LEVEL: z
    .enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'])
    .default('info')
    .describe('what is logged: `fatal`, `error`, `warn`, `info`, `debug`, `trace` or `silent`'),
});

const schema = environment.transform((e) => ({
  databaseUrl: e.DATABASE_URL,
  redisUrl: e.REDIS_URL,
  topologyUrl: e.TOPOLOGY_URL,
  dataDir: e.FORESHARD_DATA_DIR,
  edgeId: e.EDGE_ID,
  host: e.EDGE_HOST,
  port: e.EDGE_PORT,
  publicUrl: e.EDGE_PUBLIC_URL?.replace(/\/$/, ''),
  corsOrigins: e.EDGE_CORS_ORIGINS,
  bodyBytesMax: e.EDGE_BODY_BYTES_MAX,
  eventBytesMax: e.EDGE_EVENT_BYTES_MAX,
  inFlightBytesMax: e.EDGE_IN_FLIGHT_BYTES_MAX,
  cacheBytes: e.EDGE_CACHE_BYTES,
  checkpointPlace: e.CHECKPOINT_STORE,
  checkpointBytesMax: e.CHECKPOINT_BYTES_MAX,
  holdMsMax: e.EDGE_HOLD_MS_MAX,
  headersMsMax: e.EDGE_HEADERS_MS_MAX,
  requestMsMax: e.EDGE_REQUEST_MS_MAX,
  refreshMs: e.EDGE_REFRESH_MS,
  tokenStaleMsMax: e.TOKEN_STALE_MAX,
  ownerSignInMs: e.TOKEN_SIGN_IN_DAYS,
  metricsPublic: e.METRICS_PUBLIC,
  ...privateNetworksOf(e),
  consoleUrl: e.FORESHARD_CONSOLE_URL,
  profileShare: e.EDGE_PROFILE_SHARE,
  profileFields: e.EDGE_PROFILE_FIELDS,
  quotaOfEach: {
    token: {
      eventsPerSecond: e.EDGE_QUOTA_TOKEN_EVENTS_PER_SECOND,
      bytesPerSecond: e.EDGE_QUOTA_TOKEN_BYTES_PER_SECOND,
    },
    stream: {
      eventsPerSecond: e.EDGE_QUOTA_STREAM_EVENTS_PER_SECOND,
      bytesPerSecond: e.EDGE_QUOTA_STREAM_BYTES_PER_SECOND,
    },
  },
  logLevel: e.LOG_LEVEL,
}));

function isOrigin(text: string): boolean {
  const url = URL.parse(text);
  return (url?.protocol === 'https:' || url?.protocol === 'http:') && url.origin === text;
}

/**
 * Another one in every start: a stored one would be shared by edges with the same data folder, and machines made from one
 * picture share their name.
 */
function ownId(): string {
  const name = hostname()
    .replace(/[^\w.-]/g, '-')
    .slice(0, HOST_NAME_KEPT);
  return `${name || 'edge'}-${randomBytes(4).toString('hex')}`;
}

export type EdgeSettings = z.output<typeof schema>;

/** @throws Error with one line a wrong variable */
export function readSettings(env: Readonly<Record<string, string | undefined>>): EdgeSettings {
  const given = Object.fromEntries(
    Object.entries(env).filter(([, value]) => value !== undefined && value !== ''),
  );
  const result = schema.safeParse(given);
  if (result.success) return result.data;
  const lines = result.error.issues.map(({ path, message }) => `Set ${path.join('.')} to ${message}.`);
  throw new Error(lines.join('\n'));
}

const HOST_PATIENCE_MS_MIN = 1_000;

/**
 * Events in a call to a silent host are refused when the call is given up, so it must not last longer than
 * they may be held; but a host that only syncs a slow disk has to be waited for.
 */
export function hostPatienceMs({ holdMsMax }: EdgeSettings): number {
  return Math.max(HOST_PATIENCE_MS_MIN, holdMsMax);
}
