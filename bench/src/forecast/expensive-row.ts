/** An expensive model in the same back-test: it is fitted at every origin it is asked at, in its own thread. */
import { type ExpensiveModelName, expensiveModel, MODEL_LIMIT_MS } from '@foreshard/core/adapters/models';
import {
  type BacktestPlan,
  type BacktestRow,
  backtest,
  type Forecast,
  replayed,
  type Series,
  upTo,
} from '@foreshard/core/forecast-models';

export async function expensiveRow(
  name: ExpensiveModelName,
  series: Series,
  plan: BacktestPlan,
): Promise<BacktestRow | undefined> {
  const model = expensiveModel(name);
  const forecasts = new Map<number, Forecast>();
  const start = performance.now();
  try {
    for (const origin of plan.origins)
      forecasts.set(origin, await model.forecast(upTo(series, origin), plan.horizon, MODEL_LIMIT_MS));
  } catch (error) {
    process.stderr.write(`bench forecast: ${name} ${(error as Error).message}\n`);
    return undefined;
  } finally {
    await model.close();
  }
  const fitMs = (performance.now() - start) / plan.origins.length;
  const { rows } = backtest([replayed(name, forecasts)], series, plan, () => 0);
  return rows[0] === undefined ? undefined : { ...rows[0], fitMs };
}
