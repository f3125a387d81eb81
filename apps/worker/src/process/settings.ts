/** The environment of the worker. What is wrong is told in one line that names the variable and the cure. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { listAgeMsSchema, ownerSignInMsSchema } from '@foreshard/core/access';
import { type HostProvider, hostProviderSchema } from '@foreshard/core/advising';
import { type AttributeFields, attributeFieldsSchema } from '@foreshard/core/anticipating';
import { type CheckpointPlace, checkpointFields } from '@foreshard/core/checkpointing';
import { hasUserOrPassword } from '@foreshard/core/kernel';
import { type PrivateNetworks, privateNetworkSettings, privateNetworksOf } from '@foreshard/core/notifying';
import { type HealthSettings, healthSettingsSchema } from '@foreshard/core/profiling';
import { RETENTION_DEFAULT, type RetentionMs } from '@foreshard/core/telemetry';
import { z } from 'zod';

const DAY_MS = 86_400_000;
/** A year, and what is asked about it afterwards. */
const AUDIT_RETENTION_DAYS = 400;

/** How long something of the recorded load is kept. */
function days(daysMin: number, byDefaultMs: number) {
  const error = `must be a number of days, ${daysMin} to 3650`;
  return z.coerce
    .number({ error })
    .min(daysMin, error)
    .max(3_650, error)
    .default(byDefaultMs / DAY_MS)
    .transform((count) => count * DAY_MS);
}

/** JSON of the parts that are to differ: `{"shardlet":{"latency":{"weight":40,"bad":100000}}}`. */
function healthSettings(text: string, context: z.RefinementCtx): HealthSettings {
  const wrong = (message: string) => {
    context.addIssue({ code: 'custom', message: `must be JSON of health weights: ${message}` });
    return z.NEVER;
  };
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    return wrong((error as Error).message);
  }
  const parsed = healthSettingsSchema.safeParse(json);
  if (parsed.success) return parsed.data;
  const { path, message } = parsed.error.issues[0]!;
  return wrong(path.length === 0 ? message : `${path.join('.')}: ${message}`);
}

/** JSON in the variable itself or in the file that it names. */
function correlationFields(text: string, context: z.RefinementCtx): AttributeFields {
  const wrong = (why: string) => {
    const message = `must be JSON such as {"orders":["/data/user","/data/region"]}, or a file with it (${why})`;
    context.addIssue({ code: 'custom', message });
    return z.NEVER;
  };
  try {
    const json = text.trimStart().startsWith('{') ? text : readFileSync(text, 'utf8');
    const fields = attributeFieldsSchema.safeParse(JSON.parse(json));
    return fields.success ? fields.data : wrong(z.prettifyError(fields.error).replaceAll('\n', ' '));
  } catch (error) {
    return wrong((error as Error).message);
  }
}

