'use client';

import { Download } from 'lucide-react';
import { Button } from '../../components/ui/button.tsx';
import { CopyButton } from '../../components/ui/copy-button.tsx';
import { columnStartMs, type HeatCells, valueAt } from './heat-cells.ts';

/** What is shown, to take away: every cell, with the unit in the head. */
export function HeatExport({ cells }: { cells: HeatCells }) {
  return (
    <div className="flex flex-wrap gap-2">
      <Button onClick={() => save(`${fileName(cells)}.csv`, 'text/csv', csvOf(cells))}>
        <Download /> CSV
      </Button>
      <Button onClick={() => save(`${fileName(cells)}.json`, 'application/json', jsonOf(cells))}>
        <Download /> JSON
      </Button>
      <CopyButton text={curlOf(cells)} label="Copy as curl" />
    </div>
  );
}

function fileName({ stream, metric, fromMs }: HeatCells): string {
  return `${stream}-${metric}-${new Date(fromMs).toISOString().slice(0, 16).replace(':', '')}Z`;
}

function save(name: string, type: string, parts: string[]): void {
  const url = URL.createObjectURL(new Blob(parts, { type }));
  const link = Object.assign(document.createElement('a'), { href: url, download: name });
  link.click();
  URL.revokeObjectURL(url);
}

/** Empty where nothing is known. Positions are hex, times UTC: nothing in it needs quoting. */
function csvOf(cells: HeatCells): string[] {
  const lines = [`time,from,to,${cells.unit}\n`];
  for (let column = 0; column < cells.columns; column++) {
    const time = new Date(columnStartMs(cells, column)).toISOString();
    for (const [row, { from, to }] of cells.rows.entries()) {
      const value = valueAt(cells, column, row);
      lines.push(`${time},${from},${to},${Number.isNaN(value) ? '' : value}\n`);
    }
  }
  return lines;
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
    metric,
    fromMs,
    toMs: fromMs + columns * columnMs,
    from: rows[0]!.from,
    to: rows.at(-1)!.to,
  };
  const origin = typeof window === 'undefined' ? '' : window.location.origin;
  return `curl -sG '${origin}/api/trpc/heat.picture' --data-urlencode 'input=${JSON.stringify(input)}'`;
}
