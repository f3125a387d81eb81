import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TemporaryFolder, temporaryFolder } from '@foreshard/local';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { builtOnce, STAMP } from './built-once.ts';

let parent: TemporaryFolder;
let folder: string;
let builds: number;
beforeEach(async () => {
  parent = await temporaryFolder('built-once');
  folder = join(parent.path, 'build');
  builds = 0;
});
afterEach(() => parent.remove());

/** As a build does, it keeps files that it finds. */
async function build(): Promise<void> {
  builds += 1;
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, `part-${builds}`), '');
}
const files = () => readdir(folder).catch(() => []);

it('builds for other inputs, and not again for the same', async () => {
  for (const inputs of ['a', 'a', 'b', 'b', 'a']) await builtOnce(folder, inputs, build);
  expect(builds).toBe(3);
  expect(await files()).toEqual([STAMP, 'part-1', 'part-2', 'part-3']);
});

it('leaves nothing of a build that failed', async () => {
  await builtOnce(folder, 'a', build);
  const failing = builtOnce(folder, 'b', async () => {
    await build();
    throw new Error('no native package');
  });
  await expect(failing).rejects.toThrow('no native package');
  expect(await files()).toEqual([]);
  await builtOnce(folder, 'b', build);
  expect(await files()).toEqual([STAMP, 'part-3']);
});

it('takes nothing over from a build that was killed, not even for the inputs of the one before', async () => {
  await builtOnce(folder, 'a', build);
  // as after SIGKILL in its middle
  void builtOnce(folder, 'b', () => build().then(() => new Promise(() => {})));
  await expect.poll(() => builds).toBe(2);
  await expect.poll(files).toEqual(['part-1', 'part-2']);
  await builtOnce(folder, 'a', build);
  expect(await files()).toEqual([STAMP, 'part-3']);
});
