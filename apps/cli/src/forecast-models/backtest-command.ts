/** foreshard backtest: how good every model would have been on the end of a series, had it been used. */
import {
  AUTO_MODELS,
  autoContestant,
  type BacktestRow,
  backtest,
  CHEAP_MODELS,
  type Contestant,
  contestantOf,
  evenOrigins,
} from '@foreshard/core/forecast-models';
import type { Command } from 'commander';
import { badInput } from '../failure.ts';
import { print, writeErr } from '../output.ts';
import { tableOf } from '../table.ts';
import {
  horizonOf,
  leaveOut,
  type NamedSeries,
  type SeriesFlags,
  seriesOf,
  wholeNumber,
  withSeriesOptions,
} from './options.ts';

interface Flags extends SeriesFlags {
  readonly origins: string;
  readonly refits: string;
}

/** the part of the series that origins lie in; what lies before is only learned from */
const TEST_SHARE = 0.2;
const ORIGINS_MAX = 10_000;

export function register(program: Command): void {
  withSeriesOptions(
    program
      .command('backtest')
      .description('compare all models on the last fifth of a series; needs no server'),
  )
    .requiredOption('--horizon <STEPS>', 'steps forecast at each origin')
    .option('--origins <N>', 'origins, spread evenly over the last fifth', '200')
    .option('--refits <N>', 'how often each model is fitted again on the way', '8')
    .option('--model <NAME>', 'only this model beside the naive ones; all and auto by default', 'all')
    .action(async (flags: Flags) => {
      const horizon = horizonOf(flags.horizon);
      const origins = wholeNumber(flags.origins, '--origins', 1, ORIGINS_MAX);
      const refits = wholeNumber(flags.refits, '--refits', 1, ORIGINS_MAX);
      const contestants = contestantsNamed(flags.model);
      const all = await seriesOf(flags);
      const answers = all.flatMap((one) => {
        const planned = originsIn(one, horizon, origins);
        if (typeof planned !== 'string') return [run(one, contestants, horizon, planned, refits)];
        if (all.length === 1) throw badInput(planned);
        leaveOut(planned);
        return [];
      });
      await print(flags.json ? `${JSON.stringify(answers)}\n` : answers.map(shown).join('\n'));
    });
}

function contestantsNamed(name: string): Contestant[] {
  const all = [autoContestant(AUTO_MODELS), ...CHEAP_MODELS.map(contestantOf)];
  if (name === 'all') return all;
  if (!all.some((one) => one.name === name))
    throw badInput(`there is no model "${name}"; there are ${all.map((one) => one.name).join(', ')}`);
  return all.filter((one) => [name, 'naive', 'seasonal-day', 'seasonal-week'].includes(one.name));
}

/** The origins, or why there are none. */
function originsIn({ id, series }: NamedSeries, horizon: number, count: number): number[] | string {
  const origins = evenOrigins(series.values.length, horizon, count, TEST_SHARE);
  if (origins.length === 0)
    return `${id} is too short: ${series.values.length} steps leave no origin for a horizon of ${horizon}`;
  if (origins.length < count)
    writeErr(`foreshard: ${id}: there is room for ${origins.length} of ${count} origins\n`);
  return origins;
}

function run(
  { id, series }: NamedSeries,
  contestants: Contestant[],
  horizon: number,
  origins: number[],
  refits: number,
) {
  const originsPerFit = Math.ceil(origins.length / refits);
  const result = backtest(contestants, series, { horizon, origins, originsPerFit }, () => performance.now());
  for (const { model, reason } of result.unfit)
    writeErr(`foreshard: ${id}: ${model} takes no part: ${reason}\n`);
  return {
    id,
    horizon,
    origins: origins.length,
    seasons: series.seasons,
    models: [...result.rows].sort((a, b) => a.score.mae - b.score.mae).map(rowOf),
  };
}

function rowOf({ model, score, pinball, coverage, fitMs }: BacktestRow) {
  const { mae, rmse, smape, mase, wape } = score;
  return { model, mae, rmse, smape, mase, wape, pinball, coverage, fitMs };
}

function shown(answer: ReturnType<typeof run>): string {
  const rows = answer.models.map((row) => ({
    model: row.model,
    MAE: short(row.mae),
    RMSE: short(row.rmse),
    'sMAPE %': short(row.smape),
    MASE: short(row.mase),
    'WAPE %': short(100 * row.wape),
    ...Object.fromEntries(
      Object.entries(row.pinball).map(([level, value]) => [`pinball ${level}`, short(value)]),
    ),
    ...Object.fromEntries(
      Object.entries(row.coverage).map(([level, value]) => [`cover ${level}`, value.toFixed(3)]),
    ),
    'ms a fit': row.fitMs.toFixed(1),
  }));
  return `${answer.id}: ${answer.origins} origins, ${answer.horizon} steps ahead, seasons ${answer.seasons.join(', ') || 'none'}\n${tableOf(rows)}\n`;
}

function short(value: number): string {
  return Number.isFinite(value) ? value.toPrecision(4) : '-';
}
