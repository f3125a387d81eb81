'use client';

import { copy, Item, save, TakeAwayMenu, trpcCurl } from '../../components/take-away.tsx';
import { measuredMetric } from '../../server/heat/heat-query.ts';
import { columnStartMs, type HeatCells, observedColumns, valueAt } from './heat-cells.ts';

/** What is shown, to take away: every cell, with the unit in the head. */
export function HeatExport({ cells }: { cells: HeatCells }) {
  const name = fileName(cells);
  return (
    <TakeAwayMenu>
      <Item onSelect={() => save(`${name}.csv`, 'text/csv', ...csvOf(cells))}>Download as CSV</Item>
      <Item onSelect={() => save(`${name}.json`, 'application/json', ...jsonOf(cells))}>
        Download as JSON
      </Item>
      <Item onSelect={() => void copy(curlOf(cells))}>Copy as curl</Item>
    </TakeAwayMenu>
  );
}

function fileName({ stream, metric, fromMs }: HeatCells): string {
  return `${stream}-${metric}-${new Date(fromMs).toISOString().slice(0, 16).replace(':', '')}Z`;
}

/** Empty where nothing is known. Positions are hex, times UTC: nothing in it needs quoting. */
function csvOf(cells: HeatCells): string[] {
  const lines = [`time,from,to,${cells.unit},kind\n`];
  const observed = observedColumns(cells);
  for (let column = 0; column < cells.columns; column++) {
    const time = new Date(columnStartMs(cells, column)).toISOString();
    for (const [row, { from, to }] of cells.rows.entries()) {
      const value = valueAt(cells, column, row);
      lines.push(
        `${time},${from},${to},${Number.isNaN(value) ? '' : value},${kindOf(cells, column < observed)}\n`,
      );
    }
  }
  return lines;
}

function kindOf({ metric }: HeatCells, isPast: boolean): string {
  if (metric === 'residual') return 'residual';
  return isPast && metric !== 'forecast' ? 'observed' : 'forecast';
}

function jsonOf(cells: HeatCells): string[] {
  const { values: _, ...rest } = cells;
  const columns = Array.from({ length: cells.columns }, (_c, column) =>
    cells.rows.map((_r, row) => finite(valueAt(cells, column, row))),
  );
  return [JSON.stringify({ ...rest, values: columns })];
}

function finite(value: number): number | null {
  return Number.isNaN(value) ? null : value;
}

function curlOf({ stream, metric, fromMs, columnMs, columns, rows }: HeatCells): string {
  const input = {
    stream,
    metric: measuredMetric(metric),
    fromMs,
    toMs: fromMs + columns * columnMs,
    from: rows[0]!.from,
    to: rows.at(-1)!.to,
  };
  if (metric === 'forecast' || metric === 'residual')
    return trpcCurl('heat.forecast', { ...input, show: metric });
  return trpcCurl('heat.picture', input);
}
