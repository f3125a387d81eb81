/**
 * Expensive models as they serve a stream. One answer takes up to seconds and goes on from the end of what it was shown
 * only, so no tick waits for it: a tick serves the newest answer there is, from where time has come to since, and
 * a new one is asked for meanwhile. A training measures them like that, at every age an answer is served at.
 */
import {
  answerOf,
  answersAt,
  type Budget,
  type Contestant,
  type Forecast,
  type RemoteForecaster,
  replayed,
  type Series,
  type Unfit,
  withoutOutages,
} from '../forecast-models/index.ts';
import { RESOLUTIONS, type Resolution } from './resolution.ts';
import { withSeasons } from './stream-predictor.ts';

/** An answer is asked for anew after so many steps: once in half an hour, or in each hour. */
export const ANSWER_STEPS: Readonly<Record<Resolution, number>> = { '5m': 6, '1h': 1 };
/** steps that the next answer may come late, or fail, before the cheap models serve */
const LATE_STEPS = 6;

/** An answer and when it begins. */
export interface ExpensiveAnswer {
  readonly originMs: number;
  readonly forecast: Forecast;
}

/** Answers at `origins`, each as old as it would be in service; `series` is what a training knows. */
export async function expensiveContestants(
  models: readonly RemoteForecaster[],
  series: Series,
  resolution: Resolution,
  origins: readonly number[],
  budget: Budget,
): Promise<{ readonly contestants: readonly Contestant[]; readonly unfit: readonly Unfit[] }> {
  const { horizon } = RESOLUTIONS[resolution];
  const ages = new Map(origins.map((origin, i) => [origin, 1 + (i % ANSWER_STEPS[resolution])]));
  const asked = [...new Set(Array.from(ages, ([origin, age]) => origin - age))];
  const masked = { ...series, values: withoutOutages(series.values) };
  const contestants: Contestant[] = [];
  const unfit: Unfit[] = [];
  const endMs = budget.stopwatch() + budget.ms;
  for (const [i, model] of models.entries()) {
    const ms = (endMs - budget.stopwatch()) / (models.length - i);
    const answers = await answersAt(model, masked, asked, horizon + ANSWER_STEPS[resolution], {
      ...budget,
      ms,
    });
    if (typeof answers === 'string') unfit.push({ model: model.name, reason: answers });
    else {
      const aged = Array.from(
        ages,
        ([origin, age]) => [origin, fromStep(answers.get(origin - age)!, age, horizon)] as const,
      );
      contestants.push(replayed(model.name, new Map(aged)));
    }
  }
  return { contestants, unfit };
}

/** Asks for what ticks will serve until the next answer; or says why there is none. */
export async function askToServe(
  model: RemoteForecaster,
  series: Series & { readonly firstMs: number },
  resolution: Resolution,
  limitMs: number,
): Promise<ExpensiveAnswer | string> {
  const { horizon, stepMs, pastMs } = RESOLUTIONS[resolution];
  const skipped = Math.max(0, series.values.length - pastMs / stepMs);
  const values = withoutOutages(series.values.subarray(skipped));
  const shown = withSeasons({ ...series, values, firstMs: series.firstMs + skipped * stepMs });
  const shortest = model.shortest(shown, horizon);
  if (values.length < shortest) return `needs ${shortest} steps, the series has ${values.length}`;
  const steps = horizon + ANSWER_STEPS[resolution] + LATE_STEPS;
  const forecast = await answerOf(model, shown, steps, limitMs);
  if (typeof forecast === 'string') return forecast;
  return { originMs: series.firstMs + series.values.length * stepMs, forecast };
}

/** What an answer says of the horizon from `originMs` on; undefined when it is too old for that. */
export function servedFrom(
  answer: ExpensiveAnswer,
  resolution: Resolution,
  originMs: number,
): Forecast | undefined {
  const { horizon, stepMs } = RESOLUTIONS[resolution];
  const age = Math.round((originMs - answer.originMs) / stepMs);
  return age >= 0 && age + horizon <= answer.forecast.point.length
    ? fromStep(answer.forecast, age, horizon)
    : undefined;
}

function fromStep({ point, spread }: Forecast, from: number, count: number): Forecast {
  return { point: point.slice(from, from + count), spread: spread.slice(from, from + count) };
}
