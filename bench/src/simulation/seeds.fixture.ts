/** Runs of the simulation in processes of their own, as `npm run simulate` makes them. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { Coverage } from '@foreshard/core/simulation';
import { expect } from 'vitest';
import { REQUESTS_MIN } from './plan.ts';

const MAIN = fileURLToPath(new URL('./main.ts', import.meta.url));
/** a run makes much garbage that dies young */
const FLAGS = ['--max-semi-space-size=64'];
/** one on each core */
const PARTS = 2;

interface Report {
  readonly requests: number;
  readonly failed: readonly object[];
  readonly coverage: Record<string, Record<string, number>>;
}

/** What it prints also where it fails: a part alone does not cover everything. */
export async function simulate(...args: string[]): Promise<string> {
  const command = [...FLAGS, MAIN, ...args];
  return new Promise((resolve, reject) => {
    execFile(process.execPath, command, { maxBuffer: 1e9 }, (error, stdout) => {
      if (error !== null && error.code !== 1) reject(error);
      else resolve(stdout);
    });
  });
}

/** Seeds from 1 on, half on each core; every run is the same on every machine. Answers what they met. */
export async function expectKept(seeds: number, ...args: string[]): Promise<Coverage> {
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

/** Single seeds with hosts that go back, as many at once as there are parts. */
export async function expectSeeds(seeds: readonly number[]): Promise<void> {
  for (let at = 0; at < seeds.length; at += PARTS) {
    const runs = seeds
      .slice(at, at + PARTS)
      .map((seed) => simulate('--json', '--set-back', '--from', String(seed), '--seeds', '1'));
    for (const text of await Promise.all(runs)) expect((JSON.parse(text) as Report).failed).toEqual([]);
  }
}
