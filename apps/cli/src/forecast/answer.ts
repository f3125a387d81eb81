/** One series' forecast as the command prints it. */
import {
  AUTO_MODELS,
  CHEAP_MODELS,
  type Forecaster,
  forecastFrom,
  quantileOf,
  type Selection,
  select,
} from '@foreshard/core/forecasting';
import { badInput } from '../failure.ts';
import type { NamedSeries } from './options.ts';

export interface Answer {
  readonly id: string;
  readonly model: string;
  readonly point: readonly number[];
  readonly intervals: Readonly<Record<string, { lower: readonly number[]; upper: readonly number[] }>>;
}

export async function answerFor(
  { id, series }: NamedSeries,
  horizon: number,
  levels: readonly number[],
  model: string,
): Promise<Answer> {
  const selection = select(modelsNamed(model), series, horizon);
  const forecast = forecastFrom(selection, series.values, horizon);
  const intervals = Object.fromEntries(
    levels.map((level) => [
      String(level),
      {
        lower: [...quantileOf(selection, forecast, (1 - level / 100) / 2)],
        upper: [...quantileOf(selection, forecast, (1 + level / 100) / 2)],
      },
    ]),
  );
  remarks(id, model, selection);
  return { id, model: selection.name, point: [...forecast.point], intervals };
}

function modelsNamed(name: string): readonly Forecaster[] {
  if (name === 'auto') return AUTO_MODELS;
  const model = CHEAP_MODELS.find((one) => one.name === name);
  if (model !== undefined) return [model];
  throw badInput(
    `there is no model "${name}"; there are auto, ${CHEAP_MODELS.map((one) => one.name).join(', ')}`,
  );
}

/** Somebody who asked for one model must know when another answered. */
function remarks(id: string, model: string, selection: Selection): void {
  if (model === 'auto') return;
  for (const { reason } of selection.unfit)
    process.stderr.write(`foreshard: ${id}: ${model} ${reason}; ${selection.name} answers instead\n`);
}
