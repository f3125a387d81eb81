import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { afterAll, expect, it, vi } from 'vitest';
import { register } from './simulate-command.ts';

const folder = mkdtempSync(join(tmpdir(), 'foreshard-simulate-'));
afterAll(() => rmSync(folder, { recursive: true }));

function simulate(value: string, ...options: string[]) {
  const file = join(folder, 'load.csv');
  const rows = Array.from({ length: 100 }, (_, minute) => `${1_795_230_000 + 60 * minute},${value}`);
  writeFileSync(file, ['timestamp,value', ...rows].join('\n'));
  const program = new Command();
  register(program);
  return program.parseAsync(['simulate', '--trace', file, '--policy', 'reactive', ...options], {
    from: 'user',
  });
}

it('refuses what no policy could speak of: hosts of infinite size', async () => {
  await expect(simulate('1e300')).rejects.toThrow('is the most that is replayed');
  await expect(simulate('600', '--capacity', '1e12')).rejects.toThrow('is the most that is replayed');
});

it('says so where chance alone decides, which no policy can foresee', async () => {
  const printed: string[] = [];
  const write = (text: unknown, written: unknown) => {
    printed.push(String(text));
    (written as () => void)();
    return true;
  };
  const spy = vi.spyOn(process.stdout, 'write').mockImplementation(write);
  try {
    await simulate('600', '--capacity', '1');
    await simulate('600', '--capacity', '10');
  } finally {
    spy.mockRestore();
  }
  expect(printed.map((text) => /chance alone changes by \d+ %/.exec(text)?.[0])).toEqual([
    'chance alone changes by 13 %',
    undefined,
  ]);
});
