import { chmod, mkdir, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TemporaryFolder, temporaryFolder } from '@foreshard/local';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { makePrivate } from './private-folder.ts';

let parent: TemporaryFolder;
beforeEach(async () => {
  parent = await temporaryFolder('private');
});
afterEach(() => parent.remove());

const modeOf = async (path: string) => ((await stat(path)).mode & 0o777).toString(8);
const OWN = process.getuid?.() === 0 ? '711' : '700';

it('makes a folder that nobody else reads', async () => {
  const dir = join(parent.path, 'a/b');
  await makePrivate(dir);
  expect(await modeOf(dir)).toBe(OWN);
});

it('closes one of an earlier release, what is in it too', async () => {
  const dir = join(parent.path, 'data');
  for (const folder of ['hosts/host-1', 'logs', 'postgres'])
    await mkdir(join(dir, folder), { recursive: true, mode: 0o755 });
  await writeFile(join(dir, 'state.json'), '{}', { mode: 0o644 });
  await writeFile(join(parent.path, 'elsewhere'), '', { mode: 0o644 });
  await symlink(join(parent.path, 'elsewhere'), join(dir, 'link'));
  await chmod(dir, 0o755);
  await makePrivate(dir);
  const modes = ['.', 'hosts', 'logs', 'postgres', 'state.json', 'link'].map((name) =>
    modeOf(join(dir, name)),
  );
  expect(await Promise.all(modes)).toEqual([OWN, '700', '700', '755', '600', '644']);
});
