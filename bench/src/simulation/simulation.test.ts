/** Five hundred seeds, half on each core; every run is the same on every machine. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const MAIN = fileURLToPath(new URL('./main.ts', import.meta.url));
const SEEDS = 500;
const PARTS = 2;

interface Report {
  readonly requests: number;
  readonly failed: readonly object[];
}

async function simulate(...args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, [MAIN, ...args], { maxBuffer: 1e9 });
  return stdout;
}

test('no seed breaks a promise', { timeout: 900_000 }, async () => {
  const size = SEEDS / PARTS;
  const parts = Array.from({ length: PARTS }, (_, i) =>
    simulate('--json', '--seeds', String(size), '--from', String(1 + i * size)),
  );
  for (const text of await Promise.all(parts)) {
    const report = JSON.parse(text) as Report;
    expect(report.failed).toEqual([]);
    expect(report.requests).toBeGreaterThanOrEqual(size * 300);
  }
});

test('a seed gives the same run again', { timeout: 120_000 }, async () => {
  const args = ['--from', '2', '--seeds', '1', '--trace'];
  const [one, other] = await Promise.all([simulate(...args), simulate(...args)]);
  expect(withoutTimes(one!)).toBe(withoutTimes(other!));
});

/** The last line tells how long it took. */
function withoutTimes(text: string): string {
  return text.trimEnd().split('\n').slice(0, -1).join('\n');
}