export const environment = z.object({
  DATABASE_URL: z.url({
    protocol: /^postgres(ql)?$/,
    error:
      'must be the address of the topology store, such as postgresql://user:password@127.0.0.1:5432/foreshard',
  }),
  REDIS_URL: z.url({
    protocol: /^rediss?$/,
    error: 'must be the address of the control Redis, such as redis://127.0.0.1:6379',
  }),
  TOPOLOGY_URL: z
    .string()
    .regex(/^etcds?:\/\//, 'must be etcd://host:port,host:port,host:port, or unset for PostgreSQL')
    .optional(),
  LOCK_REDIS_URLS: z
    .string()
    .default('')
    .transform((text) => text.split(',').filter((url) => url !== ''))
    .refine((urls) => urls.every((url) => /^rediss?:\/\//.test(url)) && urls.length !== 2, {
      error: 'must be addresses of three or more independent Redis, separated by commas, or unset',
    })
    .describe(
      'three or more independent Redis for [locks](locks.md), separated by commas; unset: locks in the control Redis',
    ),
  WORKER_HOST: z
    .string()
    .min(1)
    .default('127.0.0.1')
    .describe('address that the worker answers at for health and metrics'),
  WORKER_PORT: z.coerce
    .number({ error: 'must be a port number' })
    .int()
    .min(1, 'must be a port between 1 and 65535')
    .max(65_535, 'must be a port between 1 and 65535')
    .default(7090)
    .describe('its port'),
  WORKER_CACHE_BYTES: z.coerce
    .number({ error: 'must be a number of bytes, or 0' })
    .int()
    .min(0, 'must not be negative')
    .default(16 * 1_048_576)
    .describe('memory of the shard cache, shared by all groups that the worker posts to; `0`: none'),
  WORKER_TELEMETRY_MINUTES_DAYS: days(1, RETENTION_DEFAULT.minute).describe(
    'days that the load of each minute is kept',
  ),
  WORKER_TELEMETRY_HOURS_DAYS: days(1, RETENTION_DEFAULT.hour).describe(
    'days that the load of each hour is kept',
  ),
  WORKER_TELEMETRY_KEYS_DAYS: days(1, RETENTION_DEFAULT.keys).describe('days that frequent keys are kept'),
  WORKER_FORECAST_MODELS: z
    .string()
    .default('')
    .describe('[modules with models of your own](forecast-models.md), separated by commas'),
  WORKER_FORECAST_MODEL_LIMIT_MS: z.coerce
    .number({ error: 'must be a number of milliseconds' })
    .int()
    .min(1_000, 'must be at least 1000')
    .max(3_600_000, 'must be at most 3600000')
    .default(60_000)
    .describe('milliseconds after which a model is cut off'),
  WORKER_FORECAST_DEAR_SECONDS: z.coerce
    .number({ error: 'must be a number of seconds' })
    .min(0, 'must be at least 0')
    .max(3_600, 'must be at most 3600')
    .default(60)
    .describe('seconds of each training for expensive models; `0`: none are tried'),
  /** of the state that members of groups keep: as edges have it */
  CHECKPOINT_STORE: checkpointFields.CHECKPOINT_STORE,
  /** networks that are not public and may be sent to all the same */
  ...privateNetworkSettings,
  /** where people open the console: messages carry links to it */
  FORESHARD_CONSOLE_URL: z
    .url({ protocol: /^https?$/, error: 'must be an address such as https://console.example.com' })
    .refine((text) => !hasUserOrPassword(text), 'must be without a user and a password: people see it')
    .optional(),
  FORESHARD_EDGE_URL: z
    .url({ protocol: /^https?$/, error: 'must be an address such as http://127.0.0.1:7070' })
    .refine((text) => !hasUserOrPassword(text), 'must be without a user and a password: people see it')
    .optional()
    .describe(
      'an edge: the console sends the sample there, and the worker the load of the demo. A worker without it has no demo',
    ),
  FORESHARD_HOST_PROVIDER: hostProviderSchema.describe(
    'who starts and stops hosts: `none` (people), `local` (`foreshard up`) or `webhook`: [hosts by provider](planning.md#hosts-by-provider)',
  ),
  FORESHARD_HOST_WEBHOOK: z
    .string()
    .optional()
    .describe('target of notifications that is asked for hosts by the provider `webhook`'),
  AUDIT_KEY_FILE: z
    .string()
    .optional()
    .describe(
      'file with the key of the [chain over the audit log](audit.md#the-chain), the same for all workers; unset: `audit.key` in FORESHARD_DATA_DIR, made where there is none',
    ),
  FORESHARD_DATA_DIR: z.string().default('.foreshard'),
  AUDIT_RETENTION_DAYS: days(1, AUDIT_RETENTION_DAYS * DAY_MS).describe('days that the audit log is kept'),
  AUDIT_HEAD_TARGET: z
    .string()
    .optional()
    .describe('target of notifications that each new head of the chain is sent to'),
  WORKER_HEALTH: z
    .string()
    .default('{}')
    .transform(healthSettings)
    .describe('JSON of the [health weights](health.md) that differ'),
  WORKER_CORRELATION_FIELDS: z
    .string()
    .default('{}')
    .transform(correlationFields)
    .describe(
      'JSON of [attributes](anticipation.md#turn-it-on) by stream, or a file with it. The same for all workers',
    ),
  /** whether /metrics needs no token */
  METRICS_PUBLIC: z.stringbool({ error: 'must be true or false' }).default(false),
  /** how long a list of tokens is used that cannot be read anew */
  TOKEN_STALE_MAX: listAgeMsSchema('must be a time such as 24h, 30m or 90s'),
  /** how many days tokens hold after their owner has signed in at an identity provider; 0: for ever */
  TOKEN_SIGN_IN_DAYS: ownerSignInMsSchema('must be a number of days, 0 for no limit'),
  LOG_LEVEL: z
    .enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'], {
      error: 'must be one of fatal, error, warn, info, debug, trace, silent',
    })
    .default('info'),
});

