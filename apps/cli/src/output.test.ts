import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { expect, it } from 'vitest';
import { printable, printableLine } from './output.ts';

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

const ACTED_ON = [0x00, 0x07, 0x08, 0x0b, 0x0d, 0x1b, 0x7f, 0x80, 0x9b, 0x9f, 0x61c, 0x200e, 0x200f];
const REORDERING = [0x2028, 0x2029, 0x202a, 0x202e, 0x2066, 0x2069];

it('what a terminal acts on is written out, everything else stays', () => {
  for (const code of [...ACTED_ON, ...REORDERING]) {
    const written = printable(`a${String.fromCharCode(code)}b`);
    expect(written).toBe(`a\\u${code.toString(16).padStart(4, '0')}b`);
  }
  const text = 'Grüße, 日本語, 👋 שלום\tand\nmore';
  expect(printable(text)).toBe(text);
  expect(printableLine('a\tb\nc')).toBe('a\\tb\\nc');
});

it('a JSON document stays the same document', () => {
  const document = {
    [String.fromCharCode(0x9b)]: [...ACTED_ON, ...REORDERING].map((c) => String.fromCharCode(c)),
  };
  const written = printable(JSON.stringify(document));
  expect(JSON.parse(written)).toEqual(document);
  expect(written).toMatch(/^[\x20-\x7e]*$/);
});
