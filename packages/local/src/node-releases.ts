/**
 * Other releases of Node, for tests of what has to run on them: out of npm's packages of Node, as the product's own release is.
 * 40 MB to download and 110 MB on disk each, once a checkout.
 */
import { execFile } from 'node:child_process';
import { access, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { SetupFailure } from './setup-failure.ts';

const run = promisify(execFile);
const RUNTIME = fileURLToPath(new URL('../../../node_modules/.cache/foreshard/', import.meta.url));
const RELEASES = { 20: '20.20.2', 22: '22.23.1' } as const;
const WITHIN_MS = 300_000;

/** The path of its program. @throws SetupFailure without a network, or where npm has none for this machine */
export async function findNode(major: keyof typeof RELEASES): Promise<string> {
  const release = RELEASES[major];
  const name = `node-${process.platform}-${process.arch}`;
  const dir = join(RUNTIME, `node-${release}-${process.arch}`);
  const program = join(dir, 'node_modules', name, 'bin/node');
  if (await exists(program)) return program;
  await installInto(dir, `${name}@${release}`).catch((error: Error & { stderr?: string }) => {
    const reason = /^npm error .*/m.exec(error.stderr ?? '')?.[0] ?? error.message.split('\n')[0];
    throw new SetupFailure(
      `Node ${release} could not be installed: ${reason}`,
      'connect to the npm registry',
      {
        cause: error,
      },
    );
  });
  return program;
}

/** Renamed into place when complete, so that a broken or simultaneous download does no harm. */
async function installInto(dir: string, wanted: string): Promise<void> {
  await mkdir(RUNTIME, { recursive: true });
  const work = await mkdtemp(join(RUNTIME, 'download-'));
  try {
    await writeFile(join(work, 'package.json'), '{"private":true}');
    const options = ['--ignore-scripts', '--no-audit', '--no-fund', '--no-package-lock'];
    await run('npm', ['install', ...options, wanted], { cwd: work, timeout: WITHIN_MS });
    await rename(work, dir).catch(async (error) => {
      if (!(await exists(dir))) throw error;
    });
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
