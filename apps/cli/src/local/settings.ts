/** The environment of `foreshard up`, read once. What is given by a variable is not started. */
import { totalmem } from 'node:os';
import { type HostProvider, hostProviderSchema } from '@foreshard/core/advising';
import { ADDRESS_STARTS, engineOf } from '@foreshard/core/hosts';
import { privateNetworkSettings } from '@foreshard/core/notifying';
import { z } from 'zod';
import { ownDataDir } from '../checkout.ts';
import type { Environment } from '../credentials.ts';
import { badInput } from '../failure.ts';

export interface Listener {
  readonly host: string;
  readonly port: number;
  /** what to set when the port is taken */
  readonly variable: string;
  /** with a certificate of its own */
  readonly isSecure?: boolean;
}

export interface UpSettings {
  readonly dataDir: string;
  readonly edge: Listener;
  readonly web: Listener;
  readonly worker: Listener;
  readonly databaseUrl: string | undefined;
  readonly redisUrl: string | undefined;
  /** where the topology store is when it is not in the database; never started here */
  readonly topologyUrl: string | undefined;
  readonly hostUrls: readonly string[] | undefined;
  /** `local`: hosts that the planner asks for are started here */
  readonly hostProvider: HostProvider;
  /** Redis notation; of each host that is started here */
  readonly hostMemory: string;
  /** undefined: a link makes the first administrator */
  readonly administrator: Unattended | undefined;
}

export interface Unattended {
  readonly email: string;
  readonly passwordFile: string;
}

export const LOCAL_HOSTS = 4;
/** All hosts together get at most this share of the memory: edge, worker, console and builds need the rest. */
const HOSTS_SHARE_OF_MEMORY = 0.4;
const HOST_MEMORY_MAX_MB = 1_024;
const HOST_MEMORY_MIN_MB = 64;

const A_PORT = 'must be a port number from 1 to 65535';
const port = z.coerce.number(A_PORT).int(A_PORT).min(1, A_PORT).max(65_535, A_PORT);
const redisUrl = z.url({ protocol: /^rediss?$/, error: 'must be an address such as redis://127.0.0.1:6379' });
const postgresUrl = z.url({
  protocol: /^postgres(ql)?$/,
  error: 'must be an address such as postgresql://user:password@127.0.0.1:5432/foreshard',
});
export const environment = z.object({
  EDGE_HOST: z.string().default('127.0.0.1'),
  EDGE_PORT: port.default(7070),
  WEB_HOST: z.string().default('127.0.0.1'),
  WEB_PORT: port.default(7080),
  WORKER_HOST: z.string().default('127.0.0.1'),
  WORKER_PORT: port.default(7090),
  WEB_TLS_CERT: z.string().optional(),
  DATABASE_URL: postgresUrl.optional(),
  REDIS_URL: redisUrl.optional(),
  TOPOLOGY_URL: z
    .string()
    .regex(/^etcds?:\/\//, 'must be an address such as etcd://127.0.0.1:2379')
    .optional(),
  FORESHARD_HOSTS: z
    .string()
    .transform((text) => text.split(',').map((url) => url.trim()))
    .pipe(
      z.array(z.string().refine((url) => engineOf(url) !== undefined, `must be ${ADDRESS_STARTS} addresses`)),
    )
    .optional()
    .describe('addresses of event hosts, separated by commas, that are used instead of local ones'),
  FORESHARD_HOST_PROVIDER: hostProviderSchema,
  FORESHARD_HOST_WEBHOOK: z.string().optional(),
  ...privateNetworkSettings,
  FORESHARD_ADMIN_EMAIL: z
    .email('must be an e-mail address')
    .optional()
    .describe(
      'e-mail of the first administrator, for a start that nobody looks at; unset: a link makes the first one',
    ),
  FORESHARD_ADMIN_PASSWORD_FILE: z
    .string()
    .optional()
    .describe('file with the password of the first administrator'),
  FORESHARD_HOST_MEMORY: z
    .string()
    .regex(/^\d+(kb|mb|gb)$/, 'must be a number with kb, mb or gb, such as 512mb')
    .optional()
    .describe('memory limit of each local host, such as `512mb`'),
});

export function readSettings(env: Environment): UpSettings {
  // an empty variable means an unset one, as in a shell script's defaults
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''));
  const parsed = environment.safeParse(given);
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!;
    throw badInput(`the variable ${issue.path[0]?.toString()} is not valid: ${issue.message}`);
  }
  const e = parsed.data;
  if (e.FORESHARD_HOST_PROVIDER === 'webhook' && e.FORESHARD_HOST_WEBHOOK === undefined)
    throw badInput(
      'the variable FORESHARD_HOST_WEBHOOK is not set: it names the target of "foreshard notifications" that is asked for hosts',
    );
  const listeners = {
    edge: { host: e.EDGE_HOST, port: e.EDGE_PORT, variable: 'EDGE_PORT' },
    web: { host: e.WEB_HOST, port: e.WEB_PORT, variable: 'WEB_PORT', isSecure: e.WEB_TLS_CERT !== undefined },
    worker: { host: e.WORKER_HOST, port: e.WORKER_PORT, variable: 'WORKER_PORT' },
  };
  requireDifferentPorts(Object.values(listeners));
  return {
    dataDir: ownDataDir(env),
    ...listeners,
    databaseUrl: e.DATABASE_URL,
    redisUrl: e.REDIS_URL,
    topologyUrl: e.TOPOLOGY_URL,
    hostUrls: e.FORESHARD_HOSTS,
    hostProvider: e.FORESHARD_HOST_PROVIDER,
    administrator: administratorOf(e.FORESHARD_ADMIN_EMAIL, e.FORESHARD_ADMIN_PASSWORD_FILE),
    hostMemory: e.FORESHARD_HOST_MEMORY ?? `${defaultHostMemoryMb(availableMemory())}mb`,
  };
}

