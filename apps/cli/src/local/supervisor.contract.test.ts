import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  freePort,
  type LocalServer,
  startServer,
  type TemporaryFolder,
  temporaryFolder,
} from '@foreshard/local';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { readRun } from './run-record.ts';
import { Supervisor } from './supervisor.ts';

let folder: TemporaryFolder;
let said: string[];
let supervisor: Supervisor;
beforeEach(async () => {
  folder = await temporaryFolder('supervisor');
  said = [];
  supervisor = new Supervisor(folder.path, (line) => said.push(line));
});
afterEach(async () => {
  await supervisor.stop();
  await folder.remove();
});

/** A process that listens, and dies by itself when the file `die` says so. */
async function service(name: string): Promise<LocalServer> {
  const port = await freePort();
  const program = `
    const { existsSync } = require('node:fs');
    if (existsSync('die')) { console.error('last words'); process.exit(3); }
    require('node:http').createServer((_, response) => response.end()).listen(${port}, '127.0.0.1');`;
  return startServer({
    url: `http://127.0.0.1:${port}`,
    port,
    dir: folder.path,
    answers: async () => (await fetch(`http://127.0.0.1:${port}`)).ok,
    spec: {
      name,
      program: process.execPath,
      args: ['-e', program],
      cwd: folder.path,
      env: process.env,
      logFile: join(folder.path, `${name}.log`),
      endSignal: 'SIGTERM',
    },
  });
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  for (let tries = 0; !(await condition()); tries += 1) {
    if (tries > 300) throw new Error('it does not come true');
    await sleep(50);
  }
}

it('starts what was killed again however often, several at once, and records who runs', async () => {
  const [a, b] = [await service('a'), await service('b')];
  await supervisor.keep('a', 'service', a);
  await supervisor.keep('b', 'service', b);
  for (let round = 0; round < 8; round += 1) {
    const before = [a.pid, b.pid];
    for (const pid of before) process.kill(pid, 'SIGKILL');
    await until(async () => {
      const pids = (await readRun(folder.path))?.processes.map(({ pid }) => pid) ?? [];
      return pids.length === 2 && !pids.some((pid) => before.includes(pid));
    });
  }
  // which of two that are killed at once is heard first is not ours to say
  const each = ['a', 'b'].flatMap((name) =>
    Array(8).fill(`${name} ended by signal SIGKILL; starting it again`),
  );
  expect(said.toSorted()).toEqual(each);
});

it('gives up on what dies by itself over and over, with its last words', async () => {
  const server = await service('sick');
  await supervisor.keep('sick', 'service', server);
  await writeFile(join(folder.path, 'die'), '');
  process.kill(server.pid, 'SIGKILL');
  await expect(supervisor.gaveUp).rejects.toMatchObject({
    message: 'sick ended 7 times in a row, the last time with exit code 3 at its start',
    details: expect.stringContaining('last words'),
  });
  expect(said.at(-1)).toBe('sick ended with exit code 3 at its start; starting it again in 4 s');
});