export interface Settings extends PrivateNetworks {
  readonly databaseUrl: string;
  readonly redisUrl: string;
  readonly topologyUrl: string | undefined;
  readonly lockRedisUrls: readonly string[];
  readonly host: string;
  readonly port: number;
  /** of the shard cache; 0: none */
  readonly cacheBytes: number;
  readonly logLevel: string;
  readonly telemetryRetention: RetentionMs;
  readonly health: HealthSettings;
  readonly correlationFields: AttributeFields;
  readonly hostProvider: HostProvider;
  readonly hostWebhook: string | undefined;
  readonly checkpointPlace: CheckpointPlace;
  readonly consoleUrl: string | undefined;
  readonly edgeUrl: string | undefined;
  readonly metricsPublic: boolean;
  readonly tokenStaleMsMax: number;
  readonly ownerSignInMs: number;
  readonly auditKeyFile: string;
  readonly auditRetentionMs: number;
  readonly auditHeadTarget: string | undefined;
  readonly forecastModels: string;
  /** a model that takes longer is cut off */
  readonly forecastModelLimitMs: number;
  /** for expensive models in a training; 0: none are tried */
  readonly forecastExpensiveMs: number;
}

export type SettingsReply =
  | { readonly kind: 'settings'; readonly settings: Settings }
  | { readonly kind: 'wrong'; readonly line: string };

export function readSettings(env: Readonly<Record<string, string | undefined>>): SettingsReply {
  // an empty variable means an unset one, as in a shell script's defaults
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''));
  const parsed = environment.safeParse(given);
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!;
    return { kind: 'wrong', line: `the variable ${String(issue.path[0])} ${issue.message}` };
  }
  const e = parsed.data;
  if (e.FORESHARD_HOST_PROVIDER === 'webhook' && e.FORESHARD_HOST_WEBHOOK === undefined)
    return {
      kind: 'wrong',
      line: 'the variable FORESHARD_HOST_WEBHOOK must name a target of "foreshard notifications", as FORESHARD_HOST_PROVIDER is webhook',
    };
  const settings = {
    databaseUrl: e.DATABASE_URL,
    redisUrl: e.REDIS_URL,
    topologyUrl: e.TOPOLOGY_URL,
    lockRedisUrls: e.LOCK_REDIS_URLS,
    host: e.WORKER_HOST,
    port: e.WORKER_PORT,
    cacheBytes: e.WORKER_CACHE_BYTES,
    logLevel: e.LOG_LEVEL,
    health: e.WORKER_HEALTH,
    correlationFields: e.WORKER_CORRELATION_FIELDS,
    ...privateNetworksOf(e),
    hostProvider: e.FORESHARD_HOST_PROVIDER,
    hostWebhook: e.FORESHARD_HOST_WEBHOOK,
    checkpointPlace: e.CHECKPOINT_STORE,
    consoleUrl: e.FORESHARD_CONSOLE_URL,
    edgeUrl: e.FORESHARD_EDGE_URL?.replace(/\/+$/, ''),
    metricsPublic: e.METRICS_PUBLIC,
    tokenStaleMsMax: e.TOKEN_STALE_MAX,
    ownerSignInMs: e.TOKEN_SIGN_IN_DAYS,
    auditKeyFile: e.AUDIT_KEY_FILE ?? join(e.FORESHARD_DATA_DIR, 'audit.key'),
    auditRetentionMs: e.AUDIT_RETENTION_DAYS,
    auditHeadTarget: e.AUDIT_HEAD_TARGET,
    forecastModels: e.WORKER_FORECAST_MODELS,
    forecastModelLimitMs: e.WORKER_FORECAST_MODEL_LIMIT_MS,
    forecastExpensiveMs: e.WORKER_FORECAST_DEAR_SECONDS * 1_000,
    telemetryRetention: {
      minute: e.WORKER_TELEMETRY_MINUTES_DAYS,
      hour: e.WORKER_TELEMETRY_HOURS_DAYS,
      keys: e.WORKER_TELEMETRY_KEYS_DAYS,
    },
  };
  return { kind: 'settings', settings };
}
