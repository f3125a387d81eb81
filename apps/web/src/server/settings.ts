/** The environment of the console, checked once at start: a bad value names its variable and the cure. */
import { networksSchema } from '@foreshard/core/notifying';
import { z } from 'zod';

const url = (protocols: readonly string[]) =>
  z.string().refine((text) => protocols.some((p) => text.startsWith(`${p}://`)) && URL.canParse(text), {
    error: `expected a URL that begins with ${protocols.map((p) => `${p}://`).join(' or ')}`,
  });

const settingsSchema = z.object({
  DATABASE_URL: url(['postgres', 'postgresql']),
  REDIS_URL: url(['redis', 'rediss']),
  /** where the map is kept when it is not in the database */
  TOPOLOGY_URL: z
    .string()
    .regex(/^etcds?:\/\//, 'expected etcd://host:port,host:port,host:port')
    .optional(),
  /** where "replay the sample" sends its events, and where the curl example points */
  FORESHARD_EDGE_URL: url(['http', 'https']).default('http://127.0.0.1:7070'),
  /** networks that are not public and may be sent to all the same */
  FORESHARD_WEBHOOK_NETWORKS: networksSchema,
  /** where people open it: messages carry links */
  FORESHARD_CONSOLE_URL: url(['http', 'https']).optional(),
  /** stays on the server: it is handed to the replay of the sample and never to a browser */
  FORESHARD_TOKEN: z.string().min(1).optional(),
  /** how many proxies are in front, the last of them with TLS; each appends to X-Forwarded-For */
  WEB_TRUSTED_PROXY: z
    .string()
    .regex(/^(true|[0-9])?$/, 'expected the number of proxies in front, such as 1')
    .default('')
    .transform((text) => (text === 'true' ? 1 : Number(text))),
  WEB_SESSION_IDLE_HOURS: z.coerce.number().positive().max(8_760).default(12),
  WEB_SESSION_DAYS: z.coerce.number().positive().max(365).default(7),
});

const MS_PER_HOUR = 3_600_000;

export interface Settings {
  readonly databaseUrl: string;
  readonly redisUrl: string;
  readonly topologyUrl: string | undefined;
  readonly edgeUrl: string;
  readonly webhookNetworks: readonly string[];
  readonly consoleUrl: string | undefined;
  readonly token: string | undefined;
  /** in front of it; 0: none, so people come from this machine and without TLS */
  readonly proxies: number;
  readonly sessionIdleMs: number;
  readonly sessionAbsoluteMs: number;
}

export class BadSettings extends Error {
  override readonly name = 'BadSettings';
}

export function readSettings(env: Readonly<Record<string, string | undefined>>): Settings {
  const parsed = settingsSchema.safeParse(env);
  if (!parsed.success) {
    const faults = parsed.error.issues.map((issue) => describe(String(issue.path[0]), env, issue.message));
    throw new BadSettings(`${faults.join('; ')}. "npm start" sets all of them.`);
  }
  return {
    databaseUrl: parsed.data.DATABASE_URL,
    redisUrl: parsed.data.REDIS_URL,
    topologyUrl: parsed.data.TOPOLOGY_URL,
    edgeUrl: parsed.data.FORESHARD_EDGE_URL.replace(/\/+$/, ''),
    webhookNetworks: parsed.data.FORESHARD_WEBHOOK_NETWORKS,
    consoleUrl: parsed.data.FORESHARD_CONSOLE_URL,
    token: parsed.data.FORESHARD_TOKEN,
    proxies: parsed.data.WEB_TRUSTED_PROXY,
    sessionIdleMs: parsed.data.WEB_SESSION_IDLE_HOURS * MS_PER_HOUR,
    sessionAbsoluteMs: parsed.data.WEB_SESSION_DAYS * 24 * MS_PER_HOUR,
  };
}

function describe(name: string, env: Readonly<Record<string, string | undefined>>, message: string): string {
  return env[name] === undefined ? `${name} is not set` : `${name}: ${message}`;
}
