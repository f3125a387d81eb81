import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { LineProgress } from './events/line-progress.ts';
import { Progress } from './local/progress.ts';
import { note, printable, printableLine, printJson, writeErr, writeOut } from './output.ts';
import { runForeshard } from './program.ts';
import { ReplayProgress } from './replay/replay-progress.ts';
import { printRows } from './table.ts';

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

describe('what others have written reaches the terminal written out', () => {
  const EVIL = 'a\u001b]0;owned\u0007\u009b31m\u202e';
  const SEEN = /[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/u;
  const lines = (text: string) => text.split('\n').filter((line) => SEEN.test(line));
  afterEach(() => vi.restoreAllMocks());

  function written(stream: 'stdout' | 'stderr', write: () => void): string {
    const spy = vi.spyOn(process[stream], 'write').mockReturnValue(true);
    write();
    return spy.mock.calls.map(([text]) => String(text)).join('');
  }

  it.each([
    ['a result', 'stdout', () => writeOut(`${EVIL}\n`)],
    ['a document', 'stdout', () => printJson({ [EVIL]: EVIL })],
    ['rows', 'stdout', () => printRows([{ [EVIL]: EVIL }], false, '')],
    ['no rows', 'stdout', () => printRows([], false, EVIL)],
    ['rows as a document', 'stdout', () => printRows([{ name: EVIL }], true, '')],
    ['a remark', 'stderr', () => note(EVIL)],
    ['a line beside the result', 'stderr', () => writeErr(`${EVIL}\n`)],
  ] as const)('as %s', (_, stream, write) => {
    const text = written(stream, write);
    expect(text).toContain('owned');
    expect(lines(text)).toEqual([]);
  });

  it('as progress', async () => {
    const shown: string[] = [];
    const output = { isTTY: false, write: (text: string) => shown.push(text) };
    new ReplayProgress(EVIL, 0, undefined, output as unknown as NodeJS.WriteStream).note(EVIL);
    new LineProgress(output).interrupt(EVIL);
    await new Progress(1, output).step(EVIL, async (say) => say(EVIL));
    expect(shown.join('')).toContain('owned');
    expect(lines(shown.join(''))).toEqual([]);
  });

  it('as a failure, for people and as a document', async () => {
    const spy = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    expect(await runForeshard(['node', 'foreshard', EVIL])).toBe(2);
    expect(await runForeshard(['node', 'foreshard', EVIL, '--json'])).toBe(2);
    const all = spy.mock.calls.map(([text]) => String(text));
    expect(lines(all.join(''))).toEqual([]);
    expect(JSON.parse(all.at(-1)!).error.detail).toContain(EVIL);
  });
});
