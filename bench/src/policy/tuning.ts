/**
 * npm run bench -- policy --tune [--rounds TRIES] [--data DIR]: the same random search for the rivals and for our own
 * planner, with the same number of tries on the same tuning traces, none of which is replayed in the comparison: the
 * recorded ones end on other days, the made ones are drawn with another seed. The first try is what ships.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Play, type Row, simulated } from './simulated.ts';

/** numbers every setting is drawn from */
const RIVAL = { everyMinutes: [1, 2, 5, 10], splitAbove: [0.05, 0.1, 0.15, 0.2, 0.3] };
const TOLERANCE = [0.02, 0.03, 0.05, 0.08, 0.1, 0.15, 0.2, 0.3];
const PLANNER = {
  fullness: [0.75, 0.8, 0.85, 0.9, 0.93],
  hysteresis: [0, 0.02, 0.04, 0.08, 0.12],
  standsOut: [0.01, 0.02, 0.04, 0.06, 0.1],
  moveCost: [0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01],
  shardletShare: [0.06, 0.1, 0.15, 0.2, 0.25],
};
const SPACES: Readonly<Record<string, Readonly<Record<string, readonly number[]>>>> = {
  cockroachdb: { ...RIVAL, tolerance: TOLERANCE, floor: [0, 0.02, 0.05, 0.1] },
  'tikv-pd': { ...RIVAL, tolerance: TOLERANCE, operators: [1, 2, 4, 8, 16] },
  pulsar: { ...RIVAL, tolerance: TOLERANCE, graceMinutes: [0, 5, 10, 30, 60] },
  reactive: PLANNER,
  predictive: {
    ...PLANNER,
    steps: [3, 4, 5, 6, 7],
    pooled: [0, 0.3, 0.6, 1],
    shareMemory: [0.95, 0.98, 0.995],
  },
};

const TRACES: readonly (readonly string[])[] = [
  ['--trace', 'flights', '--until', '45'],
  ['--trace', 'flights', '--until', '80'],
  ['--trace', 'hot-key'],
  ['--trace', 'random-hot-key'],
  ['--trace', 'flash-crowd'],
];
const OF_DATA = [
  ['load/m4_hourly_train.csv', '25'],
  ['load/nab_nyc_taxi.csv', '100'],
] as const;
const SEED = '11';
const DAYS = '2';
/** overload of a few minutes is luck, and so are the first bytes */
const MINUTES_ADDED = 5;
const MEGABYTES_ADDED = 10;
/** bytes count a little: of two that overload alike, the one that moves less is the better */
const BYTES_WEIGHT = 0.1;

export async function tune(tries: number, data: string, only: readonly string[]): Promise<void> {
  const traces = [...TRACES];
  for (const [file, until] of OF_DATA) {
    const path = join(data, file);
    if (data !== '' && existsSync(path)) traces.push(['--trace', path, '--until', until]);
    else process.stderr.write(`not there, and so not tuned on: ${file}\n`);
  }
  const policies = Object.keys(SPACES).filter((name) => only.length === 0 || only.includes(name));
  const plays = policies.flatMap((policy) => drawn(policy, tries));
  const sums = new Map<string, number>();
  for (const trace of traces) {
    const { results } = await simulated([...trace, '--seed', SEED, '--days', DAYS], plays);
    for (const row of results)
      sums.set(row.policy, (sums.get(row.policy) ?? 0) + lossOf(row) / traces.length);
  }
  for (const policy of policies) {
    const own = plays.filter((play) => play.policy === policy);
    const best = own.reduce((a, b) => (sums.get(b.as!)! < sums.get(a.as!)! ? b : a));
    const reported = {
      policy,
      tries,
      traces: traces.length,
      shippedLoss: round(sums.get(own[0]!.as!)!),
      bestLoss: round(sums.get(best.as!)!),
      settings: best.settings,
    };
    process.stdout.write(`${JSON.stringify(reported)}\n`);
  }
}

function lossOf({ overloadMinutes, megabytesMoved }: Row): number {
  return (
    Math.log(overloadMinutes + MINUTES_ADDED) + BYTES_WEIGHT * Math.log(megabytesMoved + MEGABYTES_ADDED)
  );
}

function drawn(policy: string, tries: number): Play[] {
  const next = generator(policy);
  return Array.from({ length: tries }, (_, i) => {
    const settings = Object.entries(SPACES[policy]!).map(([name, values]) => [
      name,
      values[Math.floor(next() * values.length)]!,
    ]);
    return { policy, as: `${policy} ${i}`, settings: i === 0 ? {} : Object.fromEntries(settings) };
  });
}

/** Park and Miller; begun by the name, so that a policy's tries do not depend on which others are tuned. */
function generator(name: string): () => number {
  let state = [...name].reduce((sum, char) => (31 * sum + char.charCodeAt(0)) % 2_147_483_647, 7);
  return () => {
    state = (16_807 * state) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}

function round(value: number): number {
  return Math.round(1_000 * value) / 1_000;
}
