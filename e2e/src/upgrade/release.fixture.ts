/**
 * An earlier release, taken out of the history of this checkout, that runs on the packages of today. Its console is not
 * built, which would take minutes: a page stands in for it. It never writes to the folder of the data.
 */
import { execFile } from 'node:child_process';
import { chmod, mkdir, readdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type TemporaryFolder, temporaryFolder } from '@foreshard/local';

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const WORKSPACES = '@foreshard';
/** What is made anew for it. */
const NOT_LINKED = ['.bin', '.cache', '.package-lock.json', 'next', WORKSPACES];

/** What turbo would say of the inputs of the console, and the stamp of a build out of them: so nothing is built. */
const STAMP = 'not built';
const PLAN = `#!/usr/bin/env node
console.log(JSON.stringify({ tasks: [{ taskId: '@foreshard/web#build', hash: '${STAMP}' }] }));
`;
const PAGE = `const [host, port] = ['-H', '-p'].map((name) => process.argv[process.argv.indexOf(name) + 1]);
require('node:http').createServer((_, response) => response.end('no console')).listen(Number(port), host);
process.once('SIGTERM', () => process.exit(0));
`;

/**
 * Why there is no such release here: this is no clone, but an archive of the sources. Undefined: there is.
 * @throws Error in a clone that lacks the commit
 */
export async function whyNoRelease(commit: string): Promise<string | undefined> {
  const git = (...args: string[]) => run('git', args, { cwd: ROOT });
  const top = await git('rev-parse', '--show-toplevel').catch(() => undefined);
  if (top === undefined) return `this is no clone with a history, from which ${commit} could be taken`;
  await git('cat-file', '-e', `${commit}^{commit}`).catch(() => {
    throw new Error(`this clone lacks ${commit}, which is upgraded from: run "git fetch --unshallow"`);
  });
  return undefined;
}

/** A folder like a checkout of `commit`. */
export async function takeRelease(commit: string): Promise<TemporaryFolder> {
  const folder = await temporaryFolder('release');
  // what runs as another user is in there
  await chmod(folder.path, 0o755);
  const archive = join(folder.path, 'release.tar');
  await run('git', ['archive', '--output', archive, commit], { cwd: ROOT });
  await run('tar', ['-xf', archive, '-C', folder.path]);
  await linkPackages(folder.path);
  return folder;
}

/** Node takes the real path of a package, so packages find each other where they are. */
async function linkPackages(release: string): Promise<void> {
  const [from, to] = [join(ROOT, 'node_modules'), join(release, 'node_modules')];
  await mkdir(join(to, WORKSPACES), { recursive: true });
  const names = (await readdir(from)).filter((name) => !NOT_LINKED.includes(name));
  await Promise.all(names.map((name) => symlink(join(from, name), join(to, name))));
  for (const group of ['apps', 'packages'])
    for (const name of await readdir(join(release, group)))
      await symlink(join('..', '..', group, name), join(to, WORKSPACES, name));
  await executable(join(to, '.bin/turbo'), PLAN);
  await executable(join(release, 'apps/web/.next/foreshard-build'), STAMP);
  await executable(join(to, 'next/dist/bin/next'), PAGE);
  await symlink(join(from, '.bin/prisma'), join(to, '.bin/prisma'));
  const own = 'apps/cli/node_modules';
  await symlink(join(ROOT, own), join(release, own)).catch(() => {});
}

async function executable(file: string, text: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, text, { mode: 0o755 });
}
