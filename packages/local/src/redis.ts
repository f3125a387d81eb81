/** A Redis (or Valkey) of our own: by default nothing it acknowledged is lost, and it evicts nothing. */
import { createHash } from 'node:crypto';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { redisAnswers } from './answers.ts';
import { freePort } from './free-port.ts';
import { type LocalServer, startServer } from './local-server.ts';
import { passwordsIn } from './passwords.ts';
import { findRedis } from './redis-programs.ts';

export interface RedisOptions {
  readonly dir: string;
  readonly port?: number;
  /** lines of redis.conf, over the defaults below */
  readonly config?: Readonly<Record<string, string>>;
  readonly name?: string;
  /**
   * ACL rules by user, such as `~* +get`; the address is that of the first. Passwords stay in the folder, and nobody
   * comes in without one. Missing: whoever reaches the port may do everything.
   */
  readonly users?: Readonly<Record<string, string>>;
  /** over the program's own */
  readonly env?: Readonly<Record<string, string>>;
}

const DEFAULTS = {
  bind: '127.0.0.1',
  appendonly: 'yes',
  appendfsync: 'always',
  'maxmemory-policy': 'noeviction',
  save: '',
} as const;

/**
 * Nobody is logged in as `default`, but Redis itself reads its append-only file as this user: without rights here a start
 * would pass over every transaction in the file, which is all that functions have written, and say nothing.
 */
const DEFAULT_USER = 'user default off resetpass ~* &* +@all';

export async function startRedis(options: RedisOptions): Promise<LocalServer> {
  const dir = resolve(options.dir);
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const redis = await findRedis();
  const port = options.port ?? (await freePort());
  const configFile = join(dir, 'redis.conf');
  const config = configText({ ...DEFAULTS, ...options.config, port: String(port), dir });
  const passwords = await passwordsIn(dir, Object.keys(options.users ?? {}));
  await writeFile(configFile, config + usersText(options.users ?? {}, passwords), { mode: 0o600 });
  // of an earlier release it may be open
  await chmod(configFile, 0o600);
  const [user] = passwords;
  const login = user === undefined ? '' : `${user.join(':')}@`;
  return startServer({
    url: `redis://${login}127.0.0.1:${port}`,
    port,
    dir,
    answers: () => redisAnswers(port),
    spec: {
      name: options.name ?? 'redis',
      program: redis.program,
      args: [configFile],
      cwd: dir,
      env: { ...redis.env, ...options.env } as NodeJS.ProcessEnv,
      logFile: join(dir, 'redis.log'),
      endSignal: 'SIGTERM',
    },
  });
}

/** Redis reads a quoted argument with C escapes, an empty string included. */
function configText(config: Readonly<Record<string, string>>): string {
  return Object.entries(config)
    .map(([key, value]) => (key === 'bind' ? `${key} ${value}\n` : `${key} ${JSON.stringify(value)}\n`))
    .join('');
}

/** Redis keeps digests; without a user of ours `default` stays as it is. */
function usersText(rules: Readonly<Record<string, string>>, passwords: ReadonlyMap<string, string>): string {
  const lines = [...passwords].map(([name, password]) => {
    const digest = createHash('sha256').update(password).digest('hex');
    return `user ${name} on #${digest} ${rules[name]}\n`;
  });
  return lines.length === 0 ? '' : `${DEFAULT_USER}\n${lines.join('')}`;
}
