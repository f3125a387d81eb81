/** Every rule that is left out is noticed: in the code by the simulation, in scripts by the differential tests. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { MUTANTS, SCRIPT_MUTANTS } from './mutants.ts';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const PLANTING = fileURLToPath(new URL('./mutants.ts', import.meta.url));
const MAIN = fileURLToPath(new URL('./main.ts', import.meta.url));
const VITEST = fileURLToPath(new URL('../../../node_modules/vitest/vitest.mjs', import.meta.url));
/** each is found within a few; a fault of the code itself would be told by the test of seeds */
const SEEDS = '40';

async function outcome(mutant: string, args: string[]): Promise<{ ok: boolean; text: string }> {
  const env = { ...process.env, MUTANT: mutant, NODE_OPTIONS: `--import ${PLANTING}` };
  try {
    const { stdout } = await promisify(execFile)(process.execPath, args, { env, cwd: ROOT, maxBuffer: 1e9 });
    return { ok: true, text: stdout };
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string };
    return { ok: false, text: stdout + stderr };
  }
}

test.each(Object.keys(MUTANTS))('the simulation finds: %s', { timeout: 300_000 }, async (mutant) => {
  const { ok, text } = await outcome(mutant, [MAIN, '--seeds', SEEDS, '--stop', '--json']);
  expect(ok).toBe(false);
  expect(text).not.toContain('has no "');
});

test.each(Object.entries(SCRIPT_MUTANTS))(
  'the differential test finds: %s',
  { timeout: 300_000 },
  async (mutant, { foundBy }) => {
    const { ok, text } = await outcome(mutant, [VITEST, 'run', '--project', 'contract', foundBy]);
    expect(ok).toBe(false);
    expect(text).toContain('the hosts differ');
  },
);
