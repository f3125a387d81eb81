/** A Redis (or Valkey) of our own: by default nothing it acknowledged is lost, and it evicts nothing. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { redisAnswers } from './answers.ts';
import { freePort } from './free-port.ts';
import { type LocalServer, startServer } from './local-server.ts';
import { findRedis } from './redis-programs.ts';

export interface RedisOptions {
  readonly dir: string;
  readonly port?: number;
  /** lines of redis.conf, over the defaults below */
  readonly config?: Readonly<Record<string, string>>;
  readonly name?: string;
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

export async function startRedis(options: RedisOptions): Promise<LocalServer> {
  const dir = resolve(options.dir);
  await mkdir(dir, { recursive: true });
  const redis = await findRedis();
  const port = options.port ?? (await freePort());
  const configFile = join(dir, 'redis.conf');
  await writeFile(configFile, configText({ ...DEFAULTS, ...options.config, port: String(port), dir }));
  return startServer({
    url: `redis://127.0.0.1:${port}`,
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
