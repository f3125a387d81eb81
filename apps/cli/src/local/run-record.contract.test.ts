import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { type TemporaryFolder, temporaryFolder } from '@foreshard/local';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { claim, liveRun } from './run-record.ts';

const PROCESSES = 3;
/** Claims the folder at a given time, tells the outcome, and stays until its input ends. */
const COMER = `
  import { claim } from ${JSON.stringify(new URL('./run-record.ts', import.meta.url).href)};
  const [dataDir, at] = process.argv.slice(1);
  while (Date.now() < Number(at));
  const other = await claim(dataDir);
  console.log(other === undefined ? 'supervisor' : 'second');
  process.stdin.resume();
`;
/** until all of them are loaded */
const HEAD_START_MS = 800;
const DEAD = { pid: 2 ** 30, began: 'long ago' };

let folder: TemporaryFolder;
beforeEach(async () => {
  folder = await temporaryFolder('claim');
});
afterEach(() => folder.remove());

async function outcomes(): Promise<string[]> {
  const at = String(Date.now() + HEAD_START_MS);
  const comers = Array.from({ length: PROCESSES }, () =>
    spawn(process.execPath, ['--input-type=module', '--eval', COMER, folder.path, at], {
      stdio: ['pipe', 'pipe', 'inherit'],
    }),
  );
  const said = comers.map((comer) => text(comer.stdout));
  await Promise.all(comers.map((comer) => new Promise((resolve) => comer.stdout.once('readable', resolve))));
  for (const comer of comers) comer.stdin.end();
  return (await Promise.all(said)).map((line) => line.trim()).sort();
}

it.each([
  ['nothing', undefined],
  ['the record of one that was killed', { supervisor: DEAD, ready: true, processes: [] }],
])('of several that come at the same time one is the supervisor, where there is %s', async (_, record) => {
  for (let round = 0; round < 3; round += 1) {
    const file = join(folder.path, 'run.json');
    if (record === undefined) await rm(file, { force: true });
    else await writeFile(file, JSON.stringify(record));
    expect(await outcomes()).toEqual(['second', 'second', 'supervisor']);
  }
});

it('a lock whose holder was killed keeps nobody', async () => {
  await writeFile(join(folder.path, 'run.lock'), JSON.stringify(DEAD));
  expect(await outcomes()).toEqual(['second', 'second', 'supervisor']);
  expect(existsSync(join(folder.path, 'run.lock'))).toBe(false);
});

it('a folder of another user is told as that, not as one where nothing runs', async () => {
  await chmod(folder.path, 0o000);
  const isRoot = process.geteuid?.() === 0;
  if (isRoot) process.seteuid?.('nobody');
  try {
    for (const use of [claim, liveRun])
      await expect(use(folder.path)).rejects.toThrow(/this user may not use/);
  } finally {
    if (isRoot) process.seteuid?.(0);
    await chmod(folder.path, 0o700);
  }
});
