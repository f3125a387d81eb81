/** Every rule that is left out is noticed: in the code by the simulation, in scripts by the differential tests. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, test } from 'vitest';
import { MUTANTS, MUTANTS_OF_PARTS } from './mutants.ts';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const PLANTING = fileURLToPath(new URL('./mutants.ts', import.meta.url));
const MAIN = fileURLToPath(new URL('./main.ts', import.meta.url));
const VITEST = fileURLToPath(new URL('../../../node_modules/vitest/vitest.mjs', import.meta.url));
/** the rarest was found by one seed in 24; a fault of the code itself would be told by the test of seeds */
const SEEDS = '120';

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

/** on two cores */
const AT_ONCE = { concurrent: true, timeout: 300_000 };

describe.each(Object.keys(MUTANTS))('the simulation finds', AT_ONCE, (mutant) => {
  test(mutant, async ({ expect }) => {
    const { ok, text } = await outcome(mutant, [MAIN, '--seeds', SEEDS, '--stop', '--json', '--set-back']);
    expect(ok).toBe(false);
    const { failed } = JSON.parse(text) as { failed: { violations: object[] }[] };
    expect(failed[0]?.violations).not.toEqual([]);
  });
});

describe.each(Object.entries(MUTANTS_OF_PARTS))(
  'a test of the part finds',
  AT_ONCE,
  (mutant, { project, foundBy, because }) => {
    test(mutant, async ({ expect }) => {
      const { ok, text } = await outcome(mutant, [VITEST, 'run', '--project', project, foundBy]);
      expect(ok).toBe(false);
      expect(text).toContain(because);
    });
  },
);
