/**
 * The model of how hosts prove their progress: every scenario holds, every rule that is left out is caught, and every
 * fault happens (protocol-model/README.md). The other models are run by hand, with `npm run model`.
 */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const MODEL = fileURLToPath(new URL('../../../protocol-model/run.mjs', import.meta.url));

test('the rules of progress hold in every state, and none can be left out', {
  timeout: 900_000,
}, async () => {
  const output = await run('--only=progress');
  const lines = output.split('\n');
  expect(lines.filter((line) => line.startsWith('FAIL'))).toEqual([]);
  expect(lines.filter((line) => line.startsWith('ok   holds')).length).toBeGreaterThan(15);
  expect(lines.filter((line) => line.startsWith('ok   caught')).length).toBeGreaterThan(35);
  expect(output).toMatch(/scenarios, 0 not as expected/);
});

/** What it prints, also where something is not as expected. */
function run(...args: string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [MODEL, ...args], { maxBuffer: 1e8 }, (error, stdout) => {
      if (error !== null && error.code !== 1) reject(error);
      else resolve(stdout);
    });
  });
}
