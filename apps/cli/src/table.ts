import { printableLine, writeOut } from './output.ts';

/** Rows as aligned columns for people, or as one JSON document for programs. */
export function printRows(
  rows: readonly Readonly<Record<string, unknown>>[],
  json: boolean,
  empty: string,
): void {
  if (json) writeOut(`${JSON.stringify(rows)}\n`);
  else writeOut(rows.length === 0 ? `${empty}\n` : `${tableOf(rows)}\n`);
}

export function tableOf(rows: readonly Readonly<Record<string, unknown>>[]): string {
  const columns = Object.keys(rows[0] ?? {});
  const lines = [columns, ...rows.map((row) => columns.map((column) => textOf(row[column])))];
  const widths = columns.map((_, index) => Math.max(...lines.map((line) => line[index]!.length)));
  return lines
    .map((line) =>
      line
        .map((cell, i) => cell.padEnd(widths[i]!))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function textOf(value: unknown): string {
  return value === undefined || value === null ? '-' : printableLine(String(value));
}
