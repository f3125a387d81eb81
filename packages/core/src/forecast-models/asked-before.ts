/**
 * Expensive models in a selection. They run elsewhere and are asked one call at a time, so each is asked beforehand: at the
 * end of the series and at every origin of the trial, while the budget lasts. What it answered then takes part like a
 * cheap model, and is heard by its errors only. A model that cannot end its trial in its part of the budget is left out.
 */
import { prepared } from './auto.ts';
import type { Forecast, Forecaster, RemoteForecaster, Unfit } from './forecaster.ts';
import { observed, type Series, upTo } from './series.ts';
import type { Stopwatch } from './trial.ts';

export interface Budget {
  /** for all models together */
  readonly ms: number;
  /** for one call */
  readonly limitMs: number;
  readonly stopwatch: Stopwatch;
}

export interface AskedBefore {
  /** to be handed to `select` with the same series and horizon */
  readonly models: readonly Forecaster[];
  readonly unfit: readonly Unfit[];
}

export async function askedBefore(
  expensive: readonly RemoteForecaster[],
  known: Series,
  horizon: number,
  budget: Budget,
): Promise<AskedBefore> {
  const { series, plan } = prepared(known, horizon);
  const models: Forecaster[] = [];
  const unfit: Unfit[] = [];
  if (plan === undefined) return { models, unfit };
  const endMs = budget.stopwatch() + budget.ms;
  for (const [i, model] of expensive.entries()) {
    const partMs = (endMs - budget.stopwatch()) / (expensive.length - i);
    const asked = [series.values.length, ...plan.origins];
    const answers = await answersAt(model, series, asked, horizon, { ...budget, ms: partMs });
    if (typeof answers === 'string') unfit.push({ model: model.name, reason: answers });
    else models.push(answering(model, answers));
  }
  return { models, unfit };
}

/** What the model answers when it is shown so many steps, by that number; or why there is nothing to hear from it. */
export async function answersAt(
  model: RemoteForecaster,
  series: Series,
  asked: readonly number[],
  horizon: number,
  { ms, limitMs, stopwatch }: Budget,
): Promise<ReadonlyMap<number, Forecast> | string> {
  const least = Math.min(...asked);
  const shortest = model.shortest(upTo(series, least), horizon);
  if (least < shortest) return `needs ${shortest} steps, the trial begins with ${least}`;
  const answers = new Map<number, Forecast>();
  const startMs = stopwatch();
  for (const known of asked) {
    const usedMs = stopwatch() - startMs;
    // the first answers tell what the others will cost
    const wholeMs = answers.size === 0 ? 0 : (usedMs / answers.size) * asked.length;
    if (usedMs >= ms || wholeMs > ms)
      return `needs ${seconds(Math.max(wholeMs, usedMs))} s, its part of the budget is ${seconds(ms)} s`;
    const answer = await answerOf(
      model,
      upTo(series, known),
      horizon,
      Math.min(limitMs, Math.ceil(ms - usedMs)),
    );
    if (typeof answer === 'string') return answer;
    answers.set(known, answer);
  }
  return answers;
}

/** Its forecast from the end of the series, or why there is none that could be served. */
export async function answerOf(
  model: RemoteForecaster,
  series: Series,
  horizon: number,
  limitMs: number,
): Promise<Forecast | string> {
  const { lowest, highest } = rangeOf(series.values);
  try {
    const answer = await model.forecast(series, horizon, limitMs);
    const stray = answer.point.find((value) => value < lowest || value > highest);
    if (stray === undefined) return answer;
    return `went astray: ${stray.toPrecision(4)} at the origin ${series.values.length}`;
  } catch (error) {
    return (error as Error).message;
  }
}

/**
 * One range beyond what is known. A model that is fitted anew for each answer may be the best at every origin of the
 * trial and leave its ground at the next (on one series of M4, ARIMA did): then nothing else has a say against it.
 */
function rangeOf(values: Float64Array) {
  const known = observed(values).sort();
  const [least, most] = [known[0] ?? 0, known.at(-1) ?? 0];
  return { lowest: 2 * least - most, highest: 2 * most - least };
}

function answering(model: RemoteForecaster, answers: ReadonlyMap<number, Forecast>): Forecaster {
  return {
    name: model.name,
    cost: 'expensive',
    shortest: () => 1,
    fit: () => ({
      parameters: {},
      forecast: (history, steps) => {
        const answer = answers.get(history.length);
        if (answer === undefined) throw new Error('was not asked there');
        return { point: answer.point.slice(0, steps), spread: answer.spread.slice(0, steps) };
      },
    }),
  };
}

function seconds(ms: number): string {
  return String(Number((ms / 1_000).toPrecision(2)));
}
