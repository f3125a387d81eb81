/**
 * foreshard test: the checks of the project, from the quickest to the slowest, so that a mistake shows as
 * early as it can. The first that fails ends it. Nothing is skipped: what is absent is a failure.
 *
 * Two sizes: by itself everything that is quick, about 25 minutes on two cores; with `--all` the slow tests as well;
 * with `--shard 2/3` one part of the slow tests and nothing else.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildConsole } from '../building/build-console.ts';
import { generateClient } from '../building/generate-client.ts';
import { ROOT } from '../checkout.ts';
import { badInput, CommandFailure } from '../failure.ts';
import { writeOut } from '../output.ts';
import { inShard, parseShard, type SlowProject, type SlowTest, slowTests } from './slow-tests.ts';

interface Check {
  readonly name: string;
  /** run side by side */
  readonly commands: readonly (readonly string[])[];
  /** vitest counts what passed; another check is one by itself */
  readonly counts?: boolean;
  /** what the commands would do at the same time otherwise */
  readonly prepare?: () => Promise<void>;
}

interface Counted {
  readonly passed: number;
  readonly failed: number;
}

const vitest = (...projects: readonly [string, ...string[]]): Check => ({
  name: projects[0],
  commands: projects.map((project) => ['vitest', 'run', '--project', project]),
  counts: true,
});

const CHECKS: readonly Check[] = [
  { name: 'types', commands: [['tsc', '-p', 'tsconfig.json']] },
  { name: 'lint', commands: [['biome', 'check', '--error-on-warnings', '.']] },
  {
    name: 'dependencies',
    commands: [['depcruise', '--config', '.dependency-cruiser.cjs', 'apps', 'packages', 'e2e', 'bench']],
  },
  { name: 'unused', commands: [['knip']] },
  vitest('unit'),
  vitest('contract'),
  { ...vitest('e2e', 'e2e-console'), prepare: buildConsole },
];

/** The groups of slow projects that run side by side. */
const SLOW_CHECKS: readonly (readonly [SlowProject, ...SlowProject[]])[] = [
  ['slow-unit'],
  ['slow-contract'],
  ['slow-e2e', 'slow-e2e-console'],
];

/** Of a cluster that runs beside: a test must never meet it. */
const OF_A_CLUSTER = [
  'DATABASE_URL',
  'REDIS_URL',
  'FORESHARD_HOSTS',
  'FORESHARD_DATA_DIR',
  'FORESHARD_EDGE_URL',
  'FORESHARD_HOST_PROVIDER',
  'FORESHARD_PRIVATE_NETWORKS',
  'FORESHARD_WEBHOOK_NETWORKS',
  'FORESHARD_CONSOLE_URL',
];

export interface Choice {
  /** names of checks */
  readonly only?: readonly string[] | undefined;
  readonly all: boolean;
  /** such as 1/3 */
  readonly shard?: string | undefined;
}

export async function test(choice: Choice): Promise<void> {
  const checks = await chosen(choice);
  const reports = await mkdtemp(join(tmpdir(), 'foreshard-test-'));
  const startedMs = Date.now();
  const total = { passed: 0, failed: 0 };
  try {
    await generateClient();
    for (const [index, check] of checks.entries()) {
      writeOut(`\n[${index + 1}/${checks.length}] ${check.name}\n`);
      const { passed, failed } = await run(check, reports);
      total.passed += passed;
      total.failed += failed;
      if (failed > 0)
        throw new CommandFailure(`the check "${check.name}" failed; the later ones were not run`);
    }
  } finally {
    const seconds = Math.round((Date.now() - startedMs) / 1000);
    writeOut(`\n${total.passed} passed, ${total.failed} failed (${seconds} s)\n`);
    await rm(reports, { recursive: true, force: true });
  }
}

async function chosen({ only, all, shard }: Choice): Promise<readonly Check[]> {
  if (shard !== undefined && !all) throw badInput('--shard belongs to --all');
  const checks = [...(shard === undefined ? CHECKS : []), ...(all ? await slowChecks(shard) : [])];
  if (only === undefined) return checks;
  const unknown = only.find((name) => !checks.some((check) => check.name === name));
  if (unknown === undefined) return checks.filter((check) => only.includes(check.name));
  throw badInput(`there is no check "${unknown}": ${checks.map((check) => check.name).join(', ')}`);
}

/** Every slow test of the shard, by its file: one that no project takes is a failure of vitest. */
async function slowChecks(shard: string | undefined): Promise<Check[]> {
  const tests = await slowTests();
  const mine = shard === undefined ? tests : inShard(tests, parseShard(shard));
  if (mine.length === 0)
    throw badInput(`shard ${shard} has no test: there are ${tests.length} slow tests, so use fewer parts`);
  return SLOW_CHECKS.flatMap((projects): Check[] => {
    const commands = projects.flatMap((project) => filesOf(project, mine));
    if (commands.length === 0) return [];
    const isEndToEnd = projects.includes('slow-e2e');
    return [{ name: projects[0], commands, counts: true, ...(isEndToEnd ? { prepare: buildConsole } : {}) }];
  });
}

function filesOf(project: SlowProject, tests: readonly SlowTest[]): string[][] {
  const files = tests.filter((slow) => slow.project === project).map((slow) => slow.file);
  return files.length === 0 ? [] : [['vitest', 'run', '--project', project, ...files]];
}

async function run({ name, commands, counts = false, prepare }: Check, reports: string): Promise<Counted> {
  await prepare?.();
  const outcomes = await Promise.all(
    commands.map((command, i) => runOne(command, counts ? join(reports, `${name}-${i}.json`) : undefined)),
  );
  return outcomes.reduce((sum, { passed, failed }) => ({
    passed: sum.passed + passed,
    failed: sum.failed + failed,
  }));
}

async function runOne(command: readonly string[], report: string | undefined): Promise<Counted> {
  const [program, ...args] = command as [string, ...string[]];
  const reporters =
    report === undefined ? [] : ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  const child = spawn(join(ROOT, 'node_modules/.bin', program), [...args, ...reporters], {
    cwd: ROOT,
    env: environment(),
    stdio: 'inherit',
  });
  const forward = (signal: NodeJS.Signals) => child.kill(signal);
  process.on('SIGTERM', forward);
  const [code] = await once(child, 'exit');
  process.off('SIGTERM', forward);
  const counted = report === undefined ? { passed: code === 0 ? 1 : 0, failed: 0 } : await countsOf(report);
  // an error outside of any test is a failure as well, and so is a check that found nothing to do
  const sound = code === 0 && counted.passed > 0;
  return sound ? counted : { ...counted, failed: Math.max(1, counted.failed) };
}

async function countsOf(report: string): Promise<Counted> {
  const text = await readFile(report, 'utf8').catch(() => '{}');
  const { numPassedTests = 0, numFailedTests = 0, numPendingTests = 0 } = JSON.parse(text);
  // a skipped test has shown nothing
  return { passed: numPassedTests, failed: numFailedTests + numPendingTests };
}

function environment(): NodeJS.ProcessEnv {
  const env: NodeJS.ProcessEnv = { ...process.env, NEXT_TELEMETRY_DISABLED: '1', DO_NOT_TRACK: '1' };
  for (const name of OF_A_CLUSTER) delete env[name];
  return env;
}
