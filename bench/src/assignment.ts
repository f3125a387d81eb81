/**
 * npm run bench -- assignment [--rounds 5] [--json]: members of a group over days of flights by route, assigned by the
 * count of shardlets and by their forecast load. Structure, members and failures are the same; forecasts are the
 * product's, made at every step from what was known before it. --rounds: seeds of failures and of the order of polls.
 */
import { layoutOf } from './assignment/layout.ts';
import { type DayOfMembers, dayOfMembers } from './assignment/members.ts';
import { routeLoads } from './assignment/route-loads.ts';
import { machine } from './measure/machine.ts';

export interface AssignmentOptions {
  readonly rounds: number;
  readonly json: boolean;
}

/** Of the sample; at least a week lies before each. The constants of the rule were chosen on days 9 and 12. */
const DAYS = [10, 13, 15];
const MARKS = { excessRatio: '<= .7', handOverRatio: '<= 1.2' };

export async function run({ rounds, json }: AssignmentOptions): Promise<void> {
  const loads = await routeLoads(Math.max(...DAYS) + 1);
  const rows: Row[] = [];
  for (const day of DAYS) {
    const steps = await layoutOf(loads, day);
    for (let seed = 1; seed <= rounds; seed++) {
      const [count, weight] = [false, true].map((isWeighed) =>
        figuresOf(dayOfMembers(steps, seed, isWeighed)),
      );
      rows.push({ day, seed, count: count!, weight: weight! });
    }
  }
  const by = (kind: 'count' | 'weight', figure: keyof Figures) =>
    rows.reduce((sum, row) => sum + row[kind][figure], 0) / rows.length;
  const ratio = (figure: keyof Figures) => by('weight', figure) / by('count', figure);
  const result = {
    name: 'assignment',
    machine: machine(),
    excessRatio: ratio('excess'),
    handOverRatio: ratio('handOvers'),
    excessByCount: by('count', 'excess'),
    excessByWeight: by('weight', 'excess'),
    excessOfStepsRatio: ratio('excessOfSteps'),
    excessOfStepsP99Ratio: ratio('excessOfStepsP99'),
    handOversByCount: by('count', 'handOvers'),
    handOversByWeight: by('weight', 'handOvers'),
    rows,
  };
  if (json) process.stdout.write(`${JSON.stringify(result)}\n`);
  else {
    console.table(
      rows.map(({ day, seed, count, weight }) => ({
        day,
        seed,
        ...named('count', count),
        ...named('weight', weight),
      })),
    );
    const { name: _, machine: __, rows: ___, ...means } = result;
    console.table(
      Object.entries(means).map(([figure, value]) => ({
        figure,
        value,
        mark: MARKS[figure as keyof typeof MARKS] ?? '',
      })),
    );
  }
}

interface Row {
  readonly day: number;
  readonly seed: number;
  readonly count: Figures;
  readonly weight: Figures;
}

interface Figures {
  /** events of the day at the most loaded members, over those at the mean member, less 1 */
  readonly excess: number;
  /** mean over steps of max / mean - 1: at night a step has a few departures, which are on some members only */
  readonly excessOfSteps: number;
  readonly excessOfStepsP99: number;
  readonly handOvers: number;
  readonly unavoidable: number;
}

function figuresOf({ maxOverMean, maxSum, meanSum, handOvers, unavoidable }: DayOfMembers): Figures {
  const sorted = [...maxOverMean].sort((a, b) => a - b);
  return {
    excess: maxSum / meanSum - 1,
    excessOfSteps: maxOverMean.reduce((sum, one) => sum + one, 0) / maxOverMean.length - 1,
    excessOfStepsP99: sorted[Math.floor(sorted.length * 0.99)]! - 1,
    ...{ handOvers, unavoidable },
  };
}

function named(kind: string, figures: Figures): Record<string, number> {
  return Object.fromEntries(
    Object.entries(figures).map(([name, value]) => [`${kind} ${name}`, Number(value.toFixed(3))]),
  );
}
