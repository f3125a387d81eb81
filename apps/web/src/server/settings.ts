/** The environment of the console, checked once at start: a bad value names its variable and the cure. */
import { readFileSync } from 'node:fs';
import { ownerSignInMsSchema, ROLES, type Role } from '@foreshard/core/access';
import { hasUserOrPassword } from '@foreshard/core/kernel';
import { type PrivateNetworks, privateNetworkSettings, privateNetworksOf } from '@foreshard/core/notifying';
import { z } from 'zod';

const url = (protocols: readonly string[]) =>
  z.string().refine((text) => protocols.some((p) => text.startsWith(`${p}://`)) && URL.canParse(text), {
    error: `expected a URL that begins with ${protocols.map((p) => `${p}://`).join(' or ')}`,
  });

/** It is shown on pages and in messages. */
const shownUrl = () =>
  url(['http', 'https']).refine((text) => !hasUserOrPassword(text), {
    error: 'expected an address without a user and a password: people see it',
  });

export const environment = z.object({
  DATABASE_URL: url(['postgres', 'postgresql']),
  REDIS_URL: url(['redis', 'rediss']),
  /** where the map is kept when it is not in the database */
  TOPOLOGY_URL: z
    .string()
    .regex(/^etcds?:\/\//, 'expected etcd://host:port,host:port,host:port')
    .optional(),
  /** where "replay the sample" sends its events, and where the curl example points */
  FORESHARD_EDGE_URL: shownUrl().default('http://127.0.0.1:7070'),
  FORESHARD_CLUSTER_NAME: z
    .string()
    .trim()
    .min(1)
    .max(40)
    .optional()
    .describe(
      'what people call this cluster; it is kept in PostgreSQL. At first `cluster-` and the first digits of its id',
    ),
  /** networks that are not public and may be sent to all the same */
  ...privateNetworkSettings,
  /** where people open it: messages carry links */
  FORESHARD_CONSOLE_URL: shownUrl().optional(),
  WEB_TRUSTED_PROXY: z
    .string()
    .regex(/^(true|[0-9])?$/, 'expected the number of proxies in front, such as 1')
    .default('')
    .transform((text) => (text === 'true' ? 1 : Number(text)))
    .describe(
      'how many proxies with TLS are in front; each appends to `X-Forwarded-For` and keeps `Host`. Unset: the console listens on loopback only',
    ),
  WEB_HOST: z.string().default('127.0.0.1').describe('address that the console listens at'),
  WEB_PORT: z
    .string()
    .regex(/^\d{1,5}$|^$/, 'expected a port number')
    .default('7080')
    .describe('its port'),
  WEB_ALLOWED_HOSTS: z
    .string()
    .default('')
    .describe(
      'further host names that people reach the console by, separated by commas. Requests for other names are refused',
    ),
  FORESHARD_SAMPLE_SPEED: z
    .string()
    .default('9000')
    .describe(
      'how many times as fast as it happened the console replays the sample; `max`: as fast as it can',
    ),
  WEB_TLS_CERT: z
    .string()
    .default('')
    .describe(
      'file (PEM) of a certificate of the console. It then answers over HTTPS and may listen beyond loopback. A renewed one is taken within seconds',
    ),
  WEB_TLS_KEY: z.string().default('').describe('file (PEM) of its key'),
  WEB_OIDC_ISSUER: z
    .string()
    .refine(isIssuer, 'expected an https address (http on loopback only)')
    .optional()
    .describe('an [identity provider](people.md) beside local accounts'),
  WEB_OIDC_CLIENT_ID: z.string().min(1).optional().describe('the client that the provider knows'),
  WEB_OIDC_CLIENT_SECRET: z.string().min(1).optional().describe('its secret'),
  WEB_OIDC_CLIENT_SECRET_FILE: z.string().min(1).optional().describe('a file with its secret, instead'),
  WEB_OIDC_GROUPS_CLAIM: z.string().min(1).default('groups').describe('claim with the groups of a person'),
  WEB_OIDC_ROLES: z
    .string()
    .optional()
    .describe('which groups have which roles: `sre=operator,leads=administrator`'),
  WEB_OIDC_NAME: z
    .string()
    .min(1)
    .max(40)
    .default('single sign-on')
    .describe('what the button of the sign-in page calls it'),
  WEB_SESSION_IDLE_HOURS: z.coerce
    .number()
    .positive()
    .max(8_760)
    .default(12)
    .describe('hours without use after which a session ends'),
  WEB_OIDC_SESSION_HOURS: z.coerce
    .number()
    .positive()
    .max(8_760)
    .default(12)
    .describe(
      'hours after which a session of a person of the identity provider ends, however much it is used: what the provider says of groups is at most so old',
    ),
  /** tokens hold for so long after their owner has signed in there */
  TOKEN_SIGN_IN_DAYS: ownerSignInMsSchema('expected a number of days, 0 for no limit'),
  WEB_SESSION_DAYS: z.coerce
    .number()
    .positive()
    .max(365)
    .default(7)
    .describe('days after which a session ends, however much it is used'),
});

const MS_PER_HOUR = 3_600_000;

export interface Settings extends PrivateNetworks {
  readonly databaseUrl: string;
  readonly redisUrl: string;
  readonly topologyUrl: string | undefined;
  readonly edgeUrl: string;
  readonly clusterName: string | undefined;
  readonly consoleUrl: string | undefined;
  /** in front of it; 0: none, so people come from this machine and without TLS */
  readonly proxies: number;
  /** with a certificate of its own */
  readonly ownTls: boolean;
  readonly provider: ProviderSettings | undefined;
  readonly sessionIdleMs: number;
  readonly sessionAbsoluteMs: number;
  readonly sessionProvidedMs: number;
  readonly ownerSignInMs: number;
}

export interface ProviderSettings {
  readonly name: string;
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string | undefined;
  readonly groupsClaim: string;
  readonly roles: ReadonlyMap<string, Role>;
  /** where people reach this console: the provider sends them back there */
  readonly consoleUrl: string;
}

export class BadSettings extends Error {
  override readonly name = 'BadSettings';
}

export function readSettings(env: Readonly<Record<string, string | undefined>>): Settings {
  const parsed = environment.safeParse(env);
  if (!parsed.success) {
    const faults = parsed.error.issues.map((issue) => describe(String(issue.path[0]), env, issue.message));
    throw new BadSettings(`${faults.join('; ')}. "npm start" sets all of them.`);
  }
  const { WEB_TLS_CERT: cert, WEB_TLS_KEY: key } = parsed.data;
  if ((cert === '') !== (key === ''))
    throw new BadSettings('WEB_TLS_CERT and WEB_TLS_KEY name the certificate and its key: set both, or none');
  const ownTls = cert !== '';
  return {
    databaseUrl: parsed.data.DATABASE_URL,
    redisUrl: parsed.data.REDIS_URL,
    topologyUrl: parsed.data.TOPOLOGY_URL,
    edgeUrl: parsed.data.FORESHARD_EDGE_URL.replace(/\/+$/, ''),
    clusterName: parsed.data.FORESHARD_CLUSTER_NAME,
    ...privateNetworksOf(parsed.data),
    consoleUrl: parsed.data.FORESHARD_CONSOLE_URL,
    // with a certificate its own server tells where a connection comes from, as a proxy does
    proxies: parsed.data.WEB_TRUSTED_PROXY + (ownTls ? 1 : 0),
    ownTls,
    provider: providerOf(parsed.data),
    sessionIdleMs: parsed.data.WEB_SESSION_IDLE_HOURS * MS_PER_HOUR,
    sessionProvidedMs: parsed.data.WEB_OIDC_SESSION_HOURS * MS_PER_HOUR,
    ownerSignInMs: parsed.data.TOKEN_SIGN_IN_DAYS,
    sessionAbsoluteMs: parsed.data.WEB_SESSION_DAYS * 24 * MS_PER_HOUR,
  };
}

function providerOf(env: z.output<typeof environment>): ProviderSettings | undefined {
  const { WEB_OIDC_ISSUER: issuer, WEB_OIDC_CLIENT_ID: clientId, FORESHARD_CONSOLE_URL: consoleUrl } = env;
  if (issuer === undefined) return undefined;
  if (clientId === undefined) throw new BadSettings('WEB_OIDC_CLIENT_ID is not set, and WEB_OIDC_ISSUER is');
  if (consoleUrl === undefined)
    throw new BadSettings('FORESHARD_CONSOLE_URL is not set: the identity provider sends people back there');
  if (env.WEB_OIDC_ROLES === undefined)
    throw new BadSettings('WEB_OIDC_ROLES is not set: without roles for groups nobody could sign in');
  try {
    return {
      ...{ issuer, clientId, consoleUrl: consoleUrl.replace(/\/+$/, ''), name: env.WEB_OIDC_NAME },
      clientSecret: clientSecretOf(env),
      groupsClaim: env.WEB_OIDC_GROUPS_CLAIM,
      roles: rolesByGroup(env.WEB_OIDC_ROLES),
    };
  } catch (error) {
    throw new BadSettings((error as Error).message);
  }
}

function clientSecretOf({ WEB_OIDC_CLIENT_SECRET: plain, WEB_OIDC_CLIENT_SECRET_FILE: file }: OidcSecret) {
  if (file === undefined) return plain;
  return readFileSync(/* turbopackIgnore: true */ file, 'utf8').trim();
}

type OidcSecret = Pick<
  z.output<typeof environment>,
  'WEB_OIDC_CLIENT_SECRET' | 'WEB_OIDC_CLIENT_SECRET_FILE'
>;

function isIssuer(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname } = new URL(text);
  return protocol === 'https:' || (protocol === 'http:' && /^(127\.|localhost$|\[::1\])/.test(hostname));
}

/** From "sre=operator,leads=administrator". @throws Error that names the wrong part */
export function rolesByGroup(text: string): ReadonlyMap<string, Role> {
  const parts = text.split(',').map((part) => part.trim());
  return new Map(
    parts
      .filter((part) => part !== '')
      .map((part) => {
        // a group may hold "="; a role does not
        const at = part.lastIndexOf('=');
        const role = ROLES.find((one) => one === part.slice(at + 1).trim());
        if (at < 1 || role === undefined)
          throw new Error(
            `WEB_OIDC_ROLES: "${part}" is not GROUP=ROLE with one of the roles ${ROLES.join(', ')}`,
          );
        return [part.slice(0, at).trim(), role];
      }),
  );
}

function describe(name: string, env: Readonly<Record<string, string | undefined>>, message: string): string {
  return env[name] === undefined ? `${name} is not set` : `${name}: ${message}`;
}
