/**
 * Where etcd comes from: what is on the PATH (3.4 or newer), else Debian's package, unpacked for this
 * checkout only: nothing is installed, no service starts, root is not needed.
 */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { unpackDebianPackages } from './debian-packages.ts';
import { SetupFailure } from './setup-failure.ts';

interface EtcdProgram {
  readonly program: string;
  readonly env: NodeJS.ProcessEnv;
}

const run = promisify(execFile);
const CURE = 'install etcd 3.4 or newer so that etcd is on the PATH';
let found: Promise<EtcdProgram> | undefined;

/** `onProgress` hears of a download, which happens once per checkout. */
export function findEtcd(onProgress: (what: string) => void = () => {}): Promise<EtcdProgram> {
  found ??= locate(onProgress).catch((error) => {
    found = undefined;
    throw error;
  });
  return found;
}

async function locate(onProgress: (what: string) => void): Promise<EtcdProgram> {
  const onPath = { program: 'etcd', env: process.env };
  if (await isRecent(onPath)) return onPath;
  if (process.platform !== 'linux') throw new SetupFailure('there is no etcd on the PATH', CURE);
  const { dir, env } = await unpackDebianPackages('etcd', ['etcd-server'], CURE, onProgress);
  return { program: join(dir, 'usr/bin/etcd'), env };
}

/** "etcd Version: 3.4.23": the oldest release this is tested with. */
async function isRecent({ program, env }: EtcdProgram): Promise<boolean> {
  const { stdout } = await run(program, ['--version'], { env }).catch(() => ({ stdout: '' }));
  const [, major, minor] = /Version: (\d+)\.(\d+)/.exec(stdout) ?? [];
  return Number(major) > 3 || (Number(major) === 3 && Number(minor) >= 4);
}
