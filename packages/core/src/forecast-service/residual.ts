/** What came less what was forecast, in the cells of the forecast's picture. */
import { type Heat, RowIndex } from '../telemetry/index.ts';

/** NaN ahead of now, and where a part of the column's time is not known. */
export function residualOf(forecast: Heat, actual: Heat): Heat {
  const rows = forecast.rows.length;
  const index = new RowIndex(forecast.rows);
  const layings = actual.rows.map((row) => index.lay(row));
  const values = forecast.values.slice().fill(Number.NaN);
  const per = forecast.columnMs / actual.columnMs;
  const shift = (forecast.fromMs - actual.fromMs) / actual.columnMs;
  // told in longer steps than forecast: nothing can be compared
  if (!Number.isInteger(per) || !Number.isInteger(shift)) return { ...forecast, values };
  for (let column = 0; column < forecast.columns; column++) {
    const came = meanRates(actual, shift + column * per, per);
    if (came === undefined) continue;
    const laid = new Float64Array(rows);
    for (const [r, laying] of layings.entries())
      laying?.shares.forEach((share, k) => {
        laid[laying.firstRow + k]! += came[r]! * share;
      });
    for (let row = 0; row < rows; row++)
      values[column * rows + row] = laid[row]! - forecast.values[column * rows + row]!;
  }
  return { ...forecast, values };
}

/** By row, over so many columns; undefined when one of them is not known. */
function meanRates({ columns, rows, values }: Heat, first: number, count: number): Float64Array | undefined {
  if (first < 0 || first + count > columns || rows.length === 0) return undefined;
  const rates = new Float64Array(rows.length);
  for (let column = first; column < first + count; column++) {
    const one = values.subarray(column * rows.length, (column + 1) * rows.length);
    if (one.every(Number.isNaN)) return undefined;
    for (const [r, value] of one.entries()) rates[r]! += (Number.isNaN(value) ? 0 : value) / count;
  }
  return rates;
}
