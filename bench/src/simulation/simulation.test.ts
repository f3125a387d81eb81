/** 680 seeds, half on each core; every run is the same on every machine. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { Coverage } from '@foreshard/core/simulation';
import { expect, test } from 'vitest';
import { gapsIn, REQUESTS_MIN } from './plan.ts';

const MAIN = fileURLToPath(new URL('./main.ts', import.meta.url));
/** a run makes much garbage that dies young */
const FLAGS = ['--max-semi-space-size=64'];
const SEEDS = 680;
const PARTS = 2;

interface Report {
  readonly requests: number;
  readonly failed: readonly object[];
  readonly coverage: Record<string, Record<string, number>>;
}

/** What it prints also where it fails: a part alone does not cover everything. */
async function simulate(...args: string[]): Promise<string> {
  const command = [...FLAGS, MAIN, ...args];
  return new Promise((resolve, reject) => {
    execFile(process.execPath, command, { maxBuffer: 1e9 }, (error, stdout) => {
      if (error !== null && error.code !== 1) reject(error);
      else resolve(stdout);
    });
  });
}

test('no seed breaks a promise, and every fault meets every transition', { timeout: 900_000 }, async () => {
  const size = SEEDS / PARTS;
  const parts = Array.from({ length: PARTS }, (_, i) =>
    simulate('--json', '--coverage', '--seeds', String(size), '--from', String(1 + i * size)),
  );
  const coverage = new Coverage();
  for (const text of await Promise.all(parts)) {
    const report = JSON.parse(text) as Report;
    expect(report.failed).toEqual([]);
    expect(report.requests).toBeGreaterThanOrEqual(size * REQUESTS_MIN);
    coverage.add(Coverage.fromJson(report.coverage));
  }
  expect(gapsIn(coverage, false)).toEqual([]);
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