function administratorOf(
  email: string | undefined,
  passwordFile: string | undefined,
): Unattended | undefined {
  if (email !== undefined && passwordFile !== undefined) return { email, passwordFile };
  if (email === undefined && passwordFile === undefined) return undefined;
  const missing = email === undefined ? 'FORESHARD_ADMIN_EMAIL' : 'FORESHARD_ADMIN_PASSWORD_FILE';
  throw badInput(
    `the variable ${missing} is not set: the first administrator needs an e-mail and a password`,
  );
}

/** Also of different addresses: one that stands for all of them takes the port of every other. */
function requireDifferentPorts(listeners: readonly Listener[]): void {
  for (const [i, one] of listeners.entries()) {
    const other = listeners.slice(0, i).find(({ port }) => port === one.port);
    if (other === undefined) continue;
    throw badInput(
      `the variables ${other.variable} and ${one.variable} both name port ${one.port}: each needs a port of its own`,
    );
  }
}

/** How a browser or client reaches it: an address that stands for all of them is not one to connect to. */
export function addressOf(listener: Listener): string {
  const anywhere = listener.host === '0.0.0.0' || listener.host === '::';
  const host = anywhere ? '127.0.0.1' : listener.host;
  const scheme = listener.isSecure === true ? 'https' : 'http';
  return `${scheme}://${host.includes(':') ? `[${host}]` : host}:${listener.port}`;
}

export function defaultHostMemoryMb(totalBytes: number): number {
  const fair = Math.floor((totalBytes * HOSTS_SHARE_OF_MEMORY) / LOCAL_HOSTS / 1_048_576);
  return Math.min(HOST_MEMORY_MAX_MB, Math.max(HOST_MEMORY_MIN_MB, fair));
}

/** In a container the limit may be below what the machine has. */
function availableMemory(): number {
  const limit = process.constrainedMemory();
  return limit > 0 ? Math.min(limit, totalmem()) : totalmem();
}
