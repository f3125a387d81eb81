/**
 * Where Redis comes from: what is on the PATH (Redis or Valkey, 7.0 or newer), else Debian's packages,
 * unpacked for this checkout only: nothing is installed, no service starts, root is not needed.
 */
import { execFile } from 'node:child_process';
import { access, constants } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { unpackDebianPackages } from './debian-packages.ts';
import { SetupFailure } from './setup-failure.ts';

export interface Program {
  readonly program: string;
  readonly env: NodeJS.ProcessEnv;
}

export type RedisTool = 'redis-server' | 'redis-cli' | 'redis-benchmark';

const run = promisify(execFile);
const CURE =
  'install Redis 7 or newer (or Valkey) so that redis-server is on the PATH, or set REDIS_URL and FORESHARD_HOSTS';
let found: Promise<Record<RedisTool, Program>> | undefined;

/** The server. `onProgress` hears of a download, which happens once per checkout. */
export function findRedis(onProgress: (what: string) => void = () => {}): Promise<Program> {
  return find('redis-server', onProgress);
}

export function findRedisTool(name: RedisTool): Promise<Program> {
  return find(name, () => {});
}

async function find(tool: RedisTool, onProgress: (what: string) => void): Promise<Program> {
  found ??= locate(onProgress).catch((error) => {
    found = undefined;
    throw error;
  });
  return (await found)[tool];
}

/** Server and tools always come from the same place, so that their versions fit. */
async function locate(onProgress: (what: string) => void): Promise<Record<RedisTool, Program>> {
  const onPath = (await onSearchPath('redis')) ?? (await onSearchPath('valkey'));
  if (onPath !== undefined) return onPath;
  if (process.platform === 'darwin') return withBrew(onProgress);
  if (process.platform !== 'linux') throw new SetupFailure('there is no redis-server on the PATH', CURE);
  const unpacked = await unpackDebianPackages('redis', ['redis-server', 'redis-tools'], CURE, onProgress);
  return inFolder(join(unpacked.dir, 'usr/bin'), 'redis', unpacked.env);
}

async function onSearchPath(family: 'redis' | 'valkey'): Promise<Record<RedisTool, Program> | undefined> {
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    const programs = inFolder(folder, family, process.env);
    const present = await Promise.all(Object.values(programs).map(({ program }) => isExecutable(program)));
    if (present.every(Boolean) && (await isRecent(programs['redis-server']))) return programs;
  }
  return undefined;
}

function inFolder(
  folder: string,
  family: 'redis' | 'valkey',
  env: NodeJS.ProcessEnv,
): Record<RedisTool, Program> {
  const named = (tool: string) => ({ program: join(folder, `${family}-${tool}`), env });
  return {
    'redis-server': named('server'),
    'redis-cli': named('cli'),
    'redis-benchmark': named('benchmark'),
  };
}

function isExecutable(file: string): Promise<boolean> {
  return access(file, constants.X_OK).then(
    () => true,
    () => false,
  );
}

/** "Redis server v=7.0.15 sha=..." or "Valkey server v=8.1.0 ...": scripts need functions, so 7 or newer. */
async function isRecent(server: Program): Promise<boolean> {
  const { stdout } = await run(server.program, ['--version'], { env: server.env }).catch(() => ({
    stdout: '',
  }));
  return Number(/v=(\d+)\./.exec(stdout)?.[1] ?? 0) >= 7;
}

async function withBrew(onProgress: (what: string) => void): Promise<Record<RedisTool, Program>> {
  const cure = 'install Homebrew (https://brew.sh) and run "brew install redis"';
  try {
    onProgress('brew install redis');
    await run('brew', ['install', '--quiet', 'redis']);
    const { stdout } = await run('brew', ['--prefix', 'redis']);
    return inFolder(join(stdout.trim(), 'bin'), 'redis', process.env);
  } catch (error) {
    throw new SetupFailure('there is no redis-server on the PATH', cure, { cause: error });
  }
}
