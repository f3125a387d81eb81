/**
 * The differential test of event hosts: the same random operations on a reference and on a candidate give
 * equal replies, byte for byte. On a difference the sequence is made minimal by leaving steps out, and the
 * error tells the seed and what is left.
 */
import { seededRandom } from '../kernel/index.ts';
import type { HostFixture, MakeFixture } from './contract/fixture.ts';
import { Performer } from './contract/performing.ts';
import { randomSteps, SHARDLETS, type Step } from './contract/steps.ts';

export interface Difference {
  /** of the step whose replies differ; steps.length: the final look at everything */
  readonly at: number;
  readonly step: Step;
  readonly expected: string;
  readonly actual: string;
}

export interface DifferentialOptions {
  readonly seed: number;
  readonly sequences: number;
  readonly stepsPerSequence: number;
}

/** Few enough that the cap of ids is met within a sequence. */
const IDS_PER_SET_MAX = 8;
/** Runs spent on making a failing sequence small; each begins with new stores. */
const MINIMISING_RUNS_MAX = 300;

/** @throws Error that names the seed and a minimal sequence when the candidate differs */
export async function differ(
  reference: MakeFixture,
  candidate: MakeFixture,
  options: DifferentialOptions,
): Promise<void> {
  for (let i = 0; i < options.sequences; i++) {
    const seed = options.seed + i;
    const found = await runSeed(reference, candidate, seed, options.stepsPerSequence);
    if (found !== undefined) throw new Error(await explain(reference, candidate, seed, found));
  }
}

interface Failure {
  readonly steps: readonly Step[];
  readonly difference: Difference;
}

async function runSeed(
  reference: MakeFixture,
  candidate: MakeFixture,
  seed: number,
  length: number,
): Promise<Failure | undefined> {
  return onFreshStores(reference, candidate, async (a, b) => {
    const steps = randomSteps(seededRandom(seed), length, b.memoryLimit !== undefined);
    const difference = await compareHosts(a, b, steps);
    return difference && { steps: steps.slice(0, difference.at + 1), difference };
  });
}

/** Performs the steps on both, then looks at all that is there; the first difference, if any. */
export async function compareHosts(
  reference: HostFixture,
  candidate: HostFixture,
  steps: readonly Step[],
): Promise<Difference | undefined> {
  const performer = new Performer(reference, candidate);
  await performer.start();
  const all = [...steps, ...lookAtEverything(candidate.memoryLimit !== undefined)];
  for (const [at, step] of all.entries()) {
    const [expected, actual] = await performer.perform(step);
    if (expected !== actual) return { at: Math.min(at, steps.length), step, expected, actual };
  }
  return undefined;
}

function lookAtEverything(withFullness: boolean): Step[] {
  const shardlets = Array.from({ length: SHARDLETS }, (_, i) => i + 1);
  return [
    ...(withFullness ? [{ op: 'makeRoom' } as const] : []),
    { op: 'identify' },
    { op: 'frontier', offset: 0, sinceIndex: -1 },
    ...shardlets.flatMap((shardlet): Step[] => [
      { op: 'describe', shardlet },
      { op: 'readIds', shardlet },
      { op: 'digest', shardlet, epoch: 'current', from: 1, to: 1_000_000 },
      { op: 'bytesIn', shardlet, from: 0, to: 1 },
      { op: 'bytesIn', shardlet, from: 2, to: 1_000_000 },
    ]),
  ];
}

async function explain(
  reference: MakeFixture,
  candidate: MakeFixture,
  seed: number,
  failure: Failure,
): Promise<string> {
  const { steps, difference } = await minimise(reference, candidate, failure);
  return [
    `the hosts differ (seed ${seed}); ${steps.length} steps are enough:`,
    ...steps.map((step, i) => `${String(i).padStart(3)}  ${JSON.stringify(step)}`),
    `reply to ${JSON.stringify(difference.step)}`,
    `  expected ${difference.expected}`,
    `  actual   ${difference.actual}`,
  ].join('\n');
}

/** Leaves out ever smaller runs of steps as long as some difference remains. */
async function minimise(reference: MakeFixture, candidate: MakeFixture, first: Failure): Promise<Failure> {
  let failure = first;
  let runs = 0;
  for (let size = Math.ceil(failure.steps.length / 2); size >= 1; size = Math.floor(size / 2)) {
    for (let from = failure.steps.length - size; from >= 0 && runs < MINIMISING_RUNS_MAX; from -= size) {
      const fewer = [...failure.steps.slice(0, from), ...failure.steps.slice(from + size)];
      runs++;
      const difference = await onFreshStores(reference, candidate, (a, b) => compareHosts(a, b, fewer));
      if (difference !== undefined) failure = { steps: fewer.slice(0, difference.at + 1), difference };
    }
  }
  return failure;
}

async function onFreshStores<R>(
  reference: MakeFixture,
  candidate: MakeFixture,
  run: (a: HostFixture, b: HostFixture) => Promise<R>,
): Promise<R> {
  const a = await reference({ idsPerSetMax: IDS_PER_SET_MAX });
  try {
    const b = await candidate({ idsPerSetMax: IDS_PER_SET_MAX });
    try {
      return await run(a, b);
    } finally {
      await b.close();
    }
  } finally {
    await a.close();
  }
}
