/** A Redis (or Valkey) of our own: by default nothing it acknowledged is lost, and it evicts nothing. */
import { mkdir, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join, resolve } from 'node:path';
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
const ANSWER_WITHIN_MS = 1_000;

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

/**
 * Throws, or answers false, while nothing answers there as a Redis does. Speaks the inline protocol, so that starting a
 * server needs no client library.
 */
export function redisAnswers(port: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1' });
    socket.setTimeout(ANSWER_WITHIN_MS, () => socket.destroy(new Error('no answer')));
    socket.once('connect', () => socket.write('PING\r\n'));
    socket.once('data', (data) => {
      socket.destroy();
      const answer = data.toString();
      resolve(answer.startsWith('+PONG') || answer.startsWith('-NOAUTH'));
    });
    socket.once('error', reject);
  });
}
