/**
 * Three kinds of tests: pure ones, ones against real servers, ones against the whole product: its console, and the rest,
 * which kills its parts. The files of a kind are imported by the same processes: loading the same modules for every file
 * anew took a quarter of the time.
 */
import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

// processes that tests start begin sooner, as those of the product do
process.env.NODE_COMPILE_CACHE ??= join(import.meta.dirname, 'node_modules/.cache/foreshard/compiled');

const OUTSIDE = ['**/node_modules/**', '**/.next/**', '**/.foreshard/**'];
const CONTRACT = '**/*.contract.test.{ts,tsx}';
const END_TO_END = '**/*.e2e.test.ts';
const CONSOLE = 'e2e/src/console/*.e2e.test.ts';

/** The files of one project share one product, which they use and kill, one after the other. */
function endToEnd(name: string, include: string[], exclude: string[] = []) {
  return {
    test: {
      ...{ name, include, exclude: [...OUTSIDE, ...exclude] },
      globalSetup: 'e2e/src/product-setup.ts',
      fileParallelism: false,
      testTimeout: 180_000,
      hookTimeout: 180_000,
      // what a page shows may take seconds to come on a busy machine
      expect: { poll: { timeout: 30_000 } },
    },
  };
}

export default defineConfig({
  test: {
    pool: 'forks',
    maxWorkers: 2,
    isolate: false,
    // tests that share a browser: more pages at once than processors only wait for each other
    maxConcurrency: 2,
    projects: [
      {
        test: {
          name: 'unit',
          include: ['**/*.test.{ts,tsx}'],
          exclude: [...OUTSIDE, CONTRACT, END_TO_END],
          // for what hangs; a busy machine takes seconds for thousands of drawn cases
          testTimeout: 30_000,
        },
      },
      {
        test: {
          name: 'contract',
          include: [CONTRACT],
          exclude: OUTSIDE,
          globalSetup: 'packages/local/src/contract-setup.ts',
          // starting and killing servers takes its time on a busy machine
          testTimeout: 60_000,
          hookTimeout: 60_000,
          expect: { poll: { timeout: 10_000 } },
        },
      },
      endToEnd('e2e', [END_TO_END], [CONSOLE]),
      endToEnd('e2e-console', [CONSOLE]),
    ],
  },
});
