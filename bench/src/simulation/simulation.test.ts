/** 680 seeds, and 200 with hosts that go back, half on each core; every run is the same on every machine. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { Coverage } from '@foreshard/core/simulation';
import { expect, test } from 'vitest';
import { gapsIn, REQUESTS_MIN } from './plan.ts';
import { SET_BACK_COUNTS } from './set-backs.ts';

const MAIN = fileURLToPath(new URL('./main.ts', import.meta.url));
/** a run makes much garbage that dies young */
const FLAGS = ['--max-semi-space-size=64'];
const SEEDS = 680;
/** 40 s on two cores; longer rows are in docs/simulation.md */
const SEEDS_SET_BACK = 200;
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

/** All of them, in parts side by side. */
async function runAll(seeds: number, ...args: string[]): Promise<Coverage> {
  const size = seeds / PARTS;
  const parts = Array.from({ length: PARTS }, (_, i) =>
    simulate('--json', '--coverage', '--seeds', String(size), '--from', String(1 + i * size), ...args),
  );
  const coverage = new Coverage();
  for (const text of await Promise.all(parts)) {
    const report = JSON.parse(text) as Report;
    expect(report.failed).toEqual([]);
    expect(report.requests).toBeGreaterThanOrEqual(size * REQUESTS_MIN);
    coverage.add(Coverage.fromJson(report.coverage));
  }
  return coverage;
}

test('no seed breaks a promise, and every fault meets every transition', { timeout: 900_000 }, async () => {
  expect(gapsIn(await runAll(SEEDS), false)).toEqual([]);
});

test('nor does one with hosts that go back, which are found in every way', { timeout: 600_000 }, async () => {
  const coverage = await runAll(SEEDS_SET_BACK, '--set-back');
  for (const what of SET_BACK_COUNTS) expect([what, coverage.count(what, 'done')]).not.toEqual([what, 0]);
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
