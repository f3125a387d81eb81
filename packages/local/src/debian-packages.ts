/**
 * Programs out of Debian's packages without installing them: apt resolves and downloads them with lists
 * and caches of its own (the system's may be stale, missing or out of reach), dpkg only unpacks. What the
 * system already has is not downloaded again. The result is kept with the other downloaded code of this
 * checkout, in node_modules.
 */
import { execFile } from 'node:child_process';
import { access, mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { SetupFailure } from './setup-failure.ts';

export interface Unpacked {
  readonly dir: string;
  readonly env: NodeJS.ProcessEnv;
}

const run = promisify(execFile);
const RUNTIME = fileURLToPath(new URL('../../../node_modules/.cache/foreshard/', import.meta.url));
/** Never beside the system's own: a second C library would not fit the system's loader. */
const NEVER_UNPACK = /^(libc6|libc-bin|libgcc-s1|libstdc\+\+6)_/;
/** 10 MB of package lists over a slow line */
const APT_WITHIN_MS = 300_000;

export async function unpackDebianPackages(
  name: string,
  packages: readonly string[],
  cure: string,
  onProgress: (what: string) => void,
): Promise<Unpacked> {
  const dir = join(RUNTIME, `${name}-${process.arch}`);
  if (!(await exists(dir))) {
    onProgress(`downloading ${packages.join(', ')} from Debian (nothing is installed)`);
    await unpackInto(dir, packages).catch((error: Error & { stderr?: string }) => {
      const reason = /^E: .*/m.exec(error.stderr ?? '')?.[0] ?? error.message.split('\n')[0];
      throw new SetupFailure(`${packages.join(', ')} could not be downloaded: ${reason}`, cure, {
        cause: error,
      });
    });
  }
  return { dir, env: { ...process.env, LD_LIBRARY_PATH: await libraryFolders(dir) } };
}

/** Renamed into place when complete, so that a broken or simultaneous download does no harm. */
async function unpackInto(dir: string, packages: readonly string[]): Promise<void> {
  await mkdir(RUNTIME, { recursive: true });
  const work = await mkdtemp(join(RUNTIME, 'download-'));
  try {
    const archives = await download(work, packages);
    const target = join(work, 'unpacked');
    // nothing is unpacked when the system has it all
    await mkdir(target);
    for (const archive of archives) await run('dpkg', ['-x', archive, target]);
    await rename(target, dir).catch(async (error) => {
      if (!(await exists(dir))) throw error;
    });
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function download(work: string, packages: readonly string[]): Promise<string[]> {
  await mkdir(join(work, 'lists/partial'), { recursive: true });
  await mkdir(join(work, 'archives/partial'), { recursive: true });
  const options = [
    `Dir::State=${work}`,
    `Dir::State::lists=${work}/lists`,
    'Dir::State::status=/var/lib/dpkg/status',
    `Dir::Cache=${work}`,
    `Dir::Cache::archives=${work}/archives`,
    // as root apt would download as another user, who cannot enter a private home
    'APT::Sandbox::User=root',
    'Acquire::Languages=none',
    'Debug::NoLocking=1',
  ].flatMap((option) => ['-o', option]);
  const settings = { timeout: APT_WITHIN_MS, env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } };
  // one unreachable source of several does not matter when the rest has what we need
  const update = await run('apt-get', [...options, 'update'], settings).catch((error) => error);
  await run(
    'apt-get',
    [...options, '-y', '-d', '--no-install-recommends', 'install', ...packages],
    settings,
  ).catch((error) => {
    throw update instanceof Error ? update : error;
  });
  const names = (await readdir(join(work, 'archives'))).filter((file) => file.endsWith('.deb'));
  return names.filter((file) => !NEVER_UNPACK.test(file)).map((file) => join(work, 'archives', file));
}

async function libraryFolders(dir: string): Promise<string> {
  const roots = ['usr/lib', 'lib'].map((folder) => join(dir, folder));
  const folders: string[] = [];
  for (const root of roots) {
    const children = await readdir(root, { withFileTypes: true }).catch(() => []);
    folders.push(
      root,
      ...children.filter((child) => child.name.includes('-linux-')).map((c) => join(root, c.name)),
    );
  }
  return folders.join(':');
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
