/**
 * The slow tests, `*.slow.*`, and how they are divided into shards of about the same time. A shard is drawn from
 * all of them by their measured times, so that no machine waits for another.
 */
import { glob } from 'node:fs/promises';
import { ROOT } from '../checkout.ts';
import { badInput } from '../failure.ts';

const PATTERN = '{apps,packages,bench,e2e}/**/*.slow.{,contract.,e2e.}test.{ts,tsx}';

/** Projects in vitest.config.ts. */
const PROJECTS = ['slow-unit', 'slow-contract', 'slow-e2e', 'slow-e2e-console'] as const;
export type SlowProject = (typeof PROJECTS)[number];

export interface SlowTest {
  readonly file: string;
  readonly project: SlowProject;
  readonly seconds: number;
}

/** One of several parts: 1/3, 2/3, 3/3. */
export interface Shard {
  readonly index: number;
  readonly count: number;
}

/** About how long each takes on two quiet cores, rounded up. Only the balance of the shards depends on it. */
export const SECONDS: Readonly<Record<string, number>> = {
  'bench/src/model/progress.slow.test.ts': 50,
  'bench/src/simulation/many-seeds.slow.test.ts': 240,
  'bench/src/simulation/mutants.slow.contract.test.ts': 120,
  'e2e/src/client/kills/kills.slow.contract.test.ts': 160,
  'e2e/src/client/kills/log-order.slow.contract.test.ts': 200,
  'e2e/src/client/kills/processor.slow.contract.test.ts': 180,
  'e2e/src/client/node-releases.slow.contract.test.ts': 50,
  'e2e/src/console/consumers-frozen.slow.e2e.test.ts': 140,
  'e2e/src/console/consumers-large.slow.e2e.test.ts': 120,
  'e2e/src/console/demo.slow.e2e.test.ts': 260,
  'e2e/src/console/large.slow.e2e.test.ts': 90,
  'e2e/src/console/pages.slow.e2e.test.ts': 30,
  'e2e/src/faults/moves.slow.e2e.test.ts': 60,
  'e2e/src/upgrade/upgrade.slow.contract.test.ts': 120,
};

/** Of one that was not measured yet. */
const SECONDS_DEFAULT = 60;

export async function slowTests(): Promise<SlowTest[]> {
  const tests: SlowTest[] = [];
  const exclude = (name: string) => name.includes('node_modules');
  for await (const file of glob(PATTERN, { cwd: ROOT, exclude }))
    tests.push({ file, project: projectOf(file), seconds: SECONDS[file] ?? SECONDS_DEFAULT });
  return tests;
}

function projectOf(file: string): SlowProject {
  if (file.startsWith('e2e/src/console/')) return 'slow-e2e-console';
  if (file.includes('.e2e.')) return 'slow-e2e';
  return file.includes('.contract.') ? 'slow-contract' : 'slow-unit';
}

/** @throws CommandFailure */
export function parseShard(text: string): Shard {
  const [, index, count] = /^([1-9]\d?)\/([1-9]\d?)$/.exec(text)?.map(Number) ?? [];
  if (index === undefined || count === undefined || index > count)
    throw badInput(`"${text}" is not a shard: use 1/3, 2/3 or 3/3 for the parts of three`);
  return { index, count };
}

/** The longest first, each into the shard that has least: every test is in exactly one. */
export function inShard(tests: readonly SlowTest[], { index, count }: Shard): SlowTest[] {
  const shards = Array.from({ length: count }, () => ({ seconds: 0, tests: [] as SlowTest[] }));
  for (const test of [...tests].sort((a, b) => b.seconds - a.seconds || (a.file < b.file ? -1 : 1))) {
    const emptiest = shards.reduce((least, shard) => (shard.seconds < least.seconds ? shard : least));
    emptiest.seconds += test.seconds;
    emptiest.tests.push(test);
  }
  return shards[index - 1]!.tests;
}
