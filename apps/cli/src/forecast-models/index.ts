/** foreshard forecast and foreshard backtest: the forecasts of any series in a CSV file, without a server. */
import type { Command } from 'commander';
import { register as registerBacktest } from './backtest-command.ts';
import { register as registerForecast } from './forecast-command.ts';

export function register(program: Command): void {
  registerForecast(program);
  registerBacktest(program);
}
