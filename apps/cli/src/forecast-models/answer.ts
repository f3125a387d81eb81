/** One series' forecast as the command prints it. A model that fails is named, and `auto` answers in its place. */
import {
  AUTO_MODELS,
  askedBefore,
  CHEAP_MODELS,
  type Forecast,
  forecastFrom,
  Quantiles,
  quantileOf,
  type RemoteForecaster,
  select,
  withoutOutages,
} from '@foreshard/core/forecast-models';
import { badInput } from '../failure.ts';
import { writeErr } from '../output.ts';
import { expensiveModels } from './composition.ts';
import type { NamedSeries } from './options.ts';

export interface Answer {
  readonly id: string;
  readonly model: string;
  readonly point: readonly number[];
  readonly intervals: Readonly<Record<string, { lower: readonly number[]; upper: readonly number[] }>>;
}

export type Answerer = (series: NamedSeries, horizon: number, levels: readonly number[]) => Promise<Answer>;

/** `budgetMs`: for expensive models beside the cheap ones of `auto`, a series; 0: they are not tried. */
export async function answererFor(model: string, budgetMs: number): Promise<Answerer> {
  if (model === 'auto') return budgetMs > 0 ? withExpensive(budgetMs) : selected(AUTO_MODELS, model);
  if (budgetMs > 0)
    throw badInput('--budget belongs to --model auto: one model has no others to be tried beside');
  const cheap = CHEAP_MODELS.find((one) => one.name === model);
  if (cheap !== undefined) return selected([cheap], model);
  const expensive = await expensiveModels();
  const opened = expensive.open(model);
  if (opened !== undefined) return remote(opened, expensive.limitMs);
  const names = ['auto', ...CHEAP_MODELS.map((one) => one.name), ...expensive.names];
  throw badInput(`there is no model "${model}"; there are ${names.join(', ')}`);
}

function selected(models: Parameters<typeof select>[0], name: string): Answerer {
  return async ({ id, series }, horizon, levels) => {
    let selection = select(models, series, horizon);
    const [missing] = selection.unfit;
    // somebody who asked for one model must know when another answers
    if (name !== 'auto' && missing !== undefined) {
      replaced(id, name, missing.reason);
      selection = select(AUTO_MODELS, series, horizon);
    }
    const forecast = forecastFrom(selection, series.values, horizon);
    const chosen = name === 'auto' || missing !== undefined ? selection.name : name;
    return answerOf(id, chosen, forecast, levels, (level) => quantileOf(selection, forecast, level));
  };
}

async function withExpensive(ms: number): Promise<Answerer> {
  const { names, limitMs, open } = await expensiveModels();
  const expensive = names.flatMap((name) => open(name) ?? []);
  const budget = { ms, limitMs, stopwatch: () => performance.now() };
  return async (named, horizon, levels) => {
    const { models, unfit } = await askedBefore(expensive, named.series, horizon, budget);
    for (const { model, reason } of unfit)
      writeErr(`foreshard: ${named.id}: ${model} takes no part: ${reason}\n`);
    return selected([...AUTO_MODELS, ...models], 'auto')(named, horizon, levels);
  };
}

function remote(model: RemoteForecaster, limitMs: number): Answerer {
  return async (named, horizon, levels) => {
    const { id, series } = named;
    try {
      const forecast = await model.forecast(
        { ...series, values: withoutOutages(series.values) },
        horizon,
        limitMs,
      );
      const quantiles = new Quantiles(horizon, { origins: [] });
      return answerOf(id, model.name, forecast, levels, (level) =>
        forecast.point.map((value, h) => value + forecast.spread[h]! * quantiles.at(level, h + 1)),
      );
    } catch (error) {
      replaced(id, model.name, (error as Error).message);
      return selected(AUTO_MODELS, 'auto')(named, horizon, levels);
    }
  };
}

function replaced(id: string, model: string, reason: string): void {
  writeErr(`foreshard: ${id}: ${model} ${reason}; auto answers instead\n`);
}

function answerOf(
  id: string,
  model: string,
  forecast: Forecast,
  levels: readonly number[],
  quantile: (level: number) => Float64Array,
): Answer {
  const intervals = Object.fromEntries(
    levels.map((level) => [
      String(level),
      { lower: [...quantile((1 - level / 100) / 2)], upper: [...quantile((1 + level / 100) / 2)] },
    ]),
  );
  return { id, model, point: [...forecast.point], intervals };
}
