/**
 * What the rows of all traces come to. A ratio is taken of sums over the seeds, one minute added to both sides, and
 * only where the other policy has more than 20 overload-minutes a seed: below, it is luck. Means are geometric.
 */
import type { Row } from './simulated.ts';

export interface TraceRuns {
  readonly trace: string;
  /** [seed][policy] */
  readonly runs: readonly (readonly Row[])[];
}

const MINUTES_MIN = 20;
const RIVALS = ['cockroachdb', 'tikv-pd', 'pulsar'];

export interface Figure {
  readonly value: number;
  /** traces, or pairs of trace and rival, that it is taken over */
  readonly over: number;
  readonly goal: string;
}

export function summary(all: readonly TraceRuns[]): Record<string, Figure> {
  const tuned = RIVALS.map((name) => `${name} tuned`);
  return {
    'predictive / rivals as shipped': ratio(all, 'predictive', RIVALS, 'overloadMinutes', '<= 0.25'),
    'predictive / own reactive': ratio(all, 'predictive', ['reactive'], 'overloadMinutes', '<= 0.45'),
    'oracle / own reactive': ratio(all, 'oracle', ['reactive'], 'overloadMinutes', ''),
    'predictive / best tuned rival': best(all, tuned, 'overloadMinutes', '<= 0.7'),
    'its bytes / those of the best tuned rival': best(all, tuned, 'megabytesMoved', '<= 0.4'),
    'its bytes / those of rivals as shipped': ratio(all, 'predictive', RIVALS, 'megabytesMoved', ''),
    'predictive + keys / reactive + keys': ratio(
      all,
      'predictive+keys',
      ['reactive+keys'],
      'overloadMinutes',
      '',
    ),
    'minutes worse than own reactive, at worst': worse(all),
    'host-hours saved / those the oracle saves': savings(all),
    'reversals on steady': {
      value: sum(
        all.filter(({ trace }) => trace === 'steady'),
        'predictive',
        'reversals',
      ),
      over: all.filter(({ trace }) => trace === 'steady').length,
      goal: '0',
    },
  };
}

type Column = 'overloadMinutes' | 'megabytesMoved' | 'reversals' | 'hostHours';

function sum(runs: readonly TraceRuns[], policy: string, column: Column): number {
  let total = 0;
  for (const one of runs)
    for (const rows of one.runs) total += rows.find((row) => row.policy === policy)?.[column] ?? 0;
  return total;
}

function ratio(
  all: readonly TraceRuns[],
  own: string,
  others: readonly string[],
  column: Column,
  goal: string,
): Figure {
  const logs = all.flatMap((one) =>
    others.filter((other) => isReported(one, other)).map((other) => logRatio(one, own, other, column)),
  );
  return { value: geometric(logs), over: logs.length, goal };
}

/** On each trace against the one of the rivals that has the least overload there. */
function best(all: readonly TraceRuns[], others: readonly string[], column: Column, goal: string): Figure {
  const logs = all.flatMap((one) => {
    const other = others.reduce((a, b) =>
      sum([one], b, 'overloadMinutes') < sum([one], a, 'overloadMinutes') ? b : a,
    );
    return isReported(one, other) ? [logRatio(one, 'predictive', other, column)] : [];
  });
  return { value: geometric(logs), over: logs.length, goal };
}

function isReported(one: TraceRuns, other: string): boolean {
  return sum([one], other, 'overloadMinutes') > MINUTES_MIN * one.runs.length;
}

function logRatio(one: TraceRuns, own: string, other: string, column: Column): number {
  return Math.log((sum([one], own, column) + 1) / (sum([one], other, column) + 1));
}

function geometric(logs: readonly number[]): number {
  return Math.exp(logs.reduce((total, value) => total + value, 0) / logs.length);
}

function worse(all: readonly TraceRuns[]): Figure {
  const distances = all.flatMap(({ runs }) =>
    runs.map((rows) => minutesOf(rows, 'predictive') - minutesOf(rows, 'reactive')),
  );
  return { value: Math.max(...distances), over: distances.length, goal: '<= 5' };
}

function minutesOf(rows: readonly Row[], policy: string): number {
  return rows.find((row) => row.policy === policy)?.overloadMinutes ?? 0;
}

/** Over the hosts that stand all the time in `predictive`. */
function savings(all: readonly TraceRuns[]): Figure {
  const scaled = all.filter((one) => sum([one], 'oracle+hosts', 'hostHours') > 0);
  const saved = (policy: string) => sum(scaled, 'predictive', 'hostHours') - sum(scaled, policy, 'hostHours');
  return { value: saved('predictive+hosts') / saved('oracle+hosts'), over: scaled.length, goal: '>= 0.9' };
}
