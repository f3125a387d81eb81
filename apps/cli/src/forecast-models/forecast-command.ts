/** foreshard forecast: what comes next in every series of a file, with intervals. */
import type { Command } from 'commander';
import { badInput } from '../failure.ts';
import { print, progressOutput } from '../output.ts';
import { tableOf } from '../table.ts';
import { type Answer, answererFor } from './answer.ts';
import {
  horizonOf,
  type NamedSeries,
  type SeriesFlags,
  seriesOf,
  wholeNumber,
  withSeriesOptions,
} from './options.ts';

interface Flags extends SeriesFlags {
  readonly levels: string;
  readonly budget: string;
}

const BUDGET_MAX_S = 3_600;

export function register(program: Command): void {
  withSeriesOptions(
    program.command('forecast').description('forecast the series of a CSV file; needs no server'),
  )
    .requiredOption('--horizon <STEPS>', 'steps to forecast')
    .option('--levels <PERCENT>', 'intervals to give, such as 80,95', '80,95')
    .option('--model <NAME>', 'auto, or one model by its name', 'auto')
    .option('--budget <SECONDS>', 'auto tries expensive models as well, for so long a series', '0')
    .action(async (flags: Flags) => {
      const horizon = horizonOf(flags.horizon);
      const levels = levelsOf(flags.levels);
      const answer = await answererFor(
        flags.model,
        1_000 * wholeNumber(flags.budget, '--budget', 0, BUDGET_MAX_S),
      );
      const all = await seriesOf(flags);
      const answers: Answer[] = [];
      for (const [i, one] of all.entries()) {
        answers.push(await answer(one, horizon, levels));
        progress(i + 1, all.length);
      }
      await print(flags.json ? `${JSON.stringify(answers)}\n` : shown(answers, all));
    });
}

export function levelsOf(text: string): readonly number[] {
  const levels = text.split(',').map(Number);
  if (levels.every((level) => level > 0 && level < 100)) return levels;
  throw badInput(`--levels takes percentages between 0 and 100, such as 80,95, not "${text}"`);
}

const PROGRESS_EVERY = 20;

function progress(done: number, total: number): void {
  if (!progressOutput.isTTY || total < PROGRESS_EVERY) return;
  if (done % PROGRESS_EVERY === 0 || done === total)
    progressOutput.write(`\r${done} of ${total} series${done === total ? '\n' : ''}`);
}

function shown(answers: readonly Answer[], all: readonly NamedSeries[]): string {
  return answers.map((answer, i) => shownOne(answer, all[i]!)).join('\n');
}

function shownOne(answer: Answer, { series }: NamedSeries): string {
  const rows = answer.point.map((value, h) => ({
    step: h + 1,
    ...(series.firstMs === undefined
      ? {}
      : {
          time: new Date(
            series.firstMs + (series.values.length + h) * series.stepSeconds * 1_000,
          ).toISOString(),
        }),
    point: rounded(value),
    ...Object.fromEntries(
      Object.entries(answer.intervals).flatMap(([level, { lower, upper }]) => [
        [`lower ${level} %`, rounded(lower[h]!)],
        [`upper ${level} %`, rounded(upper[h]!)],
      ]),
    ),
  }));
  return `${answer.id} (${answer.model}; seasons: ${series.seasons.join(', ') || 'none'})\n${tableOf(rows)}\n`;
}

function rounded(value: number): string {
  return value
    .toPrecision(6)
    .replace(/\.?0+$/, '')
    .replace(/\.?0+e/, 'e');
}
