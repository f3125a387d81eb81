/**
 * Three kinds of tests: pure ones, ones against real servers, ones against the whole product: its console, and the rest,
 * which kills its parts. The files of a kind are imported by the same processes: loading the same modules for every file
 * anew took a quarter of the time.
 *
 * Two sizes: `*.slow.*` are run by `npm run test:all` only, in projects of their own.
 */
import { join } from 'node:path';
import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config';

// processes that tests start begin sooner, as those of the product do
process.env.NODE_COMPILE_CACHE ??= join(import.meta.dirname, 'node_modules/.cache/foreshard/compiled');

const OUTSIDE = ['**/node_modules/**', '**/.next/**', '**/.foreshard/**'];
const SLOW = '**/*.slow.*';

type Test = TestProjectInlineConfiguration['test'];

/** A test is of the first kind whose pattern it has. */
const KINDS: readonly { readonly name: string; readonly pattern: string; readonly test: Test }[] = [
  { name: 'e2e-console', pattern: 'e2e/src/console/*.e2e.test.ts', test: endToEnd() },
  { name: 'e2e', pattern: '**/*.e2e.test.ts', test: endToEnd() },
  {
    name: 'contract',
    pattern: '**/*.contract.test.{ts,tsx}',
    test: {
      globalSetup: 'packages/local/src/contract-setup.ts',
      // they wait for servers for four tenths of their time; a project with another number has a group of its own
      maxWorkers: 3,
      sequence: { groupOrder: 1 },
      // starting and killing servers takes its time on a busy machine
      testTimeout: 60_000,
      hookTimeout: 60_000,
      expect: { poll: { timeout: 10_000 } },
    },
  },
  // for what hangs; a busy machine takes seconds for thousands of drawn cases
  { name: 'unit', pattern: '**/*.test.{ts,tsx}', test: { testTimeout: 30_000 } },
];

/** The files of one project share one product, which they use and kill, one after the other. */
function endToEnd(): Test {
  return {
    globalSetup: 'e2e/src/product-setup.ts',
    fileParallelism: false,
    testTimeout: 180_000,
    hookTimeout: 180_000,
    // what a page shows may take seconds to come on a busy machine
    expect: { poll: { timeout: 30_000 } },
  };
}

function projects(): TestProjectInlineConfiguration[] {
  return KINDS.flatMap(({ name, pattern, test }, i) => {
    const others = [...OUTSIDE, ...KINDS.slice(0, i).map((kind) => kind.pattern)];
    const slow = pattern.replace('*.', '*.slow.');
    return [
      { test: { ...test, name, include: [pattern], exclude: [...others, SLOW] } },
      { test: { ...test, name: `slow-${name}`, include: [slow], exclude: others } },
    ];
  });
}

export default defineConfig({
  test: {
    pool: 'forks',
    maxWorkers: 2,
    isolate: false,
    // tests that share a browser: more pages at once than processors only wait for each other
    maxConcurrency: 2,
    projects: projects(),
  },
});
