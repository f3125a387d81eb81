import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { expect, it } from 'vitest';

const LENGTH = 1_000_000;
const COMMAND = `
  import { writtenOut } from ${JSON.stringify(new URL('./output.ts', import.meta.url).href)};
  process.stdout.on('error', () => {});
  process.stdout.write('x'.repeat(${LENGTH}));
  await writtenOut();
  process.exit(3);
`;

function command() {
  return spawn(process.execPath, ['--input-type=module', '--eval', COMMAND], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

it('a pipe that is read late gets everything before the command ends', async () => {
  const child = command();
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(await text(child.stdout)).toHaveLength(LENGTH);
});

it('a reader that has seen enough does not keep the command', async () => {
  const child = command();
  const ended = once(child, 'exit');
  child.stdout.once('data', () => child.stdout.destroy());
  expect(await ended).toEqual([3, null]);
});
