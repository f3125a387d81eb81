/**
 * Ahead of now a heat map shows the forecast, in the columns and rows of what was observed, so that both halves
 * are one picture. The newest minute is told some seconds after its end: the forecast begins where the known
 * load ends, not at the tick of the clock, so that no stripe of nothing lies between them.
 */
import type { ForecastStore } from '@foreshard/core/forecast-service';
import { type Heat, RowIndex } from '@foreshard/core/telemetry';
import type { HeatQueryInput } from './heat-query.ts';

/** Later than that something is wrong, and the gap is shown. */
const REPORTED_WITHIN_MS = 5 * 60_000;
/** As fine as the forecast is: its rows are laid over those of the picture. */
const ROWS_MAX = 2_000;

export interface ForecastHalf {
  readonly values: Float32Array;
  /** the first column of the forecast */
  readonly firstColumn: number;
}

/** Undefined when the picture ends before now, is not of events, or nothing was forecast. */
export async function withForecast(
  forecasts: Pick<ForecastStore, 'forecastHeat'>,
  query: Pick<HeatQueryInput, 'metric' | 'toMs'>,
  streamId: number,
  heat: Heat,
  nowMs: number,
): Promise<ForecastHalf | undefined> {
  if (query.metric !== 'events' || query.toMs <= nowMs || heat.rows.length === 0) return undefined;
  const firstColumn = knownUntil(heat, nowMs);
  if (firstColumn >= heat.columns) return undefined;
  const forecast = await forecasts.forecastHeat({
    streamId,
    fromMs: heat.fromMs + firstColumn * heat.columnMs,
    toMs: query.toMs,
    columnsMax: heat.columns,
    rowsMax: ROWS_MAX,
    range: { from: heat.rows[0]!.from, to: heat.rows.at(-1)!.to },
    show: 'forecast',
  });
  if (forecast === undefined || forecast.values.every(Number.isNaN)) return undefined;
  return { values: laid(forecast, heat, firstColumn), firstColumn };
}

/** The column after the last one of which something is known, near now. */
export function knownUntil({ fromMs, columnMs, columns, rows, values }: Heat, nowMs: number): number {
  const now = Math.min(columns, Math.max(0, Math.ceil((nowMs - fromMs) / columnMs)));
  // the column that runs now may not be told of at all
  const earliest = Math.max(0, now - 1 - Math.ceil(REPORTED_WITHIN_MS / columnMs));
  const isKnown = (column: number) =>
    values.subarray(column * rows.length, (column + 1) * rows.length).some((value) => !Number.isNaN(value));
  for (let column = now; column > earliest; column--) if (isKnown(column - 1)) return column;
  return now;
}

/** The observed values with the forecast's rates from `firstColumn` on. */
function laid(forecast: Heat, heat: Heat, firstColumn: number): Float32Array {
  const rows = heat.rows.length;
  const index = new RowIndex(heat.rows);
  const layings = forecast.rows.map((row) => index.lay(row));
  const values = heat.values.slice();
  for (let column = firstColumn; column < heat.columns; column++) {
    const rates = ratesAt(forecast, heat.fromMs + column * heat.columnMs, heat.columnMs);
    if (rates === undefined) continue;
    values.fill(0, column * rows, (column + 1) * rows);
    for (const [r, laying] of layings.entries())
      laying?.shares.forEach((share, k) => {
        values[column * rows + laying.firstRow + k]! += rates[r]! * share;
      });
  }
  return values;
}

/** Mean of the forecast's columns that a column of the picture touches; undefined beyond the forecast. */
function ratesAt({ fromMs, columnMs, columns, rows, values }: Heat, startMs: number, spanMs: number) {
  const first = Math.max(0, Math.floor((startMs - fromMs) / columnMs));
  const last = Math.min(columns, Math.ceil((startMs + spanMs - fromMs) / columnMs));
  const rates = new Float64Array(rows.length);
  let known = 0;
  for (let column = first; column < last; column++) {
    const one = values.subarray(column * rows.length, (column + 1) * rows.length);
    if (Number.isNaN(one[0])) continue;
    known++;
    for (const [r, value] of one.entries()) rates[r]! += value;
  }
  return known === 0 ? undefined : rates.map((sum) => sum / known);
}
