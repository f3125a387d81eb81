/**
 * One writer: what the command writes goes through output.ts, which writes out what a terminal would act on. A file that
 * has to write bytes as they are is named here, with its reason.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { expect, it } from 'vitest';

const SOURCES = import.meta.dirname;
const RAW =
  /\bprocess\s*\.\s*(stdout|stderr)\b|\bconsole\s*\.\s*\w+\s*\(|from '(node:)?process'|\bprocess\s*\[/;

const WRITERS: Readonly<Record<string, string>> = {
  'output.ts': 'is the writer',
};

const isSource = (name: string) => name.endsWith('.ts') && !/\.(test|fixture)\.ts$/.test(name);

it('nothing but the one writer writes to the terminal', () => {
  const names = readdirSync(SOURCES, { recursive: true, encoding: 'utf8' }).filter(isSource);
  expect(names.length).toBeGreaterThan(100);
  const found = names
    .map((name) => relative(SOURCES, join(SOURCES, name)))
    .filter((name) => RAW.test(readFileSync(join(SOURCES, name), 'utf8')));
  expect(found).toEqual(Object.keys(WRITERS));
});

it.each([
  'process.stdout.write(text)',
  "process\n  .stderr.write('x')",
  "console.log('x')",
  "import { stdout } from 'node:process';",
  "process['stdout']",
])('the rule sees %j', (line) => {
  expect(line).toMatch(RAW);
});
